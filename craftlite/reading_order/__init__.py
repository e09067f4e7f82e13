"""Lines and reading order of words, from their outlines alone: no pixels, no network.

Words that follow each other closely become runs (`linking.py`), runs become lines where a row of a
table or a receipt goes on across a gap, lines become blocks and blocks are put in order
(`blocks.py`).
"""

from dataclasses import dataclass

import numpy as np

from craftlite.geometry import Points
from craftlite.reading_order.blocks import (
    APART,
    LEADING,
    Boxes,
    in_order,
    merged,
    stacks,
    surrounding,
)
from craftlite.reading_order.linking import chains_of, join_rows, joined
from craftlite.reading_order.strokes import Floats, Strokes, strokes_of, unit


@dataclass(frozen=True)
class Line:
    """A line of text.

    Attributes:
        words: the indices of its words, in reading order.
        polygon: (K, 2) float32, pixels, clockwise from where reading starts; a rectangle where the
            line is straight.
        block: the number, from 0 and in reading order, of the block that it belongs to.
        vertical: whether it is read downwards.
        angle: degrees of its reading direction, clockwise from level, above -80 and at most 100.
    """

    words: tuple[int, ...]
    polygon: Points
    block: int
    vertical: bool
    angle: float


def find_lines(quads: Points, polygons: tuple[Points, ...]) -> tuple[Line, ...]:
    """The lines of words, in reading order.

    Args:
        quads: (N, 4, 2) pixels.
        polygons: N outlines (K, 2); the quads of words that are not curved.
    """
    if len(quads) == 0:
        return ()
    strokes = strokes_of(quads, polygons)
    runs = chains_of(strokes)
    of_runs = joined(strokes, runs)
    rows = join_rows(of_runs)
    lines = [[word for run in row for word in runs[run]] for row in rows]
    boxes = _boxes(strokes, lines, quads)
    blocks = stacks(boxes, LEADING)
    of_blocks = merged(boxes, blocks)
    columns = stacks(of_blocks, APART)
    order = in_order(merged(of_blocks, columns))
    result = []
    ordered = [blocks[block] for column in order for block in columns[column]]
    for block, members in enumerate(ordered):
        for line in members:
            along = boxes.along[line]
            angle = float(np.rad2deg(np.arctan2(along[1], along[0])))
            angle += 360 if angle <= -80.001 else 0
            result.append(
                Line(tuple(lines[line]), _polygon(boxes.corners[line]), block, angle > 60, angle)
            )
    return tuple(result)


def _boxes(strokes: Strokes, lines: list[list[int]], quads: Points) -> Boxes:
    whole = joined(strokes, lines)
    along = unit(whole.enters + whole.leaves)
    corners = np.array(
        [
            surrounding(quads[line].reshape(-1, 2).astype(np.float64), a)
            for line, a in zip(lines, along, strict=True)
        ]
    )
    return Boxes(corners, along, whole.height, np.asarray(whole.weight))


def _polygon(corners: Floats) -> Points:
    return np.asarray(corners, np.float32)
