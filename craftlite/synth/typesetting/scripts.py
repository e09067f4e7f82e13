"""The scripts of generated text: their letters, and what a face must cover to write them."""

import re
import string
from functools import cache

LATIN_UPPER = string.ascii_uppercase
LATIN_LOWER = string.ascii_lowercase
DIGITS = string.digits
# Western, Central and Northern European letters; faces are checked for each of them.
ACCENTS = {
    **{"a": "àáâäãåąā", "c": "çćč", "d": "ďđ", "e": "èéêëęěē", "g": "ğ", "i": "ìíîïī", "l": "łľ"},
    **{"n": "ñńň", "o": "òóôöõøő", "r": "řŕ", "s": "śšşß", "t": "ťț", "u": "ùúûüůűū", "y": "ýÿ"},
    "z": "źżž",
}
GREEK = "αβγδεζηθικλμνξοπρστυφχψω"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
HIRAGANA = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
)
KATAKANA = "".join(chr(ord(letter) + 96) for letter in HIRAGANA)

# A face covers a script if it has all of these.
NEEDED = {
    "latin": LATIN_UPPER + LATIN_LOWER + DIGITS,
    "greek": GREEK + GREEK.replace("ς", "").upper() + DIGITS,
    "cyrillic": CYRILLIC + CYRILLIC.upper() + DIGITS,
    "hangul": "가나다라마바사아자차카타파하한글" + DIGITS,
    "japanese": HIRAGANA + KATAKANA + "日本語" + DIGITS,
    "chinese": "中国的一是不了在人有我他这为之大来以个上们" + DIGITS,
}
# Fractions of a picture's lines; those of scripts without a face are shared among the others.
SHARES = {
    **{"latin": 0.85, "greek": 0.02, "cyrillic": 0.04},
    **{"hangul": 0.03, "japanese": 0.03, "chinese": 0.03},
}


@cache
def common_characters(script: str) -> str:
    """Return the characters that a script's national standard lists as common, as one string.

    Chinese: GB 2312, level 1 (3755). Japanese: JIS X 0208, level 1 (2965). Hangul: KS X 1001
    (2350). The rows and columns of these standards are the bytes of their encodings.
    """
    encoding, first, last = {
        "chinese": ("gb2312", 0xB0, 0xD7),
        "japanese": ("euc_jp", 0xB0, 0xCF),
        "hangul": ("euc_kr", 0xB0, 0xC8),
    }[script]
    cells = (bytes([row, cell]) for row in range(first, last + 1) for cell in range(0xA1, 0xFF))
    return "".join(cell.decode(encoding, "ignore") for cell in cells)


_NOT_LATIN = re.compile(
    "(?P<greek>[\u0370-\u03ff])|(?P<cyrillic>[\u0400-\u04ff])|(?P<hangul>[\uac00-\ud7a3])"
    "|(?P<japanese>[\u3041-\u30ff])|(?P<chinese>[\u4e00-\u9fff])"
)
_KANA = re.compile("[\u3041-\u30ff]")


def script_of(text: str) -> str:
    """Return the script of a text's first letter that is not Latin, or "latin" if there is none."""
    found = _NOT_LATIN.search(text)
    script = (found and found.lastgroup) or "latin"
    return "japanese" if script == "chinese" and _KANA.search(text) else script
