"""JSON records of a picture's text, as printed by `craftlite read --json`."""

from collections.abc import Sequence
from typing import Any

from craftlite.formats.record import rounded
from craftlite.geometry import Size
from craftlite.image.document import Part
from craftlite.reading import TextLine


def text_record(
    image: str, size: Size, lines: Sequence[TextLine], part: Part | None = None
) -> dict[str, Any]:
    """Return the JSON object of one picture, or one page or frame of a file, in reading order.

    Coordinates are pixels to one decimal, scores 0..1 to four.

    size: (width, height) of the picture in pixels.
    """
    listed = [
        {
            "text": line.text,
            "score": round(line.score, 4),
            "block": line.block,
            "polygon": rounded(line.polygon),
            "words": [
                {"text": word.text, "score": round(word.score, 4), "quad": rounded(word.quad)}
                for word in line.words
            ],
        }
        for line in lines
    ]
    return {"image": image, **(part or {}), "width": size[0], "height": size[1], "lines": listed}
