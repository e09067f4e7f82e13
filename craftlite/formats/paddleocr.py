"""PaddleOCR's Label.txt, which PPOCRLabel opens."""

import json
from collections.abc import Iterable
from typing import Any

from craftlite.errors import CraftliteError
from craftlite.formats.record import DONT_CARE, Record, WordRecord, regions


def paddleocr(records: Iterable[Record]) -> str:
    """Return the text of Label.txt: for each picture a line with its path, a tab and JSON words.

    Raises:
        CraftliteError: a path contains a tab or a line break.
    """
    return "".join(_line(entry) for entry in records)


def _line(entry: Record) -> str:
    if set(entry["image"]) & set("\t\r\n"):
        reason = "Label.txt cannot hold a name with a tab or a line break; rename the file"
        raise CraftliteError(f"{entry['image']}: {reason}")
    words = [_word(word) for word in regions(entry)]
    return f"{entry['image']}\t{json.dumps(words, ensure_ascii=False)}\n"


def _word(word: WordRecord) -> dict[str, Any]:
    ignore = word.get("ignore", False)
    text = DONT_CARE if ignore else word.get("text") or ""
    return {"transcription": text, "points": word["polygon"], "difficult": ignore}
