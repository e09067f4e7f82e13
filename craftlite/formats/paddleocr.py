"""PaddleOCR's Label.txt, which PPOCRLabel opens."""

import json
from collections.abc import Iterable
from typing import Any

from craftlite.formats.record import DONT_CARE, Record, WordRecord


def paddleocr(records: Iterable[Record]) -> str:
    """The text of one Label.txt: a picture a line, its path, a tab, and its words as JSON."""
    lines = ((entry["image"], [_word(word) for word in entry["words"]]) for entry in records)
    return "".join(f"{path}\t{json.dumps(words, ensure_ascii=False)}\n" for path, words in lines)


def _word(word: WordRecord) -> dict[str, Any]:
    ignore = word.get("ignore", False)
    text = DONT_CARE if ignore else word.get("text") or ""
    return {"transcription": text, "points": word["polygon"], "difficult": ignore}
