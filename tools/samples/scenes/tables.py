"""Things on a table or a shelf: a receipt, a badge with words round it, a tin."""

import numpy as np

from tools.samples.faces import face
from tools.samples.grounds import concrete, noise, paper, ramp, wood
from tools.samples.layer import Layer, Shadow
from tools.samples.photo import Camera, glow, lit
from tools.samples.warps import Arc, Cylinder, Perspective, box, ring, turned

INK = (52, 50, 58)
STEEL = (172, 174, 176)
GOODS = [
    ("Flat white", "2", "7.20"),
    ("Oat biscuit", "1", "2.10"),
    ("Rye toast", "1", "4.50"),
    ("Soup of the day", "1", "6.80"),
    ("Apple juice", "2", "5.60"),
]


def receipt(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """A till receipt on a wooden table, with a cup at its side."""
    scene = Layer(2000, 2500, wood(rng, 2000, 2500, (150, 100, 62), 6))
    slip = _slip(rng)
    corners = [(640, 210), (1530, 330), (1440, 2290), (330, 2190)]
    scene.put(slip, Perspective(slip.size, corners), Shadow(14, 24, 16, 0.6))
    _cup(scene, (1830, 500))
    scene.polygon([(-200, 1500), (2200, 300), (2200, 560), (-200, 1900)], (255, 240, 210), 0.10, 60)
    lit(scene, (800, 700), 1300, 0.5, 1.12)
    return scene, Camera(blur=0.6, grain=2.6, vignette=0.35, tint=(1.04, 1.0, 0.93))


def _slip(rng: np.random.Generator) -> Layer:
    width, height = 960, 1900
    slip = Layer(width, height, paper(rng, width, height, (236, 234, 226), 0.05))
    mono, strong = face("LiberationMono-Regular", 50), face("LiberationMono-Bold", 62)
    slip.write("CORNER KITCHEN", (480, 170), face("LeagueSpartan-Bold", 84), INK, align=0.5)
    slip.write("18 Quay Street", (480, 250), mono, INK, align=0.5)
    slip.write("Tel. 0117 496 0125", (480, 320), mono, INK, align=0.5)
    y = 450
    slip.write("Table 12", (70, y), mono, INK)
    slip.write("14/03 13:42", (890, y), mono, INK, align=1)
    _dashes(slip, y + 40)
    for name, count, price in GOODS:
        y += 100
        slip.write(count, (70, y + 20), mono, INK)
        slip.write(name, (150, y + 20), mono, INK)
        slip.write(price, (890, y + 20), mono, INK, align=1)
    _dashes(slip, y + 70)
    slip.write("TOTAL", (70, y + 170), strong, INK)
    slip.write("£26.20", (890, y + 170), strong, INK, align=1)
    slip.write("VAT 20%", (70, y + 260), mono, INK)
    slip.write("4.37", (890, y + 260), mono, INK, align=1)
    slip.write("CARD ****8041", (70, y + 340), mono, INK)
    slip.write("Thank you!", (480, y + 500), face("lobster", 110), INK, align=0.5)
    x = 190
    while x < 770:  # the bar code
        wide = int(rng.integers(4, 14))
        slip.rectangle(x, y + 570, wide, 150, INK)
        x += wide + int(rng.integers(5, 14))
    slip.write("4 012345 678901", (480, y + 780), mono, INK, align=0.5)
    slip.paint *= (1 + 0.06 * np.sin(np.linspace(0, 9, height)))[:, None, None].astype(np.float32)
    return slip


def _dashes(slip: Layer, y: float) -> None:
    for x in range(70, 890, 36):
        slip.rectangle(x, y, 20, 4, INK, alpha=0.8)


def _cup(scene: Layer, at: tuple[float, float]) -> None:
    x, y = at
    for reach, dark in ((410, 0.25), (380, 0.35)):
        scene.polygon(ring(x + 50, y + 70, reach), (20, 12, 8), dark, 24)
    for radius, colour in ((370, (226, 222, 214)), (350, (238, 235, 228)), (250, (214, 210, 202))):
        scene.ellipse(at, (radius, radius), colour)
    scene.ellipse((x - 8, y - 14), (232, 232), (246, 244, 238))
    scene.ellipse((x - 6, y - 10), (206, 206), (92, 52, 28))
    scene.ellipse((x - 6, y - 4), (196, 194), (146, 92, 54))
    for radius, colour in ((130, (206, 160, 112)), (100, (150, 96, 58)), (70, (214, 170, 124))):
        scene.ellipse((x - 14, y + 6), (radius, radius * 0.9), colour)


def badge(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """An enamel badge with words along its rim, lying on slate beside a ticket."""
    scene = Layer(2400, 1800, concrete(rng, 2400, 1800, (74, 78, 82)))
    disc = _disc(rng)
    corners = [(250, 200), (1530, 130), (1590, 1500), (210, 1560)]
    scene.put(disc, Perspective(disc.size, corners), Shadow(26, 44, 26, 0.7))
    ticket = _ticket(rng)
    scene.put(ticket, turned(ticket.size, (1940, 1000), -72), Shadow(8, 14, 10, 0.6))
    lit(scene, (800, 500), 1200, 0.55, 1.2)
    glow(scene, (640, 420), 700, (40, 40, 36))
    return scene, Camera(blur=0.6, grain=2.4, vignette=0.35)


def _disc(rng: np.random.Generator) -> Layer:
    side, middle = 1400, (700, 700)
    disc = Layer(side, side)
    brass, navy, cream = (206, 168, 92), (26, 48, 84), (244, 234, 208)
    rings = [(696, (120, 92, 44)), (688, brass), (664, navy), (436, brass), (424, cream)]
    for radius, colour in rings:
        disc.ellipse(middle, (radius, radius), colour)
    for text, sense in (("NORTH SHORE ROWING", 1), ("FOUNDED 1924", -1)):
        strip = Layer(1800, 260)
        strip.write(text, (900, 180), face("Lato-Black", 124), cream, align=0.5, spacing=7)
        disc.put(strip, Arc(1800, 180, middle, 550 - 45 * sense, sense))
    for x in (166, 1234):
        disc.ellipse((x, 832), (20, 20), brass)
    for row in range(3):  # waves
        crest = [(x, 770 + 42 * row + 14 * np.sin(x / 34 + row)) for x in range(350, 1051, 10)]
        disc.polygon([*crest, *((x, y + 16) for x, y in reversed(crest))], navy)
    disc.polygon([(690, 450), (690, 730), (490, 730)], navy)
    disc.polygon([(712, 410), (712, 730), (900, 730)], (190, 54, 46))
    disc.write("CLUB", (700, 1040), face("Vollkorn-Bold", 150), navy, align=0.5)
    disc.paint *= 1 + 0.03 * noise(rng, side, side, (3, 3))[..., None]
    return disc


def _ticket(rng: np.random.Generator) -> Layer:
    slip = Layer(1100, 460, paper(rng, 1100, 460, (232, 202, 140), 0.05))
    slip.rectangle(24, 24, 1052, 412, (150, 44, 38), alpha=0.9)
    slip.rectangle(32, 32, 1036, 396, paper(rng, 1100, 460, (236, 208, 150), 0.05))
    red = (150, 44, 38)
    slip.write("ADMIT ONE", (430, 210), face("LeagueSpartan-Bold", 120), red, align=0.5)
    roman, italic = face("EBGaramond12-Bold", 72), face("EBGaramond12-Italic", 66)
    slip.write("Boat house, Pier 3", (430, 300), roman, (60, 44, 40), align=0.5)
    slip.write("Saturday", (430, 380), italic, (60, 44, 40), align=0.5)
    for y in range(40, 430, 26):
        slip.rectangle(830, y, 5, 14, red)
    number = Layer(400, 150)
    number.write("N° 0417", (200, 110), face("LiberationMono-Bold", 88), red, align=0.5)
    slip.put(number, turned((400, 150), (950, 230), 90))
    return slip


def tin(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """A tin of tomatoes on a shelf; its label's words bend with it."""
    back = ramp(1800, 2300, [(0, (94, 84, 70)), (0.7, (150, 124, 92)), (1, (70, 50, 36))])
    scene = Layer(1800, 2300, back)
    for _ in range(26):  # the kitchen behind, far out of focus
        at, reach = rng.uniform((0, 0), (1800, 1500)), rng.uniform(50, 170)
        warm = rng.uniform(0.2, 1.0) * np.array([210, 160, 96])
        scene.polygon(ring(at[0], at[1], reach), warm, rng.uniform(0.12, 0.4), 9)
    board = wood(rng, 1800, 700, (166, 116, 74), 3)
    shelf = Layer(1800, 700, board)
    boards = [(-100, 1790), (1900, 1790), (2500, 2420), (-700, 2420)]
    scene.put(shelf, Perspective((1800, 700), boards))
    shadow = [(380, 2060), (1360, 2060), (2000, 1860), (1900, 1810), (900, 1840)]
    scene.polygon(shadow, (20, 10, 4), 0.6, 34)
    can = Layer(*scene.size)
    can.rectangle(320, 380, 1120, 1586, STEEL)
    can.ellipse((880, 1966), (560, 90), STEEL)
    label = _label(rng)
    can.put(label, Cylinder(label.size[0], 880, 420, 560, 90))
    _sheen(can)
    _lid(can)
    scene.put(can, Perspective(can.size, box(0, 0, 1800, 2300)))
    lit(scene, (700, 900), 1250, 0.6, 1.15)
    return scene, Camera(blur=0.6, grain=2.6, vignette=0.35, tint=(1.03, 1.0, 0.94))


def _lid(can: Layer) -> None:
    """The rim, the ring pressed into the lid and what they mirror."""
    rings = [
        (380, 566, 104, 200),
        (387, 532, 88, 104),
        (395, 526, 82, 176),
        (398, 430, 64, 146),
        (402, 424, 60, 184),
    ]
    for y, across, down, grey in rings:
        can.ellipse((880, y), (across, down), (grey, grey + 2, grey + 4))
    can.polygon([(560, 400), (700, 330), (800, 330), (640, 450)], (255, 255, 250), 0.5, 14)
    can.polygon([(1000, 460), (1150, 340), (1210, 345), (1080, 460)], (60, 60, 64), 0.3, 16)


def _label(rng: np.random.Generator) -> Layer:
    width, height = 1760, 1460
    middle = width / 2
    cream, red, green = (246, 236, 212), (186, 36, 30), (44, 92, 52)
    label = Layer(width, height, paper(rng, width, height, red, 0.02))
    label.rectangle(0, 0, width, 110, green)
    label.rectangle(0, 1340, width, 120, green)
    for y in (110, 1328):
        label.rectangle(0, y, width, 12, (232, 192, 96))
    label.ellipse((middle, 640), (600, 400), (232, 192, 96))
    label.ellipse((middle, 640), (586, 386), cream)
    label.write("SINCE 1951", (middle, 80), face("Lato-Bold", 62), cream, align=0.5, spacing=10)
    label.write("Casa Bruna", (middle, 560), face("lobster", 216), red, align=0.5)
    label.write("PEELED PLUM", (middle, 720), face("YanoneKaffeesatz-Bold", 160), green, align=0.5)
    label.write("TOMATOES", (middle, 890), face("YanoneKaffeesatz-Bold", 200), green, align=0.5)
    label.write("in rich juice", (middle, 1160), face("EBGaramond12-Italic", 112), cream, align=0.5)
    label.write("NET WT 400 g", (middle, 1290), face("Lato-Bold", 78), cream, align=0.5)
    for x, y in ((180, 420), (180, 900), (1580, 420), (1580, 900)):
        label.ellipse((x, y), (130, 120), (214, 62, 44))
        label.ellipse((x - 30, y - 40), (40, 26), (240, 130, 104), alpha=0.8)
        label.polygon([(x, y - 90), (x - 60, y - 140), (x, y - 120), (x + 64, y - 142)], green)
    return label


def _sheen(can: Layer) -> None:
    """A tin is dark at its sides and has a bright band where the window is."""
    x = np.arange(can.size[0], dtype=np.float32)
    place = np.clip((x - 880) / 560, -1, 1)
    shade = 0.35 + 0.75 * np.sqrt(1 - place**2) + 0.45 * np.exp(-(((place + 0.5) / 0.1) ** 2))
    can.paint *= shade[:, None]
