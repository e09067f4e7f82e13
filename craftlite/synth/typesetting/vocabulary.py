"""Text to render: invented or listed words, numbers, prices, plates, telephones and addresses."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from craftlite.errors import DatasetError
from craftlite.synth.typesetting.scripts import (
    ACCENTS,
    CYRILLIC,
    DIGITS,
    GREEK,
    HIRAGANA,
    KATAKANA,
    LATIN_LOWER,
    LATIN_UPPER,
    common_characters,
    script_of,
)

T = TypeVar("T")
_ONSETS = [*"bcdfghjklmnprstvwyz", *("bl", "br", "ch", "cl", "cr", "dr", "fl", "fr", "gl", "gr")]
_ONSETS += ["pl", "pr", "qu", "sc", "sh", "sl", "sp", "st", "str", "th", "tr", "wh"]
_NUCLEI = [*"aeiou", *"aeiou", *("ai", "au", "ea", "ee", "ie", "io", "oa", "oo", "ou")]
_CODAS = ["", *"bdgklmnprstx", *("ck", "ct", "ft", "ld", "ll", "lt", "mp", "nd", "ng", "nt")]
_CODAS += ["rd", "rk", "rm", "rn", "rt", "sh", "sk", "ss", "st", "th"]
_VOWELS = {"greek": "αεηιουω", "cyrillic": "аеиоуыэюя"}
_CONSONANTS = {
    "greek": "".join(letter for letter in GREEK if letter not in _VOWELS["greek"]),
    "cyrillic": "".join(c for c in CYRILLIC if c not in _VOWELS["cyrillic"] + "ъьщ"),
}
_MARKS = "!?.,:;-"
_DOMAINS = (".com", ".net", ".org", ".de", ".co.uk", ".fr", ".eu")
LONGEST_GIVEN = 24  # characters; longer words in a list are left out


def pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    """Return one of the choices, all equally likely; much faster than Generator.choice."""
    return choices[int(rng.random() * len(choices))]


def pick_by_share(rng: np.random.Generator, shares: Mapping[T, float]) -> T:
    """Return one of the keys with a probability proportional to its value."""
    ends = np.cumsum(list(shares.values()))
    return list(shares)[int(np.searchsorted(ends, rng.random() * ends[-1], side="right"))]


@dataclass(frozen=True)
class Vocabulary:
    """The source of words: `given` words by script, and invented ones for other scripts."""

    given: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> "Vocabulary":
        """Group a list's words by script, with accents composed (NFC) and without repeats."""
        given: dict[str, dict[str, None]] = {}
        for word in unicodedata.normalize("NFC", "\n".join(lines)).split():
            if len(word) <= LONGEST_GIVEN and word.isprintable():
                given.setdefault(script_of(word), {})[word] = None
        return cls({script: tuple(words) for script, words in given.items()})

    def text(self, rng: np.random.Generator, script: str) -> str:
        """Return one text without spaces: mostly a word, else figures, a code or one character."""
        kind = rng.random()
        if kind < 0.68:
            return self._with_marks(rng, self._word(rng, script))
        if kind < 0.76:
            return _digits(rng, 1, 7)
        if kind < 0.94 and script in ("latin", "greek", "cyrillic"):
            return _code(rng)
        if kind < 0.94:
            return self._word(rng, script)
        return single(rng, script)

    def _word(self, rng: np.random.Generator, script: str) -> str:
        given = self.given.get(script)
        if not given:
            return _made_word(rng, script)
        word = pick(rng, given)
        return word.upper() if rng.random() < 0.3 else word

    def _with_marks(self, rng: np.random.Generator, word: str) -> str:
        chance = rng.random()
        if chance < 0.08:
            return word + pick(rng, _MARKS)
        if chance < 0.10:
            return f"({word})"
        return f"{word}'s" if chance < 0.12 and word.isascii() and word.islower() else word


def read_vocabulary(path: Path) -> Vocabulary:
    """Read a word list in UTF-8 with one word per line.

    Raises:
        DatasetError: the file cannot be read or has no word.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read as a word list ({error})") from error
    vocabulary = Vocabulary.from_lines(lines)
    if not vocabulary.given:
        raise DatasetError(f"{path}: contains no words; a word list has one word per line")
    return vocabulary


def _made_word(rng: np.random.Generator, script: str) -> str:
    if script == "latin":
        return _cased(rng, _latin(rng))
    if script in _VOWELS:
        letters = (_CONSONANTS[script], _VOWELS[script])
        count = int(rng.integers(2, 10))
        return _cased(rng, "".join(pick(rng, letters[k % 2]) for k in range(count)))
    alphabet, count = common_characters(script), int(rng.integers(1, 6))
    if script == "japanese" and rng.random() < 0.6:
        alphabet, count = HIRAGANA if rng.random() < 0.5 else KATAKANA, count + 1
    return "".join(pick(rng, alphabet) for _ in range(count))


def _latin(rng: np.random.Generator) -> str:
    """Invent a pronounceable word of one to four syllables; one in eight has accents."""
    count = int(np.searchsorted((0.35, 0.8, 0.95), rng.random())) + 1
    word = ""
    for syllable in range(count):
        # The first syllable may begin with a vowel, and most non-final syllables end in one.
        onset = pick(rng, _ONSETS) if syllable or rng.random() < 0.8 else ""
        coda = pick(rng, _CODAS) if syllable == count - 1 or rng.random() < 0.3 else ""
        word += onset + pick(rng, _NUCLEI) + coda
    if rng.random() >= 0.125:
        return word
    return "".join(
        pick(rng, ACCENTS[c]) if c in ACCENTS and rng.random() < 0.3 else c for c in word
    )


def _cased(rng: np.random.Generator, word: str) -> str:
    style = rng.random()
    if style < 0.4:
        return unicodedata.normalize("NFC", word.upper())
    if style < 0.65:
        return word[0].upper() + word[1:]
    if style < 0.95:
        return word
    return "".join(c.upper() if rng.random() < 0.5 else c for c in word)


def _some(rng: np.random.Generator, alphabet: str, fewest: int, most: int) -> str:
    return "".join(pick(rng, alphabet) for _ in range(int(rng.integers(fewest, most + 1))))


def _digits(rng: np.random.Generator, fewest: int, most: int) -> str:
    return _some(rng, DIGITS, fewest, most)


def price(rng: np.random.Generator) -> str:
    """Return a price such as 9.90, £12,50 or 1,299.00€."""
    point = pick(rng, ".,")
    whole = int(np.exp(rng.uniform(0, np.log(3000))))
    grouped = f"{whole:,}".replace(",", "." if point == "," else ",")
    figure = f"{grouped if rng.random() < 0.7 else whole}{point}{_digits(rng, 2, 2)}"
    return figure + "€" if rng.random() < 0.2 else pick(rng, ("$", "€", "£", "", "", "")) + figure


def display(rng: np.random.Generator) -> str:
    """Return a text for a seven-segment display: a figure, time, temperature or short word."""
    kind = int(rng.integers(5))
    if kind == 0:
        return f"{rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}"
    if kind == 1:
        return f"{rng.integers(0, 200)}.{_digits(rng, 1, 3)}"
    if kind == 2:
        return f"-{rng.integers(1, 40)}"
    if kind == 3:
        return pick(rng, ("HELP", "HELLo", "Error", "FULL", "CAFE", "LoAd", "Hob"))
    return _digits(rng, 1, 6)


def _code(rng: np.random.Generator) -> str:
    """Return a price, time, date, plate, telephone number, percentage or address."""
    kind = int(rng.integers(8))
    if kind in (0, 7):
        return price(rng)
    if kind == 1:
        return f"{rng.integers(0, 24)}:{rng.integers(0, 60):02d}"
    if kind == 2:
        return f"{rng.integers(1, 32):02d}{pick(rng, './-')}{rng.integers(1, 13):02d}"
    if kind == 3:
        return _some(rng, LATIN_UPPER, 1, 3) + pick(rng, ("", "-")) + _digits(rng, 1, 4)
    if kind == 4:
        start = pick(rng, ("+", "0", "00")) + _digits(rng, 2, 3)
        return start + pick(rng, "-/.") + _digits(rng, 4, 6)
    if kind == 5:
        return f"{pick(rng, ('', '-'))}{rng.integers(1, 101)}%"
    start = pick(rng, ("www.", "www.", "", "info@"))
    return start + _latin(rng) + pick(rng, _DOMAINS)


def single(rng: np.random.Generator, script: str) -> str:
    """Return one character."""
    if script == "latin":
        return pick(rng, LATIN_UPPER + LATIN_LOWER + DIGITS + "&?!")
    if script in _VOWELS:
        return pick(rng, (GREEK if script == "greek" else CYRILLIC).upper())
    return pick(rng, common_characters(script))
