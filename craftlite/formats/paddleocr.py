"""PaddleOCR's Label.txt, which PPOCRLabel opens."""

import json
from collections.abc import Iterable
from typing import Any

from craftlite.errors import CraftliteError
from craftlite.formats.record import DONT_CARE, Record, WordRecord, regions


def paddleocr(records: Iterable[Record]) -> str:
    """The text of one Label.txt: a picture a line, its path, a tab, and its words as JSON.

    Raises:
        CraftliteError: a path has a tab or a line break, which end it.
    """
    return "".join(_line(entry) for entry in records)


def _line(entry: Record) -> str:
    if set(entry["image"]) & set("\t\r\n"):
        reason = "a name with a tab or a line break has no place in Label.txt; rename the file"
        raise CraftliteError(f"{entry['image']}: {reason}")
    words = [_word(word) for word in regions(entry)]
    return f"{entry['image']}\t{json.dumps(words, ensure_ascii=False)}\n"


def _word(word: WordRecord) -> dict[str, Any]:
    ignore = word.get("ignore", False)
    text = DONT_CARE if ignore else word.get("text") or ""
    return {"transcription": text, "points": word["polygon"], "difficult": ignore}
