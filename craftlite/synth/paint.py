"""Painting of letters on a background: colours, plates, outlines, shadows and glow."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.augment import log_uniform
from craftlite.geometry import Picture, Points
from craftlite.synth.raster import Coverage

Colour: TypeAlias = npt.NDArray[np.float32]
WORN = 0.1  # fraction of blocks whose ink has gaps
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Style:
    """How letters are painted; lengths are in ems unless noted otherwise.

    Attributes:
        contrast: target difference in luma from the background, 0..255.
        opacity: how much of the background the ink hides, 0..1.
        texture: how much of the background's fine detail shows in the ink, 0..1. Approximates
            mixed gradients (Perez et al., "Poisson Image Editing", 2003) without solving for them.
        gradient: difference in luma between the top and the bottom of the letters.
        feather: softness of the edges in pixels.
        outline: width of the outline around the letters.
        shadow: (right, down, softness) of a shadow, or None.
        glow: radius of a neon-like glow around the letters.
        worn: fraction of the ink that is missing, as on old signs and in bad prints, 0..1.
    """

    contrast: float = 128.0
    opacity: float = 1.0
    texture: float = 0.0
    gradient: float = 0.0
    feather: float = 0.0
    outline: float = 0.0
    shadow: tuple[float, float, float] | None = None
    glow: float = 0.0
    worn: float = 0.0

    def reach(self, em: float) -> int:
        """Return how many pixels beyond the letters the paint may extend."""
        shadow = 0.0 if self.shadow is None else max(map(abs, self.shadow[:2])) + 3 * self.shadow[2]
        return int(em * max(self.outline, shadow, 3 * self.glow) + 3 * self.feather) + 2


def random_style(rng: np.random.Generator, plain: bool) -> Style:
    """Return a random style.

    With `plain`, for pages and plates, contrast is higher and outline, shadow and glow are off.
    """
    contrast = log_uniform(rng, 80 if plain else 32, 230)
    kind = rng.random()
    return Style(
        contrast=contrast,
        opacity=rng.uniform(0.75, 1.0),
        texture=rng.uniform(0.3, 1.0) if rng.random() < 0.5 else 0.0,
        gradient=rng.normal(0, 60) if rng.random() < 0.2 else 0.0,
        feather=rng.uniform(0, 0.8),
        outline=rng.uniform(0.03, 0.09) if not plain and kind < 0.15 else 0.0,
        shadow=_random_shadow(rng) if not plain and 0.1 < kind < 0.3 else None,
        glow=rng.uniform(0.08, 0.3) if not plain and kind > 0.94 else 0.0,
        worn=rng.uniform(0.03, 0.2) if rng.random() < WORN else 0.0,
    )


def _random_shadow(rng: np.random.Generator) -> tuple[float, float, float]:
    right, down = rng.uniform(-0.08, 0.08, 2)
    return float(right), float(abs(down)), rng.uniform(0.005, 0.05)


def pick_colour(
    rng: np.random.Generator, picture: Picture, behind: Colour, contrast: float
) -> Colour:
    """Return a colour (3,) whose luma differs by about `contrast` from that of `behind`.

    Candidates are colours sampled from the picture, so that the result fits in, and saturated
    colours, near-black and near-white.
    """
    flat = picture.reshape(-1, 3)
    own = flat[(rng.random(12) * len(flat)).astype(int)].astype(np.float32)
    saturated = rng.choice(np.array([0, 255]), (4, 3)) + rng.normal(0, 25, (4, 3))
    candidates = np.concatenate([own, saturated, [[12, 12, 12], [244, 244, 244]]])
    distance = abs(candidates @ _LUMA - behind @ _LUMA)
    colour = candidates[abs(distance - contrast).argmin()] + rng.normal(0, 8, 3)
    return np.asarray(np.clip(colour, 0, 255), np.float32)


def mean_colour(picture: Picture, where: Coverage) -> Colour:
    """Return the picture's mean colour (3,) under the ink."""
    part = picture[where.place]
    total = float(where.alpha.sum())
    if total == 0:
        return np.asarray(part.reshape(-1, 3).mean(axis=0), np.float32)
    weighed = np.einsum("yxc,yx->c", part.astype(np.float32), where.alpha)
    return np.asarray(weighed / total, np.float32)


def paint_ink(
    rng: np.random.Generator, picture: Picture, coverage: Coverage, style: Style, em: float
) -> None:
    """Paint letters of `em` pixels per em onto the picture (H, W, 3) uint8, in place."""
    colour = pick_colour(rng, picture, mean_colour(picture, coverage), style.contrast)
    part = picture[coverage.place].astype(np.float32)
    other = np.clip(255 - colour, 0, 255)
    alpha = coverage.alpha
    if style.worn > 0:
        alpha = alpha * _specks(rng, alpha.shape, style.worn, em)
    if style.shadow is not None:
        right, down, softness = (float(length * em) for length in style.shadow)
        shift = np.array([[1, 0, right], [0, 1, down]], np.float32)
        shadow = cv2.warpAffine(alpha, shift, alpha.shape[::-1])
        _cover(part, _blurred(shadow, softness) * 0.8, part * 0.3)
    if style.glow > 0:
        halo = np.clip(1.6 * _blurred(alpha, style.glow * em), 0, 1)
        part += halo[..., None] * colour * 0.4
        np.minimum(part, 255, out=part)
    if style.outline > 0:
        width = 2 * max(1, round(style.outline * em)) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
        _cover(part, np.asarray(cv2.dilate(alpha, disc)), other)
    _cover(part, _blurred(alpha, style.feather) * style.opacity, _filling(part, colour, style))
    picture[coverage.place] = np.clip(part, 0, 255).astype(np.uint8)


def _specks(
    rng: np.random.Generator, shape: tuple[int, ...], share: float, em: float
) -> npt.NDArray[np.float32]:
    """Return the ink left at each pixel, 0..1; `share` of it is missing, in specks of 0.1 em."""
    height, width = shape
    cell = max(1.5, 0.1 * em)
    cells = rng.random((int(height / cell) + 2, int(width / cell) + 2), np.float32)
    field = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    level = np.quantile(field, share)
    return np.asarray(np.clip((field - level) / 0.05 + 0.5, 0, 1), np.float32)


def _filling(part: npt.NDArray[np.float32], colour: Colour, style: Style) -> Any:
    """Return the fill colour of the letters: (3,), or one colour per pixel or row."""
    filling: Any = colour
    if style.gradient:
        ramp = np.linspace(-0.5, 0.5, len(part), dtype=np.float32) * np.float32(style.gradient)
        filling = np.clip(filling + ramp[:, None, None], 0, 255)
    if style.texture:
        filling = filling + style.texture * (part - cv2.blur(part, (9, 9)))
    return filling


def _cover(part: npt.NDArray[np.float32], alpha: npt.NDArray[Any], colour: Any) -> None:
    part += alpha[..., None].astype(np.float32) * (colour - part)


def _blurred(alpha: npt.NDArray[Any], sigma: float) -> npt.NDArray[Any]:
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma)) if sigma > 0.2 else alpha


def part_around(picture: Picture, points: Points, margin: float) -> tuple[Picture, Points]:
    """Crop a picture to points (K, 2) plus a margin; return the crop and the points within it."""
    low = np.maximum(np.floor(points.min(axis=0) - margin).astype(int), 0)
    high = np.maximum(np.ceil(points.max(axis=0) + margin).astype(int), low)
    moved: Points = (points - low).astype(np.float32)
    return picture[low[1] : high[1], low[0] : high[0]], moved


def paint_plate(rng: np.random.Generator, picture: Picture, outline: Points, em: float) -> None:
    """Paint a plate, half the time with a border, inside outline (K, 2) in pixels, in place."""
    part, outline = part_around(picture, outline, int(0.2 * em) + 2)
    if part.size == 0:
        return
    behind = part.reshape(-1, 3).mean(axis=0).astype(np.float32)
    colour = pick_colour(rng, picture, behind, rng.uniform(20, 200))
    plate = part.copy()
    fixed = [np.rint(outline * 16).astype(np.int32)]
    cv2.fillPoly(plate, fixed, colour.tolist(), cv2.LINE_AA, 4)
    if rng.random() < 0.5:
        edge = pick_colour(rng, picture, colour, rng.uniform(60, 220))
        thick = max(1, int(rng.uniform(0.02, 0.12) * em))
        cv2.polylines(plate, fixed, True, edge.tolist(), thick, cv2.LINE_AA, 4)
    solid = rng.uniform(0.8, 1.0)
    part[:] = cv2.addWeighted(plate, solid, part, 1 - solid, 0)


def plate_outline(box: npt.NDArray[np.floating], pad: float, radius: float) -> Points:
    """Return a rounded rectangle (24, 2) around a box, `pad` larger per side, in the same units."""
    left, top, right, bottom = box + np.array([-pad, -pad, pad, pad])
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    middles = np.array(
        [
            [right - radius, top + radius],
            [right - radius, bottom - radius],
            [left + radius, bottom - radius],
            [left + radius, top + radius],
        ]
    )
    turns = np.deg2rad(np.linspace(-90, 0, 6) + np.array([0, 90, 180, 270])[:, None])
    arcs = middles[:, None] + radius * np.stack([np.cos(turns), np.sin(turns)], axis=2)
    return arcs.reshape(-1, 2).astype(np.float32)
