"""Which word a character belongs to, where ground truth lists the two apart."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Points, signed_area


def homes(outlines: Sequence[Points], boxes: Sequence[Points]) -> npt.NDArray[np.int64]:
    """For each box (4, 2) the number of the outline (K, 2) that holds its centre, or -1.

    Where several do, it is the smallest of them.
    """
    centres = np.array([box.mean(axis=0) for box in boxes], np.float32).reshape(-1, 2)
    found = np.full(len(boxes), -1, np.int64)
    for number in sorted(range(len(outlines)), key=lambda n: abs(signed_area(outlines[n]))):
        outline = outlines[number]
        low, high = outline.min(axis=0), outline.max(axis=0)
        # Few centres are that near, so that files of many words take no square of their number.
        near = (found < 0) & (low <= centres).all(axis=1) & (centres <= high).all(axis=1)
        for place in np.flatnonzero(near).tolist():
            if cv2.pointPolygonTest(outline, centres[place].tolist(), measureDist=False) >= 0:
                found[place] = number
    return found
