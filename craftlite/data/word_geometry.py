"""A word's characters: known ones, or even parts of its outline, and the gaps between them.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019, sections 3.2.1 and 3.2.2.
"""

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Word, letters_of
from craftlite.geometry import Points, edges, extent, is_convex, points_along

# Width of a character over the height of its word, for words without a transcription.
TYPICAL_ASPECT = 0.55
# A word this many times as high as it is long is read downwards, if it has characters enough.
TALL = 1.5
FEWEST_STACKED = 3
MOST_GUESSED = 1000  # characters; a box of a million pixels by one is a mistake, not a word


def split_evenly(outline: Points, count: int) -> Points:
    """Characters (count, 4, 2): a word's outline cut in equal parts along its reading direction.

    outline: (2k, 2), k points along the upper edge, then k back along the lower one. Both edges are
    cut at equal shares of their length. A tall quad with three characters or more is read as
    vertical text and cut along its height.
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
    """Mean length in pixels of the sides that cross the reading direction of quads (..., 4, 2)."""
    sides = quads[..., [3, 2], :] - quads[..., [0, 1], :]
    return float(np.hypot(sides[..., 0], sides[..., 1]).mean())


def characters_of(word: Word) -> Points:
    """The word's characters (M, 4, 2): known ones, or its outline split evenly.

    The number of parts is that of the text's letters without spaces, or follows from the outline's
    length where there is no text. An outline of more than four points is cut along its curve if
    its points run there and back along the word; any that gives no proper parts is cut in its
    least rectangle.
    """
    return word.characters if word.characters is not None else _outline_and_parts(word)[1]


def reading_outline(word: Word) -> Points:
    """What even parts are cut from (2k, 2): k points along the reading direction, then k back.

    A tall one starts at its upper right corner, so that its first edge runs down.
    """
    outline = _outline_and_parts(word)[0]
    if not _is_tall(outline) or 0 < letters(word) < FEWEST_STACKED:
        return outline
    return np.roll(outline, -1, axis=0)


def letters(word: Word) -> int:
    """How many letters the word's text has, spaces left out; 0 where there is none."""
    return letters_of(word.text)


def _outline_and_parts(word: Word) -> tuple[Points, Points]:
    """What is split, as annotated or its least rectangle, and its even parts (M, 4, 2)."""
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
        # Without a text, nothing shows where reading starts: the long side is its direction.
        outline = np.roll(outline, -1, axis=0)
    length, height = extent(outline)
    count = round(length / max(TYPICAL_ASPECT * height, 1.0))
    return split_evenly(outline, min(max(1, count), MOST_GUESSED))


def least_rectangle(outline: Points) -> Points:
    """The smallest rectangle (4, 2) around an outline (K, 2), from where that starts."""
    quad = cv2.boxPoints(cv2.minAreaRect(outline)).astype(np.float32)
    # The box starts from any corner; reading starts where the outline does.
    start = np.hypot(*(quad - outline[0]).T).argmin()
    return np.roll(quad, -int(start), axis=0)


def goes_down(characters: Points) -> npt.NDArray[np.bool_]:
    """Which (M - 1,) of characters (M, 4, 2) have the next one below them rather than beside."""
    # From the middle of one side to that of the other; corners run clockwise from the top left.
    along = (characters[:, 1] + characters[:, 2] - characters[:, 0] - characters[:, 3]) / 2
    across = (characters[:, 2] + characters[:, 3] - characters[:, 0] - characters[:, 1]) / 2
    ahead = np.diff(characters.mean(axis=1), axis=0)
    sideways = abs((ahead * along[:-1]).sum(axis=1)) * np.linalg.norm(across[:-1], axis=1)
    downwards = abs((ahead * across[:-1]).sum(axis=1)) * np.linalg.norm(along[:-1], axis=1)
    return np.asarray(downwards > sideways)


def affinity_quads(characters: Points) -> Points:
    """Quads (M - 1, 4, 2) between neighbours of characters (M, 4, 2), as in the paper's figure 3.

    A character's diagonals cut it into triangles; the centres of the upper and lower one, with
    those of the next character, are the corners. Where the next character is below (vertical
    text), the left and right triangles take their place.
    """
    centre = characters.mean(axis=1)
    upper, right, lower, left = (
        (characters[:, side] + characters[:, (side + 1) % 4] + centre) / 3 for side in range(4)
    )
    down = goes_down(characters)[:, None]
    one = np.where(down, left[:-1], upper[:-1]), np.where(down, left[1:], upper[1:])
    two = np.where(down, right[1:], lower[1:]), np.where(down, right[:-1], lower[:-1])
    return np.stack([*one, *two], axis=1)
