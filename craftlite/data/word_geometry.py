"""A word's characters: known ones, or even parts of its outline, and the gaps between them.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019, sections 3.2.1 and 3.2.2.
"""

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Word, letters_of
from craftlite.geometry import Points, edges, extent, is_convex, points_along

# Width of a character relative to the height of its word, for words without a transcription.
TYPICAL_ASPECT = 0.55
# A word with a greater ratio of height to length is read downwards, if it has enough characters.
TALL = 1.5
FEWEST_STACKED = 3
MOST_GUESSED = 1000  # characters; a box of a million pixels by one is a mistake, not a word


def split_evenly(outline: Points, count: int) -> Points:
    """Return characters (count, 4, 2): an outline cut into equal parts along its reading direction.

    outline: (2k, 2), k points along the upper edge, then k back along the lower one. Both edges are
    cut into parts of equal length. A tall quad with three or more characters is read as vertical
    text and cut along its height.
    """
    shares = np.linspace(0, 1, count + 1)
    if len(outline) == 4 and count >= FEWEST_STACKED and _is_tall(outline):
        right, left = (points_along(edge, shares) for edge in edges(np.roll(outline, -1, axis=0)))
        return np.stack([left[:-1], right[:-1], right[1:], left[1:]], axis=1)
    upper, lower = (points_along(edge, shares) for edge in edges(outline))
    return np.stack([upper[:-1], upper[1:], lower[1:], lower[:-1]], axis=1)


def _is_tall(outline: Points) -> bool:
    length, height = extent(outline)
    return height > TALL * length


def word_height(quads: Points) -> float:
    """Return the mean length in pixels of the sides of quads (..., 4, 2) across the reading."""
    sides = quads[..., [3, 2], :] - quads[..., [0, 1], :]
    return float(np.hypot(sides[..., 0], sides[..., 1]).mean())


def characters_of(word: Word) -> Points:
    """Return the word's characters (M, 4, 2): known ones, or its outline split evenly.

    The number of parts is the number of letters in the text without spaces, or follows from the
    outline's length if there is no text. An outline of more than four points is cut along its curve
    if its points run there and back along the word. If an outline gives no convex parts, its
    smallest rectangle is cut instead.
    """
    return word.characters if word.characters is not None else _outline_and_parts(word)[1]


def reading_outline(word: Word) -> Points:
    """Return the outline (2k, 2) that even parts are cut from: k points along the reading, k back.

    A tall one starts at its upper right corner, so that its first edge runs down.
    """
    outline = _outline_and_parts(word)[0]
    if not _is_tall(outline) or 0 < letters(word) < FEWEST_STACKED:
        return outline
    return np.roll(outline, -1, axis=0)


def letters(word: Word) -> int:
    """Return the number of letters in the word's text, without spaces; 0 without a text."""
    return letters_of(word.text)


def _outline_and_parts(word: Word) -> tuple[Points, Points]:
    """Return the outline to split, or its smallest rectangle, and its even parts (M, 4, 2)."""
    points = len(word.polygon)
    if points == 4 or (points % 2 == 0 and not _is_tall(word.polygon)):
        parts = _guess(word.polygon, letters(word))
        if is_convex(parts).all():
            return word.polygon, parts
    rectangle = least_rectangle(word.polygon)
    return rectangle, _guess(rectangle, letters(word))


def _guess(outline: Points, count: int) -> Points:
    if count:
        return split_evenly(outline, count)
    if _is_tall(outline):
        # Without a text, the reading direction is unknown, and the long side is used.
        outline = np.roll(outline, -1, axis=0)
    length, height = extent(outline)
    count = round(length / max(TYPICAL_ASPECT * height, 1.0))
    return split_evenly(outline, min(max(1, count), MOST_GUESSED))


def least_rectangle(outline: Points) -> Points:
    """Return the smallest rectangle (4, 2) around an outline (K, 2), starting where that starts."""
    quad = cv2.boxPoints(cv2.minAreaRect(outline)).astype(np.float32)
    # The box starts from any corner; reading starts where the outline does.
    start = np.hypot(*(quad - outline[0]).T).argmin()
    return np.roll(quad, -int(start), axis=0)


def goes_down(characters: Points) -> npt.NDArray[np.bool_]:
    """Return which (M - 1,) of characters (M, 4, 2) have the next one below rather than beside."""
    # From the middle of one side to that of the other; corners run clockwise from the top left.
    along = (characters[:, 1] + characters[:, 2] - characters[:, 0] - characters[:, 3]) / 2
    across = (characters[:, 2] + characters[:, 3] - characters[:, 0] - characters[:, 1]) / 2
    ahead = np.diff(characters.mean(axis=1), axis=0)
    sideways = abs((ahead * along[:-1]).sum(axis=1)) * np.linalg.norm(across[:-1], axis=1)
    downwards = abs((ahead * across[:-1]).sum(axis=1)) * np.linalg.norm(along[:-1], axis=1)
    return np.asarray(downwards > sideways)


def affinity_quads(characters: Points) -> Points:
    """Return quads (M - 1, 4, 2) between neighbours of characters (M, 4, 2), as in figure 3.

    A character's diagonals cut it into triangles. The corners of a quad are the centres of the
    upper and lower triangles of both characters. If the next character is below (vertical text),
    the left and right triangles are used instead.
    """
    centre = characters.mean(axis=1)
    upper, right, lower, left = (
        (characters[:, side] + characters[:, (side + 1) % 4] + centre) / 3 for side in range(4)
    )
    down = goes_down(characters)[:, None]
    one = np.where(down, left[:-1], upper[:-1]), np.where(down, left[1:], upper[1:])
    two = np.where(down, right[1:], lower[1:]), np.where(down, right[:-1], lower[:-1])
    return np.stack([*one, *two], axis=1)
