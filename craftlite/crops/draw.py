"""Drawing plans as batches on a device: pixels, colours and maps as tensor operations.

Nothing here waits for the device, and the same plan gives the same batch on the same device.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from craftlite.crops.gallery import Gallery
from craftlite.crops.jpeg import jpeg_traces
from craftlite.crops.plan import BatchPlan, Shapes
from craftlite.data.loader import Batch
from craftlite.data.targets import SIGMA
from craftlite.preprocess import MAP_STRIDE, MEAN, STD

RADIUS = 5  # of the blur's kernel, in pixels; three times the largest sigma


@dataclass
class Painter:
    """Draws the crops of a stream on the device that holds its gallery.

    Attributes:
        gallery: the pictures.
        crop: side of a crop in pixels.
        seed: seed of the noise.
    """

    gallery: Gallery
    crop: int
    seed: int

    @torch.no_grad()
    def draw(self, plan: BatchPlan) -> Batch:
        """Return the batch of a plan."""
        device = self.gallery.texels.device
        mean, std = (torch.from_numpy(v[:, None, None]).to(device) for v in (MEAN, STD))
        there: BatchPlan = _moved(plan, device)
        pixels = self.gallery.cut(there.pictures, there.levels, there.matrices, self.crop)
        # Mixed, so that both numbers count even if the device's generator uses few bits of a seed.
        key = np.random.SeedSequence((self.seed, plan.number)).generate_state(1, np.uint64)
        pixels = recolour(pixels, there, torch.Generator(device).manual_seed(int(key[0])))
        scores, weight = render(there, len(pixels), self.crop // MAP_STRIDE)
        return Batch((pixels - mean) / std, scores, weight)


def recolour(pixels: Tensor, plan: BatchPlan, noise: torch.Generator) -> Tensor:
    """Apply the plan's colours, blur, noise and JPEG to crops (N, 3, S, S) in 0..255, rounded."""
    pixels = pixels.round() * plan.gains[:, :, None, None] + plan.offsets[:, :, None, None]
    pixels = pixels.clamp(0, 255).floor()
    if len(plan.blurred):
        pixels[plan.blurred] = blur(pixels[plan.blurred], plan.sigmas)
    if len(plan.noisy):
        size = (len(plan.noisy), *pixels.shape[1:])
        grains = torch.randn(size, generator=noise, device=pixels.device)
        pixels[plan.noisy] += grains * plan.noise[:, None, None, None]
    pixels = pixels.round().clamp(0, 255)
    if len(plan.coded):
        pixels[plan.coded] = jpeg_traces(pixels[plan.coded], plan.qualities)
    return pixels


def blur(pixels: Tensor, sigmas: Tensor) -> Tensor:
    """Blur each picture of (N, 3, S, S) by a Gaussian with its own sigma (N,) in pixels."""
    count, channels = pixels.shape[:2]
    away = torch.arange(-RADIUS, RADIUS + 1, device=pixels.device)
    kernels = torch.exp(-0.5 * (away / sigmas[:, None]) ** 2)
    kernels = (kernels / kernels.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)
    planes = functional.pad(pixels, [RADIUS] * 4, mode="reflect").reshape(
        1, count * channels, *(side + 2 * RADIUS for side in pixels.shape[2:])
    )
    planes = functional.conv2d(planes, kernels[:, None, None, :], groups=count * channels)
    planes = functional.conv2d(planes, kernels[:, None, :, None], groups=count * channels)
    return planes.reshape(pixels.shape)


def render(plan: BatchPlan, count: int, side: int) -> tuple[Tensor, Tensor]:
    """Render score maps (count, 2, side, side) and confidence (count, side, side), in 0..1.

    As in `data.targets.render_targets`, the larger score and the smaller confidence are kept.
    """
    scores = torch.stack(
        [add_gaussians(shapes, count, side) for shapes in (plan.characters, plan.gaps)], dim=1
    )
    return scores, add_outlines(plan.outlines, count, side)


def add_gaussians(shapes: Shapes, count: int, side: int) -> Tensor:
    """Return maps (count, side, side) with a Gaussian in each shape's box; the larger wins."""
    which, x, y, place = _pixels_of(shapes, side)
    column, row = x - shapes.boxes[which, 1], y - shapes.boxes[which, 2]
    forms = shapes.forms.flatten(1).T
    u, v, w = (
        forms[3 * i][which] * column + forms[3 * i + 1][which] * row + forms[3 * i + 2][which]
        for i in range(3)
    )
    # Scale the unit square to -1..1, the range that the Gaussian's sigma refers to.
    u, v = 2 * u / w - 1, 2 * v / w - 1
    value = torch.exp((u * u + v * v) * (-0.5 / SIGMA**2)) * shapes.values[which]
    value = torch.where((u.abs() <= 1) & (v.abs() <= 1), value, 0)
    maps = torch.zeros(count, side, side, device=value.device)
    return _reduced(maps, place, value, "amax")


def add_outlines(shapes: Shapes, count: int, side: int) -> Tensor:
    """Return maps (count, side, side) of 1, with the shapes' values inside; the smaller wins."""
    which, x, y, place = _pixels_of(shapes, side)
    inside, edge = (torch.zeros_like(x, dtype=torch.bool) for _ in range(2))
    corners = shapes.forms
    # A pixel is inside if a ray to its right crosses the outline an odd number of times.
    for one, two in zip(corners.unbind(1), corners.roll(-1, 1).unbind(1), strict=True):
        (ax, ay), (bx, by) = one[which].T, two[which].T
        crosses = (ay > y) != (by > y)
        inside ^= crosses & (x < ax + (y - ay) * (bx - ax) / (by - ay))
        # The pixels that the outline runs through belong to it.
        off = ((x - ax) * (by - ay) - (y - ay) * (bx - ax)).abs()
        near = 2 * off <= torch.maximum((bx - ax).abs(), (by - ay).abs())
        edge |= near & ((x - ax) * (bx - x) >= 0) & ((y - ay) * (by - y) >= 0)
    value = torch.where(inside | edge, shapes.values[which], 1)
    maps = torch.ones(count, side, side, device=value.device)
    return _reduced(maps, place, value, "amin")


def _pixels_of(shapes: Shapes, side: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return for each pixel of each box its shape, x, y, and its index in the flattened maps."""
    crop, left, top, right, bottom = shapes.boxes.T
    width, numbers = right - left, torch.arange(len(crop), device=crop.device)
    areas = width * (bottom - top)
    which = torch.repeat_interleave(numbers, areas, output_size=shapes.pixels)
    within = torch.arange(shapes.pixels, device=crop.device) - (areas.cumsum(0) - areas)[which]
    wide = width[which]
    row = torch.div(within, wide, rounding_mode="floor")
    x, y = left[which] + within - row * wide, top[which] + row
    return which, x, y, (crop[which] * side + y) * side + x


def _reduced(maps: Tensor, place: Tensor, value: Tensor, how: str) -> Tensor:
    """Take the maximum or minimum of the maps and the values at their places, in place.

    Non-negative floats sort like their bit patterns, and devices compare integers faster.
    """
    bits = maps.view(torch.int32).view(-1)
    bits.scatter_reduce_(0, place, value.float().view(torch.int32), how)
    return maps


def _moved(part: Any, device: torch.device) -> Any:
    """Move the tensors of a plan, or of a part of it, to a device."""
    if isinstance(part, BatchPlan | Shapes):
        return type(part)(*(_moved(inner, device) for inner in part))
    return part.to(device, non_blocking=True) if isinstance(part, Tensor) else part
