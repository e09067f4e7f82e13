"""SynthText's `gt.mat` format (Gupta et al., "Synthetic Data for Text Localisation", CVPR 2016)."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import savemat

from craftlite.data.word_geometry import least_rectangle
from craftlite.geometry import Points

# The format's header holds 116 bytes of text. SciPy puts the time there, which would make the
# bytes differ between runs.
HEADER = b"MATLAB 5.0 MAT-file, the ground truth of rendered text".ljust(116)


def synthtext_bytes(records: Sequence[dict[str, Any]]) -> bytes:
    """Return the bytes of `gt.mat` for records of `words.jsonl`; equal records give equal bytes.

    `imnames`, `wordBB` (2x4xW per picture, or 2x4 for a single word), `charBB` (2x4xC, likewise)
    and `txt` are cell arrays with one row. Don't-care words are included as ordinary words, since
    the format cannot mark them. A curved word is given as the smallest rectangle around it. Words
    without character quads are left out.
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
    """Return the corners (4, 2) of a word, or of the smallest rectangle around a curved word."""
    outline = np.array(polygon, np.float32)
    return outline if len(outline) == 4 else least_rectangle(outline)


def _boxes(quads: Sequence[Any]) -> npt.NDArray[np.float32]:
    boxes = np.array(quads, np.float32).reshape(-1, 4, 2).transpose(2, 1, 0)
    return boxes[..., 0] if len(quads) == 1 else boxes


def _cells(items: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.object_]:
    cells = np.empty((1, len(items)), object)
    cells[0, :] = items
    return cells
