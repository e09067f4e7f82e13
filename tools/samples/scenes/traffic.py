"""Lettering on the road: sign boards at night, and a number plate."""

import numpy as np

from tools.samples.faces import face
from tools.samples.grounds import noise, ramp, tinted
from tools.samples.layer import Layer, Shadow
from tools.samples.photo import Camera, glow, lit
from tools.samples.warps import Perspective, box

WHITE = (240, 242, 244)
BLUE = (20, 66, 150)


def motorway(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """A gantry over a road at night, lit by head lamps alone."""
    dusk = [(0, (6, 8, 20)), (0.5, (22, 24, 40)), (0.62, (58, 42, 42)), (0.63, (14, 14, 16))]
    sky = ramp(2800, 1800, dusk)
    scene = Layer(2800, 1800, sky + 3 * noise(rng, 2800, 1800, (5, 4))[..., None])
    _road(scene)
    scene.rectangle(90, 330, 2620, 34, (52, 54, 58))
    scene.rectangle(90, 470, 2620, 22, (40, 42, 46))
    for x in (70, 2680):
        scene.rectangle(x, 300, 50, 860, (48, 50, 54))
    for board, x in ((_ahead(), 330), (_exit(), 1580)):
        quad = [(x, 240), (x + 920, 252), (x + 920, 812), (x, 800)]
        scene.put(board, Perspective(board.size, quad), Shadow(0, 12, 10, 0.5))
    lit(scene, (1300, 560), 900, 0.5, 1.1)
    _lamps(rng, scene)
    return scene, Camera(blur=0.8, grain=4, vignette=0.4, exposure=1.12, tint=(1.0, 0.98, 0.96))


def _road(scene: Layer) -> None:
    scene.polygon([(0, 1802), (1180, 1130), (1560, 1130), (2800, 1802)], (34, 34, 37), 1, 3)
    dashes = [(start, start + 0.1 * (0.2 + start)) for start in np.arange(0.1, 1, 0.1) ** 1.6]
    for across, marks in ((0.04, [(0.0, 1.0)]), (0.5, dashes), (0.96, [(0.0, 1.0)])):
        for start, end in marks:
            (x0, y0, w0), (x1, y1, w1) = _lane(across, start), _lane(across, end)
            mark = [(x0, y0), (x0 + w0 / 90, y0), (x1 + w1 / 90, y1), (x1, y1)]
            scene.polygon(mark, (150, 148, 140), 0.8, 2)


def _lane(across: float, near: float) -> tuple[float, float, float]:
    """A point of the road, 0..1 from its left edge and 0..1 near, and the road's width there."""
    left, right = 1180 - 1180 * near, 1560 + 1240 * near
    return left + across * (right - left), 1132 + 670 * near, right - left


def _board() -> Layer:
    board = Layer(1160, 700)
    board.rectangle(0, 0, 1159, 699, WHITE, 36)
    board.rectangle(12, 12, 1135, 675, BLUE, 28)
    return board


def _ahead() -> Layer:
    board = _board()
    board.rectangle(80, 70, 250, 130, WHITE, 20)
    board.rectangle(88, 78, 234, 114, BLUE, 14)
    board.write("A 7", (205, 172), face("Roboto-Medium", 104), WHITE, align=0.5)
    board.write("Lindenau", (80, 350), face("Roboto-Medium", 140), WHITE)
    board.write("Westhafen", (80, 510), face("Roboto-Medium", 140), WHITE)
    board.write("84 km", (80, 640), face("Roboto-Medium", 92), WHITE)
    board.polygon(box(940, 440, 80, 210), WHITE)
    board.polygon([(880, 440), (980, 320), (1080, 440)], WHITE)
    return board


def _exit() -> Layer:
    board = _board()
    board.ellipse((165, 140), (70, 70), WHITE)
    board.write("23", (165, 175), face("RobotoCondensed-Bold", 100), BLUE, align=0.5)
    board.write("Mühlbach", (80, 360), face("Roboto-Medium", 140), WHITE)
    board.write("Airport", (80, 520), face("Roboto-Medium", 140), WHITE)
    board.write("1000 m", (80, 640), face("Roboto-Medium", 92), WHITE)
    board.polygon([(760, 640), (960, 440), (1006, 486), (852, 640)], WHITE)
    board.polygon([(910, 390), (1080, 360), (1050, 530)], WHITE)
    return board


def _lamps(rng: np.random.Generator, scene: Layer) -> None:
    for across, colour in ((0.27, (200, 190, 168)), (0.74, (170, 14, 10))):
        for near in (0.03, 0.1, 0.3):
            x, y, wide = _lane(across, near + 0.03 * (across > 0.5))
            for side in (-0.06, 0.06):
                glow(scene, (x + side * wide, y - 0.05 * wide), 0.09 * wide, colour)
    for _ in range(30):  # a far town
        at = (rng.uniform(0, 2800), rng.uniform(1085, 1120))
        glow(scene, at, rng.uniform(14, 30), tuple(rng.uniform(0.3, 1) * np.array([190, 140, 70])))


def plate(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """The back of a car: its number plate, its make and a sticker."""
    lacquer = [(0.16, (120, 158, 190)), (0.22, (54, 98, 138)), (0.55, (30, 66, 104))]
    shade = ramp(2400, 1600, [*lacquer, (0.8, (20, 44, 74)), (1, (8, 16, 28))])
    car = Layer(2400, 1600, shade + 1.5 * noise(rng, 2400, 1600, (3, 2))[..., None])
    _tail(car)
    sign = _number(rng)
    quad = [(640, 730), (1800, 700), (1806, 968), (644, 1004)]
    car.put(sign, Perspective(sign.size, quad), Shadow(4, 16, 10, 0.7))
    badge = Layer(900, 220)
    letters, chrome, dark = face("LeagueSpartan-Bold", 110), (206, 212, 218), (16, 24, 34)
    badge.write("AURELIA", (450, 150), letters, chrome, align=0.5, spacing=44, drop=dark)
    car.put(badge, Perspective(badge.size, [(500, 410), (1340, 388), (1340, 590), (500, 614)]))
    trim = Layer(420, 160)
    trim.write("1.6 GT", (210, 110), face("Lato-Black", 96), chrome, align=0.5, drop=dark)
    car.put(trim, Perspective(trim.size, [(1590, 434), (1930, 424), (1930, 554), (1590, 566)]))
    lit(car, (1100, 600), 1100, 0.55, 1.15)
    glow(car, (700, 250), 420, (34, 36, 38))
    return car, Camera(blur=0.7, grain=2.6, vignette=0.35)


def _tail(car: Layer) -> None:
    car.polygon([(-20, -20), (2420, -20), (2420, 130), (1200, 166), (-20, 140)], (16, 18, 22), 1, 3)
    car.polygon([(300, -20), (900, -20), (700, 156), (60, 143)], (170, 190, 205), 0.25, 8)
    car.polygon([(-20, 330), (2420, 312), (2420, 322), (-20, 342)], (8, 16, 28), 0.9, 2)
    car.polygon([(500, 640), (1940, 600), (1960, 1080), (520, 1130)], (10, 24, 42), 0.75, 12)
    car.polygon([(520, 648), (1930, 610), (1932, 640), (524, 680)], (4, 10, 18), 0.8, 8)
    for x, side in ((0, 1), (2400, -1)):
        lamp = [(x, 380), (x + side * 420, 400), (x + side * 350, 660), (x, 700)]
        car.polygon(lamp, (96, 10, 14), 1, 3)
        inner = [(x, 420), (x + side * 380, 434), (x + side * 340, 530), (x, 540)]
        car.polygon(inner, (196, 30, 32), 0.9, 10)
        amber = [(x, 560), (x + side * 330, 560), (x + side * 310, 620), (x, 640)]
        car.polygon(amber, (214, 120, 50), 0.8, 8)
    car.polygon([(0, 1230), (2400, 1170), (2400, 1330), (0, 1400)], (60, 84, 108), 0.35, 30)
    car.polygon([(0, 1440), (2400, 1380), (2400, 1600), (0, 1600)], (12, 12, 14), 1, 6)


def _number(rng: np.random.Generator) -> Layer:
    sign = Layer(1160, 270)
    sign.rectangle(0, 0, 1159, 269, (20, 20, 22), 26)
    yellow = tinted((246, 206, 60), 0.03 * noise(rng, 1160, 270, (6, 2)))
    sign.rectangle(8, 8, 1143, 253, yellow, 20)
    sign.rectangle(8, 8, 110, 253, (24, 58, 140), 20)
    sign.write("CL", (62, 220), face("LiberationSans-Bold", 62), WHITE, align=0.5)
    for angle in np.arange(0, 2 * np.pi, np.pi / 6):
        sign.ellipse((62 + 34 * np.cos(angle), 92 + 34 * np.sin(angle)), (6, 6), (250, 210, 60))
    font = face("RobotoCondensed-Bold", 206)
    sign.write("CR4FT 01", (636, 206), font, (22, 22, 24), align=0.5, spacing=8)
    for x in (162, 1112):
        sign.ellipse((x, 136), (12, 12), (120, 110, 70))
        sign.ellipse((x - 2, 134), (7, 7), (190, 180, 140))
    return sign
