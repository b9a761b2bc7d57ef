#!/usr/bin/env python3
"""Write Sources/Tokenization/CharacterClassRanges.swift.

The pre-tokenizer must class characters by Unicode 16, whichever version the Swift runtime or Python has, so the
ranges are written down as source. The `regex` package carries its own Unicode tables; the release named below has
those of Unicode 16:

    pip install regex==2024.11.6
    Extras/unicode/character_classes.py > Sources/Tokenization/CharacterClassRanges.swift
"""

import regex

UNICODE_16_RELEASE = "2.5.148"  # regex.__version__ of regex==2024.11.6

CLASSES = [
    ("letters", r"\p{L}", "Characters of `\\p{L}`."),
    ("numbers", r"\p{N}", "Characters of `\\p{N}`."),
    ("spaces", r"\p{White_Space}", "Characters of `\\s`, which is the property White_Space."),
    (
        "wordCharacters",
        r"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]",
        "Characters of `\\w` as UTS #18 defines it, by which an added token of `single_word` knows its borders.",
    ),
]


def ranges(pattern):
    found = []
    matches = regex.compile(pattern).match
    for code in range(0x110000):
        if 0xD800 <= code <= 0xDFFF or not matches(chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def main():
    if regex.__version__ != UNICODE_16_RELEASE:
        raise SystemExit(f"regex {UNICODE_16_RELEASE} has the tables of Unicode 16; this one is {regex.__version__}")
    print("// Written by Extras/unicode/character_classes.py. Do not edit.")
    print()
    print("/// The character classes of Unicode 16 as inclusive ranges of code points: first, last, first, last, ...")
    print("enum CharacterClassRanges {")
    for position, (name, pattern, summary) in enumerate(CLASSES):
        if position:
            print()
        print(f"    /// {summary}")
        print(f"    static let {name}: [UInt32] = [")
        numbers = [f"0x{number:X}" for pair in ranges(pattern) for number in pair]
        line = "       "
        for first, last in zip(numbers[0::2], numbers[1::2]):
            if len(line) + len(first) + len(last) + 4 > 118:
                print(line)
                line = "       "
            line += f" {first}, {last},"
        print(line)
        print("    ]")
    print("}")


if __name__ == "__main__":
    main()
