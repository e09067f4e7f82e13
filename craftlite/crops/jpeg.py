"""The losses of JPEG compression as tensor operations, without encoding files.

ITU-T T.81: colours at half size, cosine transforms of 8x8 blocks, coefficients rounded to multiples
of a table. The tables are those of annex K, scaled by a quality of 1 to 100 as in libjpeg.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

BLOCK = 8
# Table K.1, luminance, and K.2, chrominance.
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)
# JFIF: from red, green and blue to luminance and two colour differences around 0, and back.
TO_YCC = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)
TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def jpeg_traces(pixels: Tensor, qualities: Tensor) -> Tensor:
    """Compress RGB pictures (N, 3, H, W) in 0..255 as JPEG of qualities (N,) in 1..100 would.

    H and W are multiples of 16.
    """
    ycc = _mixed(pixels, TO_YCC)
    luminance = _coded(ycc[:, :1] - 128, qualities, LUMINANCE) + 128
    colours = _coded(functional.avg_pool2d(ycc[:, 1:], 2), qualities, CHROMINANCE)
    colours = functional.interpolate(colours, scale_factor=2.0, mode="bilinear")
    return _mixed(torch.cat([luminance, colours], dim=1), TO_RGB).clamp(0, 255)


def _mixed(planes: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    """Return rounded sums of the planes (N, 3, H, W), weighted by the rows of a matrix (3, 3)."""
    return torch.einsum("dc,nchw->ndhw", torch.tensor(matrix, device=planes.device), planes).round()


def _coded(planes: Tensor, qualities: Tensor, table: tuple[tuple[int, ...], ...]) -> Tensor:
    """Quantise planes (N, C, H, W) around 0 in blocks, by the table at each quality."""
    count, channels, height, width = planes.shape
    shape = (count, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    cosines = _cosines().to(planes.device)
    steps = _steps(qualities, table).to(planes.device)[:, None, None, :, None, :]
    blocks = torch.einsum("ui,ncyixj,vj->ncyuxv", cosines, planes.reshape(shape), cosines)
    blocks = (blocks / steps).round() * steps
    return torch.einsum("ui,ncyuxv,vj->ncyixj", cosines, blocks, cosines).reshape(planes.shape)


def _cosines() -> Tensor:
    """Return the orthonormal cosine transform (8, 8) of a line of a block."""
    frequency, place = torch.arange(BLOCK)[:, None], torch.arange(BLOCK)
    cosines = torch.cos((2 * place + 1) * frequency * (math.pi / (2 * BLOCK))) * 0.5
    cosines[0] *= math.sqrt(0.5)
    return cosines


def _steps(qualities: Tensor, table: tuple[tuple[int, ...], ...]) -> Tensor:
    """Return the quantisation steps (N, 8, 8) of the coefficients at each quality."""
    percent = torch.where(qualities < 50, 5000 // qualities, 200 - 2 * qualities)
    base = torch.tensor(table, device=qualities.device)
    return ((base * percent[:, None, None] + 50) // 100).clamp(1, 255).float()
