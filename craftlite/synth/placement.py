"""Where blocks of text go: turned and in perspective, on calm places first, never overlapping."""

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Matrix, Picture, Points, box, transform

# The maps of what is free and what is calm are this many times smaller than the picture.
COARSE = 4
TRIES = 10
CALM_FIRST = 0.75  # share of the blocks that take the calmest free place instead of the first
TURNED = 0.12  # share of the blocks that stand on their side or on their head
# Perspective: standard deviation of how much nearer one end of a block is, and the most.
DEPTH, MOST_DEPTH = 0.1, 0.25
STEEP = 0.15  # share of the blocks with twice of both


class Room:
    """What of a picture (height, width, 3) is still free, and how busy it is."""

    def __init__(self, picture: Picture) -> None:
        height, width = picture.shape[:2]
        self.size = (width, height)
        small = (max(1, width // COARSE), max(1, height // COARSE))
        grey = cv2.cvtColor(cv2.resize(picture, small), cv2.COLOR_RGB2GRAY)
        edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        self._busy = cv2.integral(edges)
        self._taken = np.zeros(grey.shape, np.uint8)

    def place(self, rng: np.random.Generator, corners: Points) -> Matrix | None:
        """The translation that puts corners (4, 2) in pixels into a free place, which is taken.

        None where a few tries find none.
        """
        low, high = corners.min(axis=0), corners.max(axis=0)
        room = np.array(self.size) - (high - low)
        if (room <= 0).any():
            return None
        shifts = rng.random((TRIES, 2)) * room - low
        free = [shift for shift in shifts if not self._overlaps(corners + shift)]
        if not free:
            return None
        shift = free[0]
        if rng.random() < CALM_FIRST:
            shift = min(free, key=lambda s: self._busyness(low + s, high + s))
        self.take(corners + shift)
        matrix = np.eye(3)
        matrix[:2, 2] = shift
        return matrix

    def take(self, outline: Points) -> None:
        """Nothing is placed any more inside an outline (K, 2) in pixels, or close to it."""
        coarse = _coarse(outline)
        cv2.fillPoly(self._taken, [coarse], 1)
        # The border keeps neighbours apart, which else would read as one word.
        cv2.polylines(self._taken, [coarse], True, 1, 3)

    def _overlaps(self, corners: npt.NDArray[np.floating]) -> bool:
        outline = _coarse(corners)
        (left, top), (right, bottom) = np.maximum(outline.min(axis=0), 0), outline.max(axis=0) + 1
        taken = self._taken[top:bottom, left:right]
        if not taken.any():
            return False
        mask = np.zeros(taken.shape, np.uint8)
        cv2.fillConvexPoly(mask, outline - np.array([left, top], np.int32), 1)
        return bool((mask & taken).any())

    def _busyness(self, low: npt.NDArray[np.floating], high: npt.NDArray[np.floating]) -> float:
        """Mean steepness of the grey values in a box."""
        whole = self._busy
        limit = np.array(whole.shape[::-1]) - 1
        left, top = np.clip(low // COARSE, 0, limit - 1).astype(int)
        right, bottom = np.clip(high // COARSE + 1, (left + 1, top + 1), limit).astype(int)
        total = whole[bottom, right] - whole[top, right] - whole[bottom, left] + whole[top, left]
        return float(total / ((right - left) * (bottom - top)))


def _coarse(corners: npt.NDArray[np.floating]) -> npt.NDArray[np.int32]:
    return np.rint(corners / COARSE).astype(np.int32)


def random_pose(rng: np.random.Generator, em: float, extent: npt.NDArray[np.floating]) -> Matrix:
    """A homography of a block in ems to pixels, `em` pixels high, about the middle of its box.

    extent: (left, top, right, bottom) of the box. Mostly level, sometimes slanted, now and then on
    its side like the back of a book, or upside down; narrower or wider, sheared, and with one end
    farther away than the other.
    """
    chance = rng.random()
    degrees = rng.normal(0, 3 if chance < 0.7 else 15)
    if chance > 1 - TURNED:
        degrees += (90, -90, 180)[int(np.searchsorted((0.4, 0.8), rng.random()))]
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    wide = np.exp(rng.normal(0, 0.12))
    shape = np.array([[wide, rng.normal(0, 0.08)], [0, 1 / wide]]) * em
    matrix = np.eye(3)
    matrix[:2, :2] = np.array([[cos, -sin], [sin, cos]]) @ shape
    # The far end of a block is up to a third smaller, of a steep one up to two thirds; the way
    # there runs along or across it.
    depth = 2.0 if rng.random() < STEEP else 1.0
    size = (extent[2:] - extent[:2]).astype(np.float64)
    slope = depth * np.clip(rng.normal(0, DEPTH, 2), -MOST_DEPTH, MOST_DEPTH)
    matrix[2, :2] = slope / np.maximum(size, 1e-3)
    to_middle = np.eye(3)
    to_middle[:2, 2] = -(extent[:2] + extent[2:]) / 2
    pose: Matrix = matrix @ to_middle
    return pose


def block_corners(extent: npt.NDArray[np.floating], pad: float, matrix: Matrix) -> Points:
    """The corners (4, 2) of a block's box, `pad` ems around it, under a homography."""
    return transform(box(*(extent + np.array([-pad, -pad, pad, pad]))), matrix)
