"""Questions on tables of facts, made from the CIA World Factbook."""

import re

import examples

# Label in the text: (section, field, key within the field or None, questions).
FIELDS = {
    "Location": ("Geography", "Location", None, ["Where is {c}?", "Where is {c} located?"]),
    "Coastline": ("Geography", "Coastline", None, ["How long is the coastline of {c}?", "How long is {c}'s coastline?"]),
    "Climate": ("Geography", "Climate", None, ["What is the climate of {c} like?", "What climate does {c} have?"]),
    "Terrain": ("Geography", "Terrain", None, ["What is the terrain of {c} like?", "What kind of terrain does {c} have?"]),
    "Natural resources": ("Geography", "Natural resources", None, ["What natural resources does {c} have?", "What are the natural resources of {c}?"]),
    "Natural hazards": ("Geography", "Natural hazards", None, ["What natural hazards are there in {c}?", "Which natural hazards does {c} face?"]),
    "Irrigated land": ("Geography", "Irrigated land", None, ["How much land is irrigated in {c}?", "How large is the irrigated land of {c}?"]),
    "Area": ("Geography", "Area", "total", ["How large is {c}?", "What is the total area of {c}?", "How big is {c}?"]),
    "Land area": ("Geography", "Area", "land", ["How much of {c} is land?", "What is the land area of {c}?"]),
    "Compared area": ("Geography", "Area - comparative", None, ["What is {c} about as large as?", "How does the area of {c} compare?"]),
    "Land boundaries": ("Geography", "Land boundaries", "total", ["How long are the land boundaries of {c}?", "How long are {c}'s borders?"]),
    "Highest point": ("Geography", "Elevation", "highest point", ["What is the highest point of {c}?", "Which is the highest mountain of {c}?", "Where is the highest point in {c}?"]),
    "Lowest point": ("Geography", "Elevation", "lowest point", ["What is the lowest point of {c}?", "Where is the lowest point in {c}?"]),
    "Mean elevation": ("Geography", "Elevation", "mean elevation", ["What is the mean elevation of {c}?", "How high does {c} lie on average?"]),
    "Population": ("People and Society", "Population", "total", ["How many people live in {c}?", "What is the population of {c}?"]),
    "Languages": ("People and Society", "Languages", None, ["Which languages are spoken in {c}?", "What do people speak in {c}?", "What languages does {c} have?"]),
    "Religions": ("People and Society", "Religions", None, ["What are the religions of {c}?", "Which religions are there in {c}?"]),
    "Ethnic groups": ("People and Society", "Ethnic groups", None, ["What ethnic groups live in {c}?", "Which are the ethnic groups of {c}?"]),
    "Adjective": ("People and Society", "Nationality", "adjective", ["What is the adjective for {c}?", "What does one call something from {c}?"]),
    "Population growth rate": ("People and Society", "Population growth rate", None, ["How fast does the population of {c} grow?", "What is the population growth rate of {c}?"]),
    "Birth rate": ("People and Society", "Birth rate", None, ["What is the birth rate of {c}?", "How high is the birth rate in {c}?"]),
    "Death rate": ("People and Society", "Death rate", None, ["What is the death rate of {c}?", "How high is the death rate in {c}?"]),
    "Median age": ("People and Society", "Median age", "total", ["How old are people in {c}?", "What is the median age in {c}?"]),
    "Life expectancy": ("People and Society", "Life expectancy at birth", "total population", ["What is the life expectancy in {c}?", "How long do people live in {c}?"]),
    "Literacy": ("People and Society", "Literacy", "total population", ["How many people in {c} can read?", "What is the literacy rate of {c}?"]),
    "Urban population": ("People and Society", "Urbanization", "urban population", ["How many people live in cities in {c}?", "What is the urban population of {c}?"]),
    "Doctors": ("People and Society", "Physician density", None, ["How many doctors are there in {c}?", "What is the density of physicians in {c}?"]),
    "Capital": ("Government", "Capital", "name", ["What is the capital of {c}?", "Which city is the capital of {c}?"]),
    "Government type": ("Government", "Government type", None, ["What type of government does {c} have?", "How is {c} governed?"]),
    "National holiday": ("Government", "National holiday", None, ["What is the national holiday of {c}?", "Which national holiday does {c} have?"]),
    "Independence": ("Government", "Independence", None, ["When did {c} become independent?", "When did {c} gain its independence?"]),
    "National symbol": ("Government", "National symbol(s)", None, ["What is the national symbol of {c}?", "Which symbol does {c} have?"]),
    "National colors": ("Government", "National color(s)", None, ["What are the national colors of {c}?", "Which colors does {c} have?"]),
    "National anthem": ("Government", "National anthem(s)", "title", ["What is the national anthem of {c}?", "What is the anthem of {c} called?"]),
    "Voting age": ("Government", "Suffrage", None, ["How old must one be to vote in {c}?", "What is the voting age in {c}?"]),
    "Internet country code": ("Communications", "Internet country code", None, ["What is the internet country code of {c}?", "Which internet country code does {c} have?"]),
    "Internet users": ("Communications", "Internet users", "percent of population", ["How many people use the internet in {c}?", "What share of {c} uses the internet?"]),
    "Mobile phones": ("Communications", "Telephones - mobile cellular", "total subscriptions", ["How many mobile phones are there in {c}?", "How many mobile phones does {c} have?"]),
    "Main exports": ("Economy", "Exports - commodities", None, ["What does {c} export?", "What are the main exports of {c}?"]),
    "Main imports": ("Economy", "Imports - commodities", None, ["What does {c} import?", "What are the main imports of {c}?"]),
    "Export partners": ("Economy", "Exports - partners", None, ["Where do the exports of {c} go?", "Who are the export partners of {c}?"]),
    "Industries": ("Economy", "Industries", None, ["What are the industries of {c}?", "Which industries does {c} have?"]),
    "Agricultural products": ("Economy", "Agricultural products", None, ["What do farmers in {c} produce?", "What are the agricultural products of {c}?"]),
    "GDP": ("Economy", "GDP (official exchange rate)", None, ["What is the GDP of {c}?", "How large is the GDP of {c}?"]),
    "Public debt": ("Economy", "Public debt", None, ["How high is the public debt of {c}?", "What is the public debt of {c}?"]),
    "Labor force": ("Economy", "Labor force", None, ["How large is the labor force of {c}?", "How many people work in {c}?"]),
    "Exchange rate": ("Economy", "Exchange rates", None, ["What is the exchange rate of {c}?", "What is the money of {c} worth?"]),
    "Electricity access": ("Energy", "Electricity access", "electrification - total population", ["How many people in {c} have electricity?", "What is the access to electricity in {c}?"]),
    "Airports": ("Transportation", "Airports", None, ["How many airports are there in {c}?", "How many airports does {c} have?"]),
    "Heliports": ("Transportation", "Heliports", None, ["How many heliports are there in {c}?", "How many heliports does {c} have?"]),
    "Railways": ("Transportation", "Railways", "total", ["How long are the railways of {c}?", "How many kilometers of railway does {c} have?"]),
    "Merchant ships": ("Transportation", "Merchant marine", "total", ["How many merchant ships does {c} have?", "How large is the merchant marine of {c}?"]),
}


def _clean(value):
    value = re.sub(r"\s*\((?:[^()]*\b(?:est\.|19\d\d|20\d\d)[^()]*)\)", "", value.split("\n")[0])
    value = re.sub(r"^[A-Z][^:;]{3,60} 20\d\d: ", "", value.split(";")[0])
    return re.sub(r"\s+", " ", value).strip(" ;,.")


def _part(value, key):
    found = re.search(r"(?:^|[;\n])\s*" + re.escape(key) + r":\s*([^;\n]+)", value)
    return found.group(1) if found else None


def table(row, longest=110):
    """Label: value, for those that are told in a few words."""
    found = {}
    for label, (section, field, key, _) in FIELDS.items():
        value = row["sections"].get(section, {}).get(field)
        if value is not None and key is not None:
            value = _part(value, key)
        if value is None:
            continue
        value = _clean(value)
        # Lists are cut after some of their members.
        while len(value) > longest and ", " in value:
            value = value.rsplit(", ", 1)[0]
        if value.count("(") > value.count(")"):
            value = value.rsplit("(", 1)[0].strip(" ,")
        if 1 <= len(value) <= longest and "NA" not in value.split():
            found[label] = value
    return found


def _lines(name, facts, random):
    """The facts as a text, in one of several forms."""
    form = random.random()
    if form < 0.6:
        return name + "\n" + "\n".join(f"{label}: {value}" for label, value in facts)
    if form < 0.8:
        return " ".join(f"{label} of {name}: {value}." for label, value in facts)
    lower = lambda label: label if label.startswith("GDP") else label[0].lower() + label[1:]
    verb = lambda label: "are" if label.endswith("s") else "is"
    return " ".join(f"The {lower(label)} of {name} {verb(label)} {value}." for label, value in facts)


def questions(name, tables, mixed, random, missing=0.35, most=8):
    """A text of a country's facts, and some questions on it with their answers.

    `mixed`: the values are those of any country, so that they can be known from the text alone. `missing`: how often
    one or two of the questions are on what the text doesn't tell.
    """
    own = tables[name]
    labels = random.sample(sorted(own), min(len(own), random.randint(3, 12)))
    known = []
    for label in labels:
        source = own
        if mixed:
            others = [table for table in tables.values() if label in table]
            source = random.choice(others)
        known.append((label, source[label]))
    absent = []
    if random.random() < missing and len(known) > 3:
        absent = [known.pop(random.randrange(len(known))) for _ in range(random.randint(1, 2))]
    asked = [(label, value) for label, value in random.sample(known, min(len(known), random.randint(1, most)))]
    asked += [(label, examples.NOT_IN_TEXT) for label, _ in absent]
    random.shuffle(asked)
    pairs = [(random.choice(FIELDS[label][3]).format(c=name), value) for label, value in asked]
    return _lines(name, known, random), pairs


def two_countries(names, tables, random):
    """Questions on two or three short tables: whose value it is matters."""
    label = random.choice([label for label in FIELDS if all(label in tables[name] for name in names)] or ["Capital"])
    asked = [name for name in names if label in tables[name]]
    if not asked:
        return None
    blocks = []
    for name in names:
        others = [other for other in random.sample(sorted(tables[name]), 3) if other != label]
        facts = [(other, tables[name][other]) for other in others]
        if label in tables[name]:
            facts.insert(random.randint(0, len(facts)), (label, tables[name][label]))
        blocks.append(_lines(name, facts, random))
    random.shuffle(asked)
    pairs = [(random.choice(FIELDS[label][3]).format(c=name), tables[name][label]) for name in asked]
    return "\n\n".join(blocks), pairs
