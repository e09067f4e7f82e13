"""A dim hall of shops where every word is there by chance: small, soft and slanted."""

import numpy as np

from tools.samples.faces import face
from tools.samples.grounds import concrete, ramp
from tools.samples.layer import Layer
from tools.samples.photo import Camera, glow, lit
from tools.samples.stock import stock
from tools.samples.warps import Perspective

FRONTS = [
    ("bellweather", "LeagueSpartan-Bold", (240, 240, 236), (46, 48, 54)),
    ("NOODLE 88", "YanoneKaffeesatz-Bold", (255, 214, 90), (140, 26, 28)),
    ("Optik Meier", "OpenSans-Semibold", (30, 60, 110), (222, 224, 220)),
    ("phone fix", "Lato-Black", (250, 250, 246), (28, 120, 104)),
]
BILLS = ["SALE", "-50%", "Menu", "NEW", "cash only", "Wi-Fi", "PUSH", "today 4.90"]


def hall(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """Shops on both sides of a passage, hanging signs, and a shiny floor."""
    ceiling = [(0, (92, 88, 82)), (0.5, (120, 112, 100))]
    scene = Layer(2560, 1440, ramp(2560, 1440, ceiling))
    vanish = (1330, 620)
    _floor(rng, scene, vanish)
    for side in (-1, 1):
        wall = _shops(rng, side)
        left, right = (-160, 1130) if side < 0 else (1530, 2740)
        near, far = (170, 1560), (490, 800)
        (top, bottom), (top_right, bottom_right) = (near, far) if side < 0 else (far, near)
        quad = [(left, top), (right, top_right), (right, bottom_right), (left, bottom)]
        scene.put(wall, Perspective(wall.size, quad))
    _end(scene)
    for step in range(6):  # lamps along the ceiling
        near = 0.8**step
        for side in (-1, 1):
            at = (vanish[0] + side * 640 * near, vanish[1] - 600 * near)
            glow(scene, at, 190 * near, (150, 138, 110))
    _hanging(scene)
    lit(scene, vanish, 1100, 0.45, 0.9)
    return scene, Camera(blur=0.95, motion=3, grain=6.5, vignette=0.35, tint=(1.06, 1.0, 0.88))


def _floor(rng: np.random.Generator, scene: Layer, vanish: tuple[int, int]) -> None:
    slab = Layer(1400, 1400, concrete(rng, 1400, 1400, (150, 142, 130)))
    for place in range(0, 1400, 140):
        slab.rectangle(place, 0, 5, 1400, (84, 78, 70))
        slab.rectangle(0, place, 1400, 5, (84, 78, 70))
    quad = [(1090, 800), (1570, 800), (3300, 1520), (-700, 1520)]
    scene.put(slab, Perspective(slab.size, quad))
    scene.polygon([(1230, 800), (1430, 800), (1640, 1440), (1020, 1440)], (255, 240, 205), 0.22, 50)


def _shops(rng: np.random.Generator, side: int) -> Layer:
    """Two shop fronts in a row, with bills in their windows."""
    wall = Layer(2400, 1300, concrete(rng, 2400, 1300, (126, 118, 108)))
    for index, (name, font, ink, board) in enumerate(FRONTS[:2] if side < 0 else FRONTS[2:]):
        x = 60 + 1190 * index
        wall.rectangle(x, 150, 1080, 210, board, 10)
        wall.write(name, (x + 540, 300), face(font, 140), ink, align=0.5)
        warm = ramp(2400, 1300, [(0.3, (240, 216, 172)), (0.8, (150, 118, 84)), (1, (80, 64, 52))])
        wall.rectangle(x, 390, 740, 800, warm)
        for y in (750, 900, 1050):
            stock(rng, wall, (x + 8, y, 724, 128), (168, 128, 92), (30, 90))
        wall.rectangle(x + 780, 390, 300, 880, (54, 50, 48))
        wall.rectangle(x + 800, 410, 260, 860, warm, alpha=0.7)
        for column in range(2):
            text = BILLS[(index * 2 + column + (4 if side > 0 else 0)) % len(BILLS)]
            at = x + 60 + 350 * column + int(rng.integers(0, 50))
            wall.rectangle(at, 560, 270, 160, (244, 240, 226))
            wall.write(text, (at + 135, 664), face("Lato-Black", 62), (170, 32, 34), align=0.5)
    return wall


def _end(scene: Layer) -> None:
    """The daylight at the far end, and the sign over its doors."""
    scene.rectangle(1130, 486, 400, 320, (96, 88, 78))
    scene.rectangle(1180, 560, 300, 244, (232, 238, 240))
    for x in (1250, 1326, 1402):
        scene.rectangle(x, 560, 6, 244, (90, 92, 92))
    font = face("Roboto-Medium", 34)
    scene.write("CENTRAL STATION", (1330, 540), font, (250, 240, 210), align=0.5)


def _hanging(scene: Layer) -> None:
    """Boards that hang from the ceiling, the nearer the larger."""
    for x, y, size, tone, texts in (
        (980, 330, 44, (34, 70, 128), ("Toilets", "Lockers 12-48")),
        (1530, 400, 32, (40, 42, 46), ("Trams 4 9 11", "Taxi")),
    ):
        wide, tall = size * 8.2, size * 3.1
        for rope in (0.15, 0.85):
            scene.rectangle(x + wide * rope, y - 300, 4, 300, (60, 58, 54))
        scene.rectangle(x, y, wide, tall, tone, 8)
        for row, text in enumerate(texts):
            place = (x + size * 0.5, y + size * (1.2 + 1.35 * row))
            scene.write(text, place, face("OpenSans-Semibold", size), (244, 244, 240))
