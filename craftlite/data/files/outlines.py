"""Which outlines are taken: repairing one that crosses itself often would take minutes."""

import numpy as np
import shapely

from craftlite.data.annotations import UnreadableError
from craftlite.geometry import Points

MOST_POINTS = 500
MOST_CROSSINGS = 100  # annotators cross a handful; repair takes the square of their number


def check_outline(outline: Points, where: str) -> Points:
    """The outline (K, 2) itself, if it has few enough points and crossings to be worked with.

    Raises:
        UnreadableError: it has more; it is that of `where`, "FILE:LINE" or "FILE: key".
    """
    if len(outline) > MOST_POINTS:
        expected = f"an outline of at most {MOST_POINTS}; leave out points that lie close together"
        raise UnreadableError(where, f"{len(outline)} points", expected)
    possible = len(outline) * (len(outline) - 3) // 2
    if possible > MOST_CROSSINGS and (found := _crossings(outline)) > MOST_CROSSINGS:
        expected = f"at most {MOST_CROSSINGS}; give the points in the order of the outline"
        raise UnreadableError(where, f"an outline that crosses itself {found} times", expected)
    return outline


def _crossings(outline: Points) -> int:
    """How many pairs of sides that are not neighbours touch."""
    sides = shapely.linestrings(np.stack([outline, np.roll(outline, -1, axis=0)], axis=1))
    pairs = len(shapely.STRtree(sides).query(sides, predicate="intersects").T)
    # The tree finds each side with itself and with its two neighbours, and every other pair twice.
    return (pairs - 3 * len(sides)) // 2
