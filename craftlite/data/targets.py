"""Ground truth as maps at half size: region score, affinity score and how far each pixel counts.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019, sections 3.2.1 and 3.2.2.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Word
from craftlite.geometry import Points, is_convex, to_square
from craftlite.preprocess import MAP_STRIDE

# The Gaussian covers the character's box enlarged by half and has fallen to 0.25 at the box's own
# edge. The paper gives no figures; these agree with what public retrainings settled on.
ENLARGEMENT = 1.5
SIGMA = 0.4  # of the enlarged box's half side
# So fine that reading between its pixels errs by less than 1e-3; odd, so that it holds the peak.
TEMPLATE_SIZE = 129
# Width of a character over the height of its word, where no transcription tells how many there are.
TYPICAL_ASPECT = 0.55
# A word this many times as high as it is long is read downwards, if it has characters enough.
TALL = 1.5
FEWEST_STACKED = 3
# Below this height in pixels of the crop, a word has no characters that could be learnt.
SMALLEST_WORD = 6.0
# Confidence in characters that are a word's even parts (section 3.2.2).
GUESSED = 0.5


@cache
def gaussian_template() -> npt.NDArray[np.float32]:
    """An isotropic Gaussian of peak 1, float32, TEMPLATE_SIZE square."""
    axis = np.linspace(-1, 1, TEMPLATE_SIZE)
    profile = np.exp(-0.5 * (axis / SIGMA) ** 2)
    return np.outer(profile, profile).astype(np.float32)


def split_evenly(outline: Points, count: int) -> Points:
    """Characters (count, 4, 2): a word's outline cut in equal parts along its reading direction.

    outline: (2k, 2), k points along the upper edge, then k back along the lower one. Both edges are
    cut at equal shares of their length. A tall quad with three characters or more is read as
    vertical text and cut along its height.
    """
    if len(outline) == 4 and count >= FEWEST_STACKED and _is_tall(outline):
        right, left = _edges(np.roll(outline, -1, axis=0))
        left, right = _cut(left, count), _cut(right, count)
        return np.stack([left[:-1], right[:-1], right[1:], left[1:]], axis=1)
    upper, lower = (_cut(edge, count) for edge in _edges(outline))
    return np.stack([upper[:-1], upper[1:], lower[1:], lower[:-1]], axis=1)


def _edges(outline: Points) -> tuple[Points, Points]:
    """Upper and lower edge (k, 2), both in reading direction."""
    half = len(outline) // 2
    return outline[:half], outline[half:][::-1]


def _cut(edge: Points, count: int) -> Points:
    """Points (count + 1, 2) at equal distances along an edge (k, 2)."""
    steps = np.hypot(*(edge[1:] - edge[:-1]).T)
    passed = np.concatenate([[0], np.cumsum(steps)])
    places = np.linspace(0, passed[-1], count + 1)
    xs, ys = (np.interp(places, passed, values) for values in edge.T)
    return np.stack([xs, ys], axis=1).astype(np.float32)


def _extent(outline: Points) -> tuple[float, float]:
    """Length along and height across the reading direction, in pixels; means over the outline."""
    upper, lower = _edges(outline)
    along = np.concatenate([upper[1:] - upper[:-1], lower[1:] - lower[:-1]])
    return float(np.hypot(*along.T).sum() / 2), float(np.hypot(*(lower - upper).T).mean())


def _is_tall(outline: Points) -> bool:
    length, height = _extent(outline)
    return height > TALL * length


def word_height(quads: Points) -> float:
    """Mean length in pixels of the sides that cross the reading direction of quads (..., 4, 2)."""
    sides = quads[..., [3, 2], :] - quads[..., [0, 1], :]
    return float(np.hypot(sides[..., 0], sides[..., 1]).mean())


def characters_of(word: Word) -> Points:
    """The word's characters (M, 4, 2), M >= 1: known ones, or its outline split evenly.

    The number of parts is that of the text's letters without spaces, or follows from the outline's
    length where there is no text. An outline of more than four points is cut along its curve if
    its points run there and back along the word; any that gives no proper parts is cut in its
    least rectangle.
    """
    if word.characters is not None and len(word.characters):
        return word.characters
    points = len(word.polygon)
    if points == 4 or (points % 2 == 0 and not _is_tall(word.polygon)):
        parts = _guess(word.polygon, word.text)
        if is_convex(parts).all():
            return parts
    return _guess(_least_rectangle(word.polygon), word.text)


def _guess(outline: Points, text: str | None) -> Points:
    if text:
        return split_evenly(outline, len(text.replace(" ", "")) or 1)
    if _is_tall(outline):
        # Without a text nothing says where reading starts; the long side is the reading direction.
        outline = np.roll(outline, -1, axis=0)
    length, height = _extent(outline)
    return split_evenly(outline, max(1, round(length / max(TYPICAL_ASPECT * height, 1.0))))


def _least_rectangle(outline: Points) -> Points:
    quad = cv2.boxPoints(cv2.minAreaRect(outline)).astype(np.float32)
    # The box starts from any corner; reading starts where the outline does.
    start = np.hypot(*(quad - outline[0]).T).argmin()
    return np.roll(quad, -int(start), axis=0)


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
    limits = np.array(score.shape[::-1])
    template = gaussian_template()
    centres = quads.mean(axis=1, keepdims=True)
    boxes = centres + ENLARGEMENT * (quads - centres)
    low = np.maximum(np.floor(boxes.min(axis=1)), 0).astype(int)
    high = np.minimum(np.ceil(boxes.max(axis=1)) + 1, limits).astype(int)
    side = TEMPLATE_SIZE - 1
    to_template = np.diag([side, side, 1]) @ to_square(boxes - low[:, None])
    drawable = (low < high).all(axis=1) & np.isfinite(to_template).all(axis=(1, 2))
    for i in np.flatnonzero(drawable):
        (left, top), (right, bottom) = low[i].tolist(), high[i].tolist()
        size, flags = (right - left, bottom - top), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        drawn = cv2.warpPerspective(template, to_template[i], size, flags=flags)
        region = score[top:bottom, left:right]
        np.maximum(region, drawn, out=region)


def render_targets(
    words: Sequence[Word], size: tuple[int, int]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Score maps (2, h, w), region then affinity, and the confidence (h, w), all float32 in 0..1.

    words: in the pixels of a picture of `size` (width, height); h and w are half of it. Confidence
    is 1 on the ground, and within a word's outline as `confidence_in` says. Where words overlap,
    the larger score stays, and the smaller confidence.
    """
    width, height = size[0] // MAP_STRIDE, size[1] // MAP_STRIDE
    scores = np.zeros((2, height, width), np.float32)
    confidence = np.ones((height, width), np.float32)
    characters = [characters_of(word) for word in words]
    sure = [confidence_in(*pair) for pair in zip(words, characters, strict=True)]
    # The least sure word is painted last, so that it stays.
    for i in sorted(range(len(words)), key=lambda i: -sure[i]):
        if sure[i] < 1:
            outline = np.round(_on_map(words[i].polygon)).astype(np.int32)
            cv2.fillPoly(confidence, [outline], sure[i])
    learnt = [quads for quads, share in zip(characters, sure, strict=True) if share > 0]
    if learnt:
        quads = _on_map(np.concatenate(learnt))
        add_gaussians(scores[0], quads)
        # The last character of a word and the first of the next have no link.
        ends = np.cumsum([len(part) for part in learnt])[:-1] - 1
        add_gaussians(scores[1], np.delete(affinity_quads(quads), ends, axis=0))
    return scores, confidence


def confidence_in(word: Word, characters: Points) -> float:
    """How sure the word's `characters` (M, 4, 2) are, in 0..1, by section 3.2.2 of the paper.

    Known ones are as sure as the word says, even parts half as sure as truth. It is 0 for
    don't-care words and those too small to hold characters, which teach nothing.
    """
    if word.ignore or word_height(characters) < SMALLEST_WORD:
        return 0.0
    return GUESSED if characters is not word.characters else word.confidence


def _on_map(points: Points) -> Points:
    """Points of the picture in the map's pixels: pixel x lies at (x + 0.5) / 2 - 0.5 of the map."""
    return ((points + 0.5) / MAP_STRIDE - 0.5).astype(np.float32)
