"""Ground truth as maps at half size: region score, affinity score and where the loss counts.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019, section 3.2.1.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Word
from craftlite.geometry import Points
from craftlite.preprocess import MAP_STRIDE

# The Gaussian covers the character's box enlarged by half and has fallen to 0.25 at the box's own
# edge. The paper gives no figures; these agree with what public retrainings settled on.
ENLARGEMENT = 1.5
SIGMA = 0.4  # of the enlarged box's half side
TEMPLATE_SIZE = 64
# Width of a character over the height of its word, where no transcription tells how many there are.
TYPICAL_ASPECT = 0.55
# Below this height in pixels of the crop, a word has no characters that could be learnt.
SMALLEST_WORD = 6.0


@cache
def gaussian_template() -> npt.NDArray[np.float32]:
    """An isotropic Gaussian of peak 1, float32, TEMPLATE_SIZE square."""
    axis = np.linspace(-1, 1, TEMPLATE_SIZE)
    profile = np.exp(-0.5 * (axis / SIGMA) ** 2)
    return np.outer(profile, profile).astype(np.float32)


def split_evenly(quad: Points, count: int) -> Points:
    """Characters (count, 4, 2): a word's quad cut in equal parts along its reading direction.

    A tall quad with three characters or more is read as vertical text and cut along its height.
    """
    top_left, top_right, bottom_right, bottom_left = quad
    width = np.linalg.norm(top_right - top_left) + np.linalg.norm(bottom_right - bottom_left)
    height = np.linalg.norm(bottom_left - top_left) + np.linalg.norm(bottom_right - top_right)
    cuts = np.linspace(0, 1, count + 1, dtype=np.float32)[:, None]
    if count >= 3 and height > 1.5 * width:
        left = top_left + cuts * (bottom_left - top_left)
        right = top_right + cuts * (bottom_right - top_right)
        return np.stack([left[:-1], right[:-1], right[1:], left[1:]], axis=1)
    top = top_left + cuts * (top_right - top_left)
    bottom = bottom_left + cuts * (bottom_right - bottom_left)
    return np.stack([top[:-1], top[1:], bottom[1:], bottom[:-1]], axis=1)


def word_height(quad: Points) -> float:
    """Mean length in pixels of the two sides of a quad that cross its reading direction."""
    return float(np.linalg.norm(quad[[3, 2]] - quad[[0, 1]], axis=1).mean())


def characters_of(word: Word) -> Points:
    """The word's characters (M, 4, 2): known ones, or its quad split by its text or its width."""
    if word.characters is not None:
        return word.characters
    quad = word.polygon
    if len(quad) != 4:
        quad = cv2.boxPoints(cv2.minAreaRect(word.polygon)).astype(np.float32)
        # The box starts from any corner; reading starts where the outline does.
        start = np.linalg.norm(quad - word.polygon[0], axis=1).argmin()
        quad = np.roll(quad, -int(start), axis=0)
    if word.text:
        return split_evenly(quad, len(word.text.replace(" ", "")) or 1)
    width = float(np.linalg.norm(quad[[1, 2]] - quad[[0, 3]], axis=1).mean())
    height = word_height(quad)
    if height > 1.5 * width:
        # Without a text nothing says where reading starts; the long side is the reading direction.
        quad, width, height = np.roll(quad, -1, axis=0), height, width
    return split_evenly(quad, max(1, round(width / max(TYPICAL_ASPECT * height, 1.0))))


def affinity_quads(characters: Points) -> Points:
    """Quads (M - 1, 4, 2) between neighbours of characters (M, 4, 2), as in the paper's figure 3.

    A character's diagonals cut it into triangles; the centres of the upper and lower one, with
    those of the next character, are the corners. Where the next character stands below (vertical
    text), the left and right triangles take their place.
    """
    centre = characters.mean(axis=1)
    # Triangles over the four sides: upper, right, lower, left.
    upper, right, lower, left = (
        (characters[:, side] + characters[:, (side + 1) % 4] + centre) / 3 for side in range(4)
    )
    ahead = centre[1:] - centre[:-1]
    along, across = (right - left)[:-1], (lower - upper)[:-1]
    sideways = abs((ahead * along).sum(axis=1)) * np.linalg.norm(across, axis=1)
    downwards = abs((ahead * across).sum(axis=1)) * np.linalg.norm(along, axis=1)
    horizontal = (sideways >= downwards)[:, None]
    one = np.where(horizontal, upper[:-1], left[:-1]), np.where(horizontal, upper[1:], left[1:])
    two = np.where(horizontal, lower[1:], right[1:]), np.where(horizontal, lower[:-1], right[:-1])
    return np.stack([*one, *two], axis=1)


def add_gaussians(score: npt.NDArray[np.float32], quads: Points) -> None:
    """Draw the template into quads (M, 4, 2) in the map's pixels; the larger value wins."""
    height, width = score.shape
    template = gaussian_template()
    side = TEMPLATE_SIZE - 1
    square = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
    centres = quads.mean(axis=1, keepdims=True)
    for quad in centres + ENLARGEMENT * (quads - centres):
        left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
        right, bottom = np.minimum(np.ceil(quad.max(axis=0)).astype(int) + 1, (width, height))
        if left >= right or top >= bottom:
            continue
        corner = np.array([left, top], np.float32)
        matrix = cv2.getPerspectiveTransform(square, quad - corner)
        drawn = cv2.warpPerspective(template, matrix, (int(right - left), int(bottom - top)))
        region = score[top:bottom, left:right]
        np.maximum(region, drawn, out=region)


def render_targets(
    words: Sequence[Word], size: tuple[int, int]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Score maps (2, h, w), region then affinity in 0..1, and the loss weight (h, w), 0 or 1.

    words: in the pixels of a picture of `size` (width, height); h and w are half of it. The weight
    is 0 inside don't-care words and inside words too small to hold characters.
    """
    width, height = size[0] // MAP_STRIDE, size[1] // MAP_STRIDE
    scores = np.zeros((2, height, width), np.float32)
    weight = np.ones((height, width), np.float32)
    for word in words:
        characters = characters_of(word)
        if word.ignore or word_height(characters[0]) < SMALLEST_WORD:
            outline = np.round(word.polygon / MAP_STRIDE).astype(np.int32)
            cv2.fillPoly(weight, [outline], 0.0)
    for word in words:
        characters = characters_of(word)
        if not word.ignore and word_height(characters[0]) >= SMALLEST_WORD:
            # Pixel centres: picture pixel x lies at (x + 0.5) / 2 - 0.5 of the map.
            on_map = ((characters + 0.5) / MAP_STRIDE - 0.5).astype(np.float32)
            add_gaussians(scores[0], on_map)
            add_gaussians(scores[1], affinity_quads(on_map))
    return scores, weight
