"""Ground truth as maps at half size: region score, affinity score, and weight of each pixel.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019, sections 3.2.1 and 3.2.2.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Word
from craftlite.data.word_geometry import affinity_quads, characters_of, word_height
from craftlite.geometry import Map, Points, to_square
from craftlite.preprocess import MAP_STRIDE

Corners = npt.NDArray[np.int64]

# The Gaussian covers the character's box enlarged by half, and falls to 0.25 at the edge of the box
# itself. The paper gives no values; these agree with public retrainings.
ENLARGEMENT = 1.5
SIGMA = 0.4  # of the enlarged box's half side
# Fine enough for interpolation errors below 1e-3; odd, so that a pixel holds the peak.
TEMPLATE_SIZE = 129
# A word lower than this, in pixels of the crop, has no characters that could be learnt.
SMALLEST_WORD = 6.0
# Confidence of characters that are even parts of a word (section 3.2.2).
GUESSED = 0.5


@cache
def gaussian_template() -> Map:
    """Return an isotropic Gaussian of peak 1, float32, TEMPLATE_SIZE square."""
    axis = np.linspace(-1, 1, TEMPLATE_SIZE)
    profile = np.exp(-0.5 * (axis / SIGMA) ** 2)
    return np.outer(profile, profile).astype(np.float32)


def add_gaussians(score: Map, quads: Points) -> None:
    """Draw the template into quads (M, 4, 2) in the map's pixels; the larger value wins."""
    template = gaussian_template()
    boxes, low, high = enlarged_boxes(quads, (score.shape[1], score.shape[0]))
    side = TEMPLATE_SIZE - 1
    to_template = np.diag([side, side, 1]) @ to_square(boxes - low[:, None])
    drawable = (low < high).all(axis=1) & np.isfinite(to_template).all(axis=(1, 2))
    for i in np.flatnonzero(drawable):
        (left, top), (right, bottom) = low[i].tolist(), high[i].tolist()
        size, flags = (right - left, bottom - top), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        drawn = cv2.warpPerspective(template, to_template[i], size, flags=flags)
        region = score[top:bottom, left:right]
        np.maximum(region, drawn, out=region)


def enlarged_boxes(quads: Points, size: tuple[int, int]) -> tuple[Points, Corners, Corners]:
    """Enlarge quads (M, 4, 2) to the extent of their Gaussians, and find the pixels they cover.

    size: (width, height) of the map. The pixels are returned as the first ones (M, 2) and the first
    ones beyond (M, 2); a quad outside the map has none.
    """
    centres = quads.mean(axis=1, keepdims=True)
    boxes = centres + ENLARGEMENT * (quads - centres)
    low = np.maximum(np.floor(boxes.min(axis=1)), 0).astype(int)
    high = np.minimum(np.ceil(boxes.max(axis=1)) + 1, size).astype(int)
    return boxes, low, high


def render_targets(words: Sequence[Word], size: tuple[int, int]) -> tuple[Map, Map]:
    """Render score maps (2, h, w), region then affinity, and confidence (h, w), float32 in 0..1.

    words: in the pixels of a picture of `size` (width, height); h and w are half of it. Confidence
    is 1 on the background and that of `confidence_in` within a word's outline. Where words overlap,
    the larger score and the smaller confidence are kept.
    """
    width, height = size[0] // MAP_STRIDE, size[1] // MAP_STRIDE
    scores = np.zeros((2, height, width), np.float32)
    confidence = np.ones((height, width), np.float32)
    characters = [characters_of(word) for word in words]
    sure = [confidence_in(*pair) for pair in zip(words, characters, strict=True)]
    # The word with the least confidence is painted last, so that its value is kept.
    for i in sorted(range(len(words)), key=lambda i: -sure[i]):
        if sure[i] < 1:
            outline = np.round(on_map(words[i].polygon)).astype(np.int32)
            cv2.fillPoly(confidence, [outline], sure[i])
    learnt = [quads for quads, share in zip(characters, sure, strict=True) if share > 0]
    if learnt:
        quads = on_map(np.concatenate(learnt))
        add_gaussians(scores[0], quads)
        # The last character of a word and the first of the next have no link.
        ends = np.cumsum([len(part) for part in learnt])[:-1] - 1
        add_gaussians(scores[1], np.delete(affinity_quads(quads), ends, axis=0))
    return scores, confidence


def confidence_in(word: Word, characters: Points) -> float:
    """Return the confidence in a word's `characters` (M, 4, 2), in 0..1, by the paper's 3.2.2.

    Known characters have the word's own confidence, even parts have GUESSED. It is 0 for don't-care
    words and words too small to show characters, which are not learnt.
    """
    return 0.0 if word_height(characters) < SMALLEST_WORD else confidence_at_any_size(word)


def confidence_at_any_size(word: Word) -> float:
    """Return the confidence in a word's characters, in 0..1, if it is large enough to be learnt."""
    if word.ignore:
        return 0.0
    return GUESSED if word.characters is None else word.confidence


def on_map(points: Points) -> Points:
    """Convert points of the picture to map pixels: pixel x is at (x + 0.5) / 2 - 0.5 of the map."""
    return ((points + 0.5) / MAP_STRIDE - 0.5).astype(np.float32)
