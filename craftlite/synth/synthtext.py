"""SynthText's own `gt.mat` (Gupta et al., "Synthetic Data for Text Localisation", CVPR 2016)."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import savemat

from craftlite.data.word_geometry import least_rectangle
from craftlite.geometry import Points

# The header of the format: 116 bytes of text, where other writers put the time of day.
HEADER = b"MATLAB 5.0 MAT-file, the ground truth of rendered text".ljust(116)


def synthtext_bytes(records: Sequence[dict[str, Any]]) -> bytes:
    """The file for pictures as `words.jsonl` has them; the same records give the same bytes.

    `imnames`, `wordBB` (2x4xW a picture, or 2x4 for one word), `charBB` (2x4xC) and `txt` are
    cells of one row. Don't-care words are in it, for the format cannot mark them; a curved
    word has the smallest rectangle around it. Words whose characters are not known are left out.
    """
    words = [[word for word in record["words"] if "characters" in word] for record in records]
    quads = [[word_quad(word["polygon"]) for word in some] for some in words]
    characters = [[quad for word in some for quad in word["characters"]] for some in words]
    file = io.BytesIO()
    variables = {
        "imnames": _cells([np.array([record["image"]]) for record in records]),
        "wordBB": _cells([_boxes(some) for some in quads]),
        "charBB": _cells([_boxes(some) for some in characters]),
        "txt": _cells([np.array([word["text"] for word in some], str) for some in words]),
    }
    savemat(file, variables, do_compression=True)
    return HEADER + file.getvalue()[len(HEADER) :]


def word_quad(polygon: Sequence[Sequence[float]]) -> Points:
    """The corners (4, 2) of a word's outline, or of the least rectangle around a curved one."""
    outline = np.array(polygon, np.float32)
    return outline if len(outline) == 4 else least_rectangle(outline)


def _boxes(quads: Sequence[Any]) -> npt.NDArray[np.float32]:
    boxes = np.array(quads, np.float32).reshape(-1, 4, 2).transpose(2, 1, 0)
    return boxes[..., 0] if len(quads) == 1 else boxes


def _cells(items: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.object_]:
    cells = np.empty((1, len(items)), object)
    cells[0, :] = items
    return cells
