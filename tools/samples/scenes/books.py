"""A shelf of books: words that run down a spine, up one, across one, and letters in a column."""

import numpy as np

from tools.samples.faces import face
from tools.samples.grounds import noise, tinted, wood
from tools.samples.layer import Layer, Shadow
from tools.samples.photo import Camera, lit
from tools.samples.warps import Perspective, box, turned

CREAM = (240, 230, 206)
GOLD = (222, 184, 106)


def books(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """Upright books, one that leans and a pile, on a wooden shelf."""
    scene = Layer(2600, 1800, tinted((58, 44, 34), 0.2 * noise(rng, 2600, 1800, (30, 3))))
    shelf = Layer(2600, 240, wood(rng, 2600, 240, (146, 98, 60), 1))
    scene.put(shelf, Perspective(shelf.size, [(0, 1560), (2600, 1560), (2600, 1800), (0, 1800)]))
    x = 60
    for tall, spine in _spines(rng):
        wide = spine.size[1]
        cover = turned(spine.size, (x + wide / 2, 1580 - tall / 2), 90)
        scene.put(spine, cover, Shadow(14, 6, 14, 0.6))
        x += wide + 5
    leaning = _spine(rng, 1080, 150, (34, 74, 92))
    _title(leaning, "Weather at Sea", "lobster", 104, "Okafor", CREAM)
    scene.put(leaning, turned(leaning.size, (x + 200, 1032), 105), Shadow(16, 8, 14, 0.6))
    _lying(rng, scene)
    scene.put(shelf, Perspective(shelf.size, [(0, -90), (2600, -90), (2600, 110), (0, 110)]))
    scene.polygon([(0, 110), (2600, 110), (2600, 260), (0, 300)], (0, 0, 0), 0.5, 50)
    lit(scene, (1100, 900), 1250, 0.5, 1.18)
    return scene, Camera(blur=0.6, grain=2.8, vignette=0.35, tint=(1.05, 1.0, 0.92))


def _spine(rng: np.random.Generator, tall: int, wide: int, colour: tuple[int, int, int]) -> Layer:
    """A spine lying on its side: x runs down the book, y from its right to its left edge."""
    cloth = tinted(colour, 0.05 * noise(rng, tall, wide, (260, 40)))
    spine = Layer(tall, wide, cloth)
    round_back = 0.45 + 0.62 * np.sin(np.linspace(0.25, np.pi - 0.25, wide)) ** 0.7
    spine.paint *= round_back[:, None, None].astype(np.float32)
    return spine


def _title(
    spine: Layer, title: str, name: str, size: int, author: str, colour: tuple[int, int, int]
) -> None:
    """The title down the spine, the author near its foot, a rule at each end."""
    tall, wide = spine.size
    for x in (50, tall - 60):
        spine.rectangle(x, 0, 8, wide, colour, alpha=0.7)
    spine.write(title, (110, wide / 2 + size * 0.33), face(name, size), colour)
    small = face("Lato-Bold", 46)
    spine.write(author, (tall - 100, wide / 2 + 16), small, colour, align=1)


def _spines(rng: np.random.Generator) -> list[tuple[int, Layer]]:
    plan = [
        (1180, 150, (120, 32, 34), "The Salt Road", "EBGaramond12-Bold", 112, "LINDQVIST", GOLD),
        (1080, 120, (222, 208, 170), "Small Gardens", "Lato-Black", 76, "Ames", (44, 70, 54)),
        (1260, 190, (28, 52, 84), "HARBOUR", "LeagueSpartan-Bold", 120, "T. MOREAU", CREAM),
        (1130, 110, (206, 132, 44), "Bread & Stone", "lobster", 82, "Petri", (52, 30, 20)),
    ]
    spines = []
    for tall, wide, cloth, title, name, size, author, ink in plan:
        spine = _spine(rng, tall, wide, cloth)
        _title(spine, title, name, size, author, ink)
        spines.append((tall, spine))
    spines += [_columned(rng), _rising(rng)]
    thin = _spine(rng, 960, 90, (52, 46, 84))
    _title(thin, "The Tide Table", "OpenSans-Semibold", 58, "Rao", CREAM)
    spines.append((960, thin))
    last = _spine(rng, 1020, 130, (70, 96, 70))
    _title(last, "Field Notes", "Vollkorn-Bold", 90, "vol. 2", CREAM)
    return [*spines, (1020, last)]


def _columned(rng: np.random.Generator) -> tuple[int, Layer]:
    """A spine whose title is a column of upright letters over a volume number."""
    tall, wide = 1220, 210
    spine = _spine(rng, tall, wide, (40, 38, 42))
    upright = Layer(wide, tall)
    upright.rectangle(0, 90, wide, 8, GOLD)
    upright.rectangle(0, 1060, wide, 8, GOLD)
    upright.stack("ATLAS", (wide / 2, 270), face("Vollkorn-Bold", 150), GOLD, 150)
    upright.write("IV", (wide / 2, 1020), face("Vollkorn-Bold", 92), GOLD, align=0.5)
    spine.put(upright, turned(upright.size, (tall / 2, wide / 2), -90))
    return tall, spine


def _rising(rng: np.random.Generator) -> tuple[int, Layer]:
    """A spine that reads from its foot to its head."""
    tall, wide = 1100, 140
    spine = _spine(rng, tall, wide, (186, 66, 52))
    other = Layer(tall, wide)
    _title(other, "Le Petit Phare", "EBGaramond12-Italic", 108, "DUVAL", CREAM)
    spine.put(other, turned(other.size, (tall / 2, wide / 2), 180))
    return tall, spine


def _lying(rng: np.random.Generator, scene: Layer) -> None:
    """A pile of books."""
    plan = [
        ("COOKING WITH FIRE", "YanoneKaffeesatz-Bold", 130, (70, 26, 22), 900, 170),
        ("Birds of the Coast", "EBGaramond12-Bold", 92, (196, 186, 156), 820, 140),
        ("ON CLOUDS", "Lato-Black", 84, (52, 92, 128), 860, 150),
        ("Letters to No One", "lobster", 80, (214, 168, 66), 700, 120),
    ]
    floor = 1580
    for title, name, size, cloth, long, thick in plan:
        spine = _spine(rng, long, thick, cloth)
        ink = CREAM if sum(cloth) < 300 else (48, 62, 74)
        spine.write(title, (long / 2, thick / 2 + size * 0.33), face(name, size), ink, align=0.5)
        left = 1680 + (900 - long) / 2 + float(rng.integers(-20, 20))
        lying = box(left, floor - thick, long, thick)
        scene.put(spine, Perspective(spine.size, lying), Shadow(8, 12, 12, 0.6))
        floor -= thick
