"""Words to render: pronounceable letters, numbers, prices, times and codes."""

import numpy as np

_ONSETS = [*"bcdfghjklmnprstvwyz", *("bl", "br", "ch", "cl", "cr", "dr", "fl", "fr", "gl", "gr")]
_ONSETS += ["pl", "pr", "qu", "sc", "sh", "sl", "sp", "st", "str", "th", "tr", "wh"]
_NUCLEI = [*"aeiou", *"aeiou", *("ai", "au", "ea", "ee", "ie", "io", "oa", "oo", "ou")]
_CODAS = ["", *"bdgklmnprstx", *("ck", "ct", "ft", "ld", "ll", "lt", "mp", "nd", "ng", "nt")]
_CODAS += ["rd", "rk", "rm", "rn", "rt", "sh", "sk", "ss", "st", "th"]
_PUNCTUATION = "!?.,:;-&"


def _syllables(rng: np.random.Generator) -> str:
    count = rng.choice([1, 2, 3, 4], p=[0.45, 0.35, 0.15, 0.05])
    parts = [str(rng.choice(part)) for _ in range(count) for part in (_ONSETS, _NUCLEI, _CODAS)]
    word = "".join(parts)
    style = rng.random()
    if style < 0.4:
        return word.upper()
    return word.capitalize() if style < 0.7 else word


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(d) for d in rng.integers(0, 10, count))


def random_text(rng: np.random.Generator) -> str:
    """One word without spaces: 70 % letters, else figures, codes or a single character."""
    kind = rng.random()
    if kind < 0.66:
        word = _syllables(rng)
        return word + str(rng.choice([*_PUNCTUATION])) if rng.random() < 0.08 else word
    if kind < 0.78:
        return _digits(rng, int(rng.integers(1, 7)))
    if kind < 0.84:
        return f"{rng.choice(['$', '€', '£', ''])}{rng.integers(0, 200)}.{_digits(rng, 2)}"
    if kind < 0.88:
        return f"{rng.integers(0, 24)}:{_digits(rng, 2)}"
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    if kind < 0.94:
        code = "".join(rng.choice(list(letters), int(rng.integers(1, 4))))
        return f"{code}{rng.choice(['', '-'])}{_digits(rng, int(rng.integers(1, 4)))}"
    return str(rng.choice([*letters, *letters.lower(), *"0123456789", "&"]))
