"""Placement of text blocks: random poses in perspective, at calm places, without overlap."""

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Matrix, Picture, Points, box, transform

# Scale factor by which the occupancy and busyness maps are smaller than the picture.
COARSE = 4
TRIES = 10
CALM_FIRST = 0.75  # fraction of blocks that take the calmest free place, not the first
TURNED = 0.12  # fraction of blocks turned by 90 degrees or upside down
# Perspective: standard deviation of the change in depth across a block, and its limit.
DEPTH, MOST_DEPTH = 0.1, 0.25
STEEP = 0.15  # fraction of blocks for which both are doubled


class Room:
    """The free space of a picture (height, width, 3), and how busy the picture is there."""

    def __init__(self, picture: Picture) -> None:
        height, width = picture.shape[:2]
        self.size = (width, height)
        small = (max(1, width // COARSE), max(1, height // COARSE))
        grey = cv2.cvtColor(cv2.resize(picture, small), cv2.COLOR_RGB2GRAY)
        edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        self._busy = cv2.integral(edges)
        self._taken = np.zeros(grey.shape, np.uint8)

    def place(self, rng: np.random.Generator, corners: Points) -> Matrix | None:
        """Find a free place for corners (4, 2) in pixels and mark it as taken.

        Returns:
            The translation (3, 3) that moves the corners there, or None if TRIES random positions
            were all taken or the block is larger than the picture.
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
        """Mark the inside of an outline (K, 2) in pixels, and a narrow border, as taken."""
        coarse = _coarse(outline)
        cv2.fillPoly(self._taken, [coarse], 1)
        # The border keeps neighbouring blocks apart; otherwise they could read as one word.
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
        """Return the mean gradient of the grey values in a box."""
        whole = self._busy
        limit = np.array(whole.shape[::-1]) - 1
        left, top = np.clip(low // COARSE, 0, limit - 1).astype(int)
        right, bottom = np.clip(high // COARSE + 1, (left + 1, top + 1), limit).astype(int)
        total = whole[bottom, right] - whole[top, right] - whole[bottom, left] + whole[top, left]
        return float(total / ((right - left) * (bottom - top)))


def _coarse(corners: npt.NDArray[np.floating]) -> npt.NDArray[np.int32]:
    return np.rint(corners / COARSE).astype(np.int32)


def random_pose(rng: np.random.Generator, em: float, extent: npt.NDArray[np.floating]) -> Matrix:
    """Return a random homography from a block's ems to pixels, centred on the block's box.

    Most blocks are level, some are slanted, and a few are on their side, like the title on the
    spine of a book, or upside down. Blocks are also stretched, sheared and seen in perspective.

    Args:
        rng: source of randomness.
        em: pixels per em.
        extent: (left, top, right, bottom) of the box in ems.
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
    # Along each side, the far end is up to 22 % smaller than the near end; 40 % if steep.
    depth = 2.0 if rng.random() < STEEP else 1.0
    size = (extent[2:] - extent[:2]).astype(np.float64)
    slope = depth * np.clip(rng.normal(0, DEPTH, 2), -MOST_DEPTH, MOST_DEPTH)
    matrix[2, :2] = slope / np.maximum(size, 1e-3)
    to_middle = np.eye(3)
    to_middle[:2, 2] = -(extent[:2] + extent[2:]) / 2
    pose: Matrix = matrix @ to_middle
    return pose


def block_corners(extent: npt.NDArray[np.floating], pad: float, matrix: Matrix) -> Points:
    """Return the corners (4, 2) of a block's box, padded by `pad` ems, under a homography."""
    return transform(box(*(extent + np.array([-pad, -pad, pad, pad]))), matrix)
