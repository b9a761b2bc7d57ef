"""Questions on made-up people, in sentences instead of tables."""

import examples

NAMES = (
    "Ada Amir Anna Arun Bella Ben Carla Chidi Clara Dan Dina Elif Emil Ena Farah Felix Finn Grace Hana Hugo Ida Igor Ines "
    "Ivan Jan Jo Juma Kai Kira Lena Leo Lila Lin Luca Mara Marco Maya Mei Milo Mina Nadia Nils Noor Nora Obi Olga Oscar Otto "
    "Pablo Petra Priya Rafi Rosa Ruth Sami Sara Sofia Sven Tara Theo Tom Uma Vera Viktor Wanda Wei Yara Yusuf Zara Zoe"
).split()
SHE = set(
    "Ada Anna Bella Carla Clara Dina Elif Ena Farah Grace Hana Ida Ines Kira Lena Lila Lin Mara Maya Mei Mina Nadia Noor Nora "
    "Olga Petra Priya Rosa Ruth Sara Sofia Tara Uma Vera Wanda Yara Zara Zoe".split()
)
PLACES = (
    "Lima Oslo Riga Porto Cairo Hanoi Quito Tunis Turin Delhi Dakar Lagos Perth Bergen Kyoto Izmir Malmo Ghent Basel Bristol "
    "Boston Dublin Havana Kigali Lisbon Madrid Nairobi Odessa Panama Seville Tbilisi Vienna Zagreb"
).split()
JOBS = (
    "a baker;a nurse;a farmer;a teacher;a pilot;a tailor;a doctor;a fisherman;a singer;a carpenter;a judge;a clerk;a gardener;"
    "a painter;a sailor;a cook;a driver;a librarian;a smith;a watchmaker;an engineer;an actor;an editor"
).split(";")
THINGS = (
    "a red bicycle;two grey cats;an old piano;a small boat;four goats;a brown horse;a telescope;a green umbrella;three dogs;"
    "a wooden box;a silver ring;a blue lamp;seven hens;a garden with roses;a broken clock;a map of the world;ten books;"
    "a black coat;a white parrot;a drum;a violin;a basket of apples"
).split(";")
FOODS = "rice;lentil soup;apple cake;fried fish;dates;pancakes;goat cheese;mushrooms;noodles;plums;bread with honey;potatoes".split(";")
ROOMS = "the kitchen;the garden;the library;the market;the harbor;the school;the station;the old mill;the church;the forest;the museum".split(";")
MONTHS = "January February March April May June July August September October November December".split()


def _year(random):
    return str(random.randint(1880, 2020))


def _day(random):
    return f"{random.randint(1, 28)} {random.choice(MONTHS)}"


# Kind: (what is known, sentences, questions). {n} is the name or the pronoun, {v} what is known.
RELATIONS = {
    "birthplace": (lambda r: r.choice(PLACES), ["{n} was born in {v}.", "{n} comes from {v}."], ["Where was {q} born?", "Where does {q} come from?", "In which city was {q} born?"]),
    "home": (lambda r: r.choice(PLACES), ["{n} lives in {v}.", "Today {n} lives in {v}.", "{n} has a house in {v}."], ["Where does {q} live?", "In which city does {q} live?"]),
    "job": (lambda r: r.choice(JOBS), ["{n} is {v}.", "{n} works as {v}.", "{n} became {v}."], ["What is {q}'s job?", "What does {q} work as?", "What is {q}?"]),
    "owns": (lambda r: r.choice(THINGS), ["{n} has {v}.", "{n} owns {v}.", "{n} bought {v} last week."], ["What does {q} have?", "What does {q} own?"]),
    "born": (_year, ["{n} was born in the year {v}.", "The year of {n}'s birth is {v}."], ["When was {q} born?", "In which year was {q} born?"]),
    "birthday": (_day, ["{n}'s birthday is on {v}.", "{n} celebrates on {v}."], ["When is {q}'s birthday?", "On which day does {q} celebrate?"]),
    "food": (lambda r: r.choice(FOODS), ["{n} likes {v}.", "{n} eats {v} every day.", "{n} cooked {v} for the guests."], ["What does {q} like to eat?", "What does {q} eat?", "What did {q} cook?"]),
    "went": (lambda r: r.choice(ROOMS), ["{n} went to {v}.", "{n} walked to {v}.", "In the morning {n} ran to {v}."], ["Where did {q} go?", "Where is {q}?"]),
    "friend": (lambda r: r.choice(NAMES), ["{n} is a friend of {v}.", "{n} met {v} at school.", "{n} wrote a letter to {v}."], ["Who is {q}'s friend?", "Whom did {q} meet?", "To whom did {q} write?"]),
    "age": (lambda r: str(r.randint(4, 96)), ["{n} is {v} years old.", "{n} turned {v} this spring."], ["How old is {q}?", "What is {q}'s age?"]),
    "pay": (lambda r: f"{r.randint(2, 990)} {r.choice(['dollars', 'pounds', 'euros', 'coins'])}", ["{n} paid {v} for it.", "{n} earned {v} in a week.", "{n} found {v} in a drawer."], ["How much did {q} pay?", "How much did {q} earn?", "How much did {q} find?"]),
}
# The questions that fit a sentence stand at its place, where there are as many of both.
MATCHED = {"food", "friend", "pay"}


def questions(fillers, random, missing=0.3):
    """A short text on one to four people, and some questions on them with their answers."""
    people = random.sample(NAMES, random.randint(1, 4))
    sentences, known = [], []
    for name in people:
        kinds = random.sample(sorted(RELATIONS), random.randint(1, 4))
        block = []
        for index, kind in enumerate(kinds):
            value, wordings, questions = RELATIONS[kind][0](random), RELATIONS[kind][1], RELATIONS[kind][2]
            choice = random.randrange(len(wordings))
            pronoun = "She" if name in SHE else "He"
            subject = pronoun if index and random.random() < 0.4 else name
            text = wordings[choice].format(n=subject, v=value)
            text = text.replace("He's ", "his ").replace("She's ", "her ")
            for lead in ("Today ", "In the morning ", "The year of "):
                if text.startswith(lead):
                    text = text.replace("He ", "he ", 1).replace("She ", "she ", 1)
            block.append(text[0].upper() + text[1:])
            asked = questions[choice] if kind in MATCHED else random.choice(questions)
            known.append((name, kind, (asked.format(q=name), value)))
        sentences.append(block)
    random.shuffle(sentences)
    parts = []
    for block in sentences:
        parts.extend(block)
        if fillers and random.random() < 0.5:
            parts.append(random.choice(fillers))
    text = " ".join(parts)
    pairs = [pair for _, _, pair in random.sample(known, min(len(known), random.randint(1, 6)))]
    if random.random() < missing:
        name = random.choice(people)
        absent = [kind for kind in RELATIONS if not any(k == kind and n == name for n, k, _ in known)]
        asked = random.choice(RELATIONS[random.choice(absent)][2]).format(q=name)
        pairs.insert(random.randint(0, len(pairs)), (asked, examples.NOT_IN_TEXT))
    return text, pairs
