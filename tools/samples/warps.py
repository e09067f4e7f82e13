"""Ways to lay a flat layer onto another: each maps points forward and pixels back."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Points, transform

Plane = npt.NDArray[np.float32]


class Warp(Protocol):
    """Where a point of the flat layer goes, and where a pixel of the picture comes from."""

    curved: bool

    def forward(self, points: Points) -> Points:
        """Points (..., 2) of the flat layer in the picture."""

    def backward(self, x: Plane, y: Plane) -> tuple[Plane, Plane]:
        """For pixels of the picture, the x and y in the flat layer."""


class Perspective:
    """The flat layer of `size` (width, height) seen as a quad, clockwise from its top left."""

    curved = False

    def __init__(self, size: tuple[int, int], quad: npt.ArrayLike) -> None:
        width, height = size
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        self.matrix = cv2.getPerspectiveTransform(corners, np.asarray(quad, np.float32))

    def forward(self, points: Points) -> Points:
        return transform(points, self.matrix)

    def backward(self, x: Plane, y: Plane) -> tuple[Plane, Plane]:
        back = np.linalg.inv(self.matrix).astype(np.float32)
        depth = back[2, 0] * x + back[2, 1] * y + back[2, 2]
        across = back[0, 0] * x + back[0, 1] * y + back[0, 2]
        down = back[1, 0] * x + back[1, 1] * y + back[1, 2]
        depth = np.where(np.abs(depth) < 1e-6, np.float32(1e-6), depth)
        return across / depth, down / depth


def box(x: float, y: float, width: float, height: float) -> list[tuple[float, float]]:
    """The corners of an upright rectangle, clockwise from its top left."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def ring(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """A circle as a polygon."""
    return [(x + radius * np.cos(a), y + radius * np.sin(a)) for a in np.arange(0, 6.28, 0.1)]


def turned(size: tuple[int, int], centre: tuple[float, float], degrees: float) -> Perspective:
    """The flat layer turned clockwise about its middle, which goes to `centre`."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    half = np.array(size) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    return Perspective(size, corners @ turn + centre)


@dataclass(frozen=True)
class Arc:
    """The layer's line y = base bent round a circle; `side` 1 reads over its top, -1 below it."""

    width: int
    base: float
    centre: tuple[float, float]
    radius: float
    side: int = 1
    curved = True

    def forward(self, points: Points) -> Points:
        angle = self.side * ((points[..., 0] - self.width / 2) / self.radius - np.pi / 2)
        radius = self.radius + self.side * (self.base - points[..., 1])
        around = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * radius[..., None]
        return np.asarray(around + self.centre, np.float32)

    def backward(self, x: Plane, y: Plane) -> tuple[Plane, Plane]:
        right, down = x - self.centre[0], y - self.centre[1]
        angle = np.arctan2(right, -self.side * down)
        radius = np.hypot(right, down)
        across = self.width / 2 + angle * self.radius
        return across, self.base - self.side * (radius - self.radius)


@dataclass(frozen=True)
class Cylinder:
    """The layer wrapped round an upright tin, its middle facing the camera.

    The tin's axis is x = centre; a line of the layer sags by `sag` at the tin's front, for the
    camera looks down on it.
    """

    width: int
    centre: float
    top: float
    radius: float
    sag: float
    curved = True

    def forward(self, points: Points) -> Points:
        angle = (points[..., 0] - self.width / 2) / self.radius
        x = self.centre + self.radius * np.sin(angle)
        y = self.top + points[..., 1] + self.sag * np.cos(angle)
        return np.stack([x, y], axis=-1).astype(np.float32)

    def backward(self, x: Plane, y: Plane) -> tuple[Plane, Plane]:
        sine = (x - self.centre) / self.radius
        angle = np.arcsin(np.clip(sine, -1, 1))
        across = np.where(np.abs(sine) < 1, self.width / 2 + self.radius * angle, -10)
        return across.astype(np.float32), y - self.top - self.sag * np.cos(angle)
