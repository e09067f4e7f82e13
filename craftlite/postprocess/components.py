"""From the network's two maps to words: CRAFT's post-processing (section 3.4 of the paper).

Pixels of text, or of a link between characters, form connected components, each of which is a word.
The time to process a component is proportional to its own size, not to the map's.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.calibration import Evidence
from craftlite.errors import ConfigError, InputError
from craftlite.geometry import Labels, Map, Mask, Points, box, heights
from craftlite.postprocess.characters import split_characters
from craftlite.postprocess.outline import curved_outline
from craftlite.words import Words

MAX_SIDE = 32766  # pixels, OpenCV's limit for warping
MAX_GROWTH = 4
MIN_AREA = 10  # pixels; smaller components are noise
SQUARE_TOLERANCE = 0.1  # with sides closer than this, the smallest rectangle's angle is arbitrary


@dataclass(frozen=True)
class Thresholds:
    """The levels that decide which pixels belong to a word; the defaults are the public code's.

    Attributes:
        text: in 0..1; a component is a word only if its highest region score reaches this.
        link: in 0..1; pixels with an affinity score above it join characters.
        low: in 0..1; pixels with a region score above it are text.
        growth: in 0..4; how far a word's box extends beyond these pixels, which only cover the
            middles of its letters, as a multiple of what the public code adds.

    Raises:
        ConfigError: a value is not a number in its range.
    """

    text: float = 0.7
    link: float = 0.4
    low: float = 0.4
    growth: float = 1.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            what, most = ("growth", MAX_GROWTH) if name == "growth" else (f"{name} threshold", 1)
            if not (isinstance(value, Real) and 0 <= float(value) <= most):
                raise ConfigError(f"The {what} must be a number from 0 to {most}, not {value!r}.")


DEFAULTS = Thresholds()


class _Word(NamedTuple):
    """One component: its label on the map, and its crop (h, w) at origin (x, y).

    ink is 1 on its text pixels; body is 1 on the ink grown towards the size of the glyphs.
    """

    labels: Labels
    label: int
    ink: Mask
    body: Mask
    region: Map
    origin: tuple[int, int]


class Found(NamedTuple):
    """Words, and for each the evidence that a calibration computes its score from."""

    words: Words
    evidence: Evidence


def words_from_maps(
    region: npt.ArrayLike,
    affinity: npt.ArrayLike,
    thresholds: Thresholds = DEFAULTS,
    *,
    polygons: bool = True,
    characters: bool = False,
) -> Words:
    """Find the words in two score maps, by CRAFT's published rules (Baek et al. 2019, 3.4).

    A component is dropped if it has fewer than 10 pixels, if no region score in it reaches
    ``thresholds.text``, or if it has links only and no text pixel; every other one is a word.

    Args:
        region: (H, W) floating point, H and W in 1..32766; finite, not bounded to 0..1.
        affinity: (H, W) floating point, likewise.
        thresholds: the levels that decide what is text.
        polygons: whether to trace the outlines of curved words; if not, polygons are the quads.
        characters: whether to split every word into characters.

    Returns:
        Words in pixels of the maps, ``size`` being (W, H), in the order of their topmost pixels.
        A score is the mean of the region map over the component's text pixels (region above
        ``thresholds.low``), clipped to 0..1. A polygon is (14, 2), or the quad (4, 2) if the word
        is small or straight; it may leave the map. Characters are in reading order, each a box
        parallel to its word's quad. All of these pass through the centres of pixels: on a map one
        pixel high or wide they have no area.

    Raises:
        InputError: the maps differ in shape, have a side out of range, or are not two-dimensional,
            floating point and finite.
    """
    return find_words(region, affinity, thresholds, polygons, characters).words


def find_words(
    region: npt.ArrayLike,
    affinity: npt.ArrayLike,
    thresholds: Thresholds,
    polygons: bool,
    characters: bool,
) -> Found:
    """Find words like `words_from_maps`, and return the evidence for each too."""
    region, affinity = _checked(region, "region"), _checked(affinity, "affinity")
    if region.shape != affinity.shape:
        sizes = f"The region map is {region.shape}, but the affinity map is {affinity.shape}."
        raise InputError(sizes)
    words = list(_components(region, affinity, thresholds))
    quads = _quads(words)
    outlines: list[Points | None] = [None] * len(words)
    glyphs: list[Points] = []
    for i, (word, quad) in enumerate(zip(words, quads, strict=True)):
        if polygons:
            outlines[i] = curved_outline(word.labels, word.label, quad, thresholds.growth)
        if characters:
            scores = word.region * word.ink
            parts = split_characters(scores, word.body, word.origin, quad, thresholds.low)
            glyphs.append(_from_top_left(parts))
    evidence = _evidence(words, quads)
    found = Words(
        quads=quads,
        polygons=tuple(q.copy() if p is None else p for p, q in zip(outlines, quads, strict=True)),
        scores=evidence[:, 1].clip(0, 1),
        size=(region.shape[1], region.shape[0]),
        characters=tuple(glyphs) if characters else None,
    )
    return Found(found, evidence)


def _evidence(words: list[_Word], quads: Points) -> Evidence:
    """Return highest and mean region score of each word's text pixels, and its quad's height."""
    result = np.empty((len(words), 3), np.float32)
    for row, word in zip(result, words, strict=True):
        row[0], row[1] = cv2.minMaxLoc(word.region, word.ink)[1], cv2.mean(word.region, word.ink)[0]
    result[:, 2] = 1 + heights(quads)  # quads run through the centres of pixels
    return result


def _checked(scores: npt.ArrayLike, name: str) -> Map:
    array = np.asarray(scores)
    if array.ndim != 2 or array.size == 0:
        raise InputError(f"The {name} map must be (height, width), not of shape {array.shape}.")
    if (side := max(array.shape)) > MAX_SIDE:
        raise InputError(f"The {name} map has a side of {side} pixels, over {MAX_SIDE}.")
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"The {name} map must hold floating point scores, not {array.dtype}.")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(array).all():
        raise InputError(f"The {name} map holds values that are not finite.")
    return array


def _components(region: Map, affinity: Map, thresholds: Thresholds) -> Iterator[_Word]:
    """Yield the components that are words, in the order of their labels."""
    # Thresholds are float32 like the maps, so that a score equal to its threshold compares equal.
    peak, link, low = np.array([thresholds.text, thresholds.link, thresholds.low], np.float32)
    text = region > low
    labels, boxes = labelled((text | (affinity > link)).view(np.uint8))
    for label, (x, y, width, height, area) in enumerate(boxes.tolist(), start=1):
        if area < MIN_AREA:
            continue
        share = area * min(width, height) / (width * height)
        growth = int(math.sqrt(share) * 2 * thresholds.growth)
        rows = slice(max(y - growth, 0), y + height + growth + 1)
        columns = slice(max(x - growth, 0), x + width + growth + 1)
        ink = ((labels[rows, columns] == label) & text[rows, columns]).view(np.uint8)
        scores = region[rows, columns]
        if cv2.minMaxLoc(scores, ink)[1] < peak or not ink.any():
            continue
        body = cv2.dilate(ink, np.ones((1 + growth, 1 + growth), np.uint8))
        origin = (columns.start, rows.start)
        yield _Word(labels, label, ink, np.asarray(body, np.uint8), scores, origin)


def labelled(joined: Mask) -> tuple[Labels, npt.NDArray[np.intp]]:
    """Return component numbers from 1 on (H, W), and x, y, width, height and area (N, 5) of each.

    The boxes are computed from the runs of pixels, which are few, because
    `cv2.connectedComponentsWithStats` visits every pixel again, which takes three times as long as
    labelling the components.
    """
    # A border of zeros ends every run within its row.
    bordered = cv2.copyMakeBorder(joined, 0, 0, 1, 1, cv2.BORDER_CONSTANT)
    count, found = cv2.connectedComponents(bordered, connectivity=4)
    labels, flat = np.asarray(found, np.int32), bordered.ravel()
    starts, ends = (np.flatnonzero(flat[1:] != flat[:-1]) + 1).reshape(-1, 2).T
    numbers, lengths = labels.ravel()[starts], ends - starts
    y, x = np.divmod(starts, bordered.shape[1])
    x -= 1
    least, most = np.full((2, count), flat.size), np.zeros((2, count), int)
    for axis, first, end in ((0, x, x + lengths), (1, y, y + 1)):
        np.minimum.at(least[axis], numbers, first)
        np.maximum.at(most[axis], numbers, end)
    areas = np.bincount(numbers, lengths, count).astype(int)
    return labels[:, 1:-1], np.stack([*least, *(most - least), areas], axis=1)[1:]


def _quads(words: list[_Word]) -> Points:
    """Return the smallest rectangles (N, 4, 2) around the bodies, upright if nearly square."""
    outlines = [_outline_points(word) for word in words]
    boxes = [cv2.boxPoints(cv2.minAreaRect(points)) for points in outlines]
    corners = np.array(boxes, np.float32).reshape(-1, 4, 2)
    sides = np.linalg.norm(np.diff(corners[:, :3], axis=1), axis=2)
    ratios = sides.max(axis=1) / (sides.min(axis=1) + 1e-5)
    for i in np.flatnonzero(np.abs(1 - ratios) <= SQUARE_TOLERANCE):
        left, top, width, height = cv2.boundingRect(outlines[i])
        right, bottom = left + width - 1, top + height - 1
        corners[i] = box(left, top, right, bottom)
    return _from_top_left(corners)


def _outline_points(word: _Word) -> npt.NDArray[np.int32]:
    """Return pixels (K, 1, 2) in the map with the same convex hull as the whole body."""
    contours, _ = cv2.findContours(
        word.body, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=word.origin
    )
    return np.concatenate(contours).astype(np.int32)


def _from_top_left(corners: Points) -> Points:
    """Roll clockwise quads (N, 4, 2) to start from the corner with the smallest x + y."""
    first = corners.sum(axis=2).argmin(axis=1)
    order = (first[:, None] + np.arange(4)) % 4
    return np.take_along_axis(corners, order[:, :, None], axis=1)
