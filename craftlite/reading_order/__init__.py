"""Lines and reading order of words, from their outlines alone, without pixels or a network.

Words that follow each other closely become runs (`linking.py`); runs become lines if the row of a
table or a receipt continues across a gap (`rows.py`); lines become blocks, and blocks are put in
order (`blocks.py`).
"""

from dataclasses import dataclass

import numpy as np

from craftlite.geometry import Points, clockwise
from craftlite.reading_order.blocks import (
    LEADING,
    Boxes,
    in_order,
    merged,
    stacks,
    surrounding,
)
from craftlite.reading_order.groups import Chain, Groups
from craftlite.reading_order.linking import chains_of, joined
from craftlite.reading_order.rows import join_rows
from craftlite.reading_order.strokes import Strokes, edges, strokes_of
from craftlite.reading_order.vectors import STRAIGHT, dot, unit

VERTICAL = 60.0  # degrees from level; steeper lines are read downwards


@dataclass(frozen=True, eq=False)
class Line:
    """A line of text.

    Attributes:
        words: the indices of its words, in reading order.
        quad: (4, 2) float32, pixels, the smallest rectangle in its direction, clockwise from where
            reading starts.
        polygon: (K, 2) float32, the same, or the outline if the line is curved.
        block: the number of its block, from 0 in reading order.
        vertical: whether it is read downwards.
        angle: degrees of its reading direction, clockwise from level, in -180..180; in -80..100
            if the line is straight.
    """

    words: tuple[int, ...]
    quad: Points
    polygon: Points
    block: int
    vertical: bool
    angle: float


def find_lines(quads: Points, polygons: tuple[Points, ...]) -> tuple[Line, ...]:
    """Find the lines of words, in reading order.

    Text reads rightwards, however it is rotated; text steeper than 80 degrees reads downwards.
    The order of the words, and where their outlines start, do not matter.

    Args:
        quads: (N, 4, 2) pixels.
        polygons: N outlines (K, 2), or quads for words that are not curved.
    """
    if len(quads) == 0:
        return ()
    strokes = strokes_of(quads, polygons)
    runs = chains_of(strokes)
    rows = join_rows(joined(strokes, runs))
    lines = [[word for run in row for word in runs[run]] for row in rows]
    of_lines = joined(strokes, lines)
    boxes = _boxes(of_lines, lines, quads)
    blocks = stacks(boxes, LEADING)
    order = in_order(merged(boxes, blocks))
    straight = dot(of_lines.enters, of_lines.leaves) > STRAIGHT
    rectangles = boxes.corners.astype(np.float32)
    angles = np.rad2deg(np.arctan2(boxes.along[:, 1], boxes.along[:, 0]))
    return tuple(
        Line(
            words=tuple(lines[line]),
            quad=rectangles[line],
            polygon=rectangles[line].copy()
            if straight[line]
            else _outline(strokes, polygons, lines[line]),
            block=number,
            vertical=bool(angles[line] > VERTICAL),
            angle=float(angles[line]),
        )
        for number, block in enumerate(order)
        for line in blocks[block]
    )


def _boxes(of_lines: Strokes, lines: list[Chain], quads: Points) -> Boxes:
    groups, along = Groups.from_chains(lines), unit(of_lines.enters + of_lines.leaves)
    corners = surrounding(quads[groups.members].astype(np.float64), along, groups)
    return Boxes(corners, along, of_lines.height, of_lines.weight)


def _outline(strokes: Strokes, polygons: tuple[Points, ...], line: Chain) -> Points:
    """Return the outline along the upper edges of a bent line's words, and back along the lower."""
    uppers, lowers = zip(*(edges(strokes, word, polygons[word]) for word in line), strict=True)
    outline = np.concatenate([*uppers, np.concatenate(lowers)[::-1]])
    return clockwise(outline.astype(np.float32))
