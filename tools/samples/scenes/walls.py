"""Lettering on walls: a shop in a street, a poster on concrete, a station's platform."""

import numpy as np

from tools.samples.faces import face
from tools.samples.grounds import bricks, concrete, noise, paper, ramp, tiles, tinted
from tools.samples.layer import Layer, Shadow
from tools.samples.photo import Camera, lit
from tools.samples.stock import stock
from tools.samples.warps import Perspective, box

GOLD = (226, 186, 104)
IVORY = (236, 226, 204)


def street(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """A brick house with a book shop, seen from the pavement at an angle."""
    house = Layer(3000, 2100, bricks(rng, 3000, 2100, (150, 78, 60)))
    for x in (290, 1410, 2240):
        _sash_window(rng, house, x, 60)
    sign = _name_plate()
    house.put(sign, Perspective(sign.size, box(850, 560, 400, 190)), Shadow(8, 14, 8, 0.6))
    _shop_front(rng, house)
    house.polygon([(0, -200), (3000, -900), (3000, 520), (2350, 760)], (20, 16, 26), 0.42, 14)
    scene = Layer(2600, 1900)
    paving = tiles(rng, 2400, 1600, (136, 132, 126), (300, 200))
    street = [(-1200, 1740), (2700, 1590), (4300, 2300), (-900, 2500)]
    scene.put(Layer(2400, 1600, paving), Perspective((2400, 1600), street))
    corners = [(-90, -330), (2790, -60), (2770, 1630), (-130, 1770)]
    scene.put(house, Perspective(house.size, corners), Shadow(0, 24, 12, 0.6))
    lit(scene, (900, 800), 1500, 0.62, 1.16)
    return scene, Camera(blur=0.6, grain=2.2, vignette=0.3, tint=(1.03, 1.0, 0.95))


def _sash_window(rng: np.random.Generator, house: Layer, x: float, y: float) -> None:
    house.polygon(box(x - 10, y + 20, 440, 660), (25, 18, 16), 0.5, 14)
    house.rectangle(x - 40, y - 60, 480, 64, (186, 178, 164))
    house.rectangle(x - 50, y + 640, 500, 44, (196, 188, 172))
    house.rectangle(x, y, 400, 640, (232, 228, 218))
    sky = ramp(*house.size, [(0, (150, 176, 198)), (0.2, (78, 92, 104)), (0.4, (36, 40, 46))])
    sky += 22 * noise(rng, *house.size, (9, 12))[..., None]
    for row in (0, 1):
        for column in (0, 1):
            house.rectangle(x + 28 + 180 * column, y + 28 + 300 * row, 164, 284, sky)
    house.rectangle(x, y, 400, 14, (30, 24, 24), alpha=0.4)


def _name_plate() -> Layer:
    sign = Layer(620, 290)
    sign.rectangle(0, 0, 619, 289, (24, 26, 30), 18)
    sign.rectangle(10, 10, 599, 269, (240, 240, 234), 12)
    sign.write("MILL LANE", (310, 140), face("LiberationSans-Bold", 100), (24, 26, 32), align=0.5)
    sign.write("CITY WARD", (50, 235), face("LiberationSans-Bold", 54), (24, 26, 32))
    sign.write("NW3", (570, 235), face("LiberationSans-Bold", 64), (186, 34, 40), align=1)
    return sign


def _shop_front(rng: np.random.Generator, house: Layer) -> None:
    green = tinted((32, 66, 56), 0.05 * noise(rng, *house.size, (120, 4)))
    house.polygon(box(90, 860, 2830, 1300), (10, 8, 8), 0.6, 22)
    house.rectangle(110, 840, 2780, 1260, green)
    house.rectangle(90, 815, 2820, 40, (52, 92, 80))
    house.rectangle(90, 1166, 2820, 26, (18, 40, 34))
    for inset in (0, 8):
        tone = GOLD if inset == 0 else (30, 62, 53)
        house.rectangle(176 + inset, 884 + inset, 2648 - 2 * inset, 254 - 2 * inset, tone, 14)
    name, dark = face("lobster", 216), (12, 26, 22)
    house.write("Wren & Finch", (1480, 1078), name, GOLD, align=0.5, drop=dark)
    small = face("Lato-Bold", 56)
    house.write("BOOKS", (250, 1032), small, IVORY, spacing=14)
    house.write("COFFEE", (2690, 1032), small, IVORY, spacing=14, align=1)
    _display(rng, house)
    _door(rng, house)


def _display(rng: np.random.Generator, house: Layer) -> None:
    inside = ramp(*house.size, [(0.6, (84, 60, 40)), (0.75, (168, 118, 66)), (1, (120, 84, 50))])
    house.rectangle(220, 1240, 1760, 800, (22, 46, 39))
    house.rectangle(250, 1270, 1700, 740, inside)
    stock(rng, house, (262, 1680, 1680, 150), (150, 92, 56))
    stock(rng, house, (262, 1840, 1680, 166), (160, 96, 60))
    for x in (640, 1320, 1800):  # lamps inside
        house.polygon(box(x - 34, 1290, 68, 34), (255, 232, 180), 1, 9)
    for left, right in ((250, 820), (1500, 1640)):  # what the pane mirrors
        pane = [(left, 1270), (right, 1270), (right - 340, 2010), (max(250, left - 340), 2010)]
        house.polygon(pane, (255, 250, 240), 0.09, 3)
    house.rectangle(1090, 1270, 22, 740, (22, 46, 39))
    house.write("New & old books", (670, 1460), face("EBGaramond12-Italic", 112), IVORY, align=0.5)
    house.write("bought and sold", (670, 1590), face("EBGaramond12-Italic", 100), IVORY, align=0.5)
    house.write("ESPRESSO BAR", (1530, 1430), face("LeagueSpartan-Bold", 76), IVORY, align=0.5)
    house.write("Mon-Sat 8:30-19:00", (1530, 1520), face("Lato-Bold", 58), IVORY, align=0.5)


def _door(rng: np.random.Generator, house: Layer) -> None:
    house.rectangle(2120, 1240, 640, 860, (22, 46, 39))
    red = tinted((122, 40, 34), 0.05 * noise(rng, *house.size, (90, 4)))
    house.rectangle(2150, 1270, 580, 830, red)
    house.rectangle(2218, 1328, 444, 464, (84, 26, 22), 8)
    glass = [(0.6, (40, 34, 32)), (0.75, (128, 92, 58)), (0.9, (60, 44, 34))]
    house.rectangle(2230, 1340, 420, 440, ramp(*house.size, glass), 8)
    house.polygon([(2230, 1340), (2420, 1340), (2230, 1700)], (255, 250, 240), 0.14, 3)
    house.write("24", (2440, 1900), face("Vollkorn-Bold", 130), GOLD, align=0.5)
    house.ellipse((2680, 1830), (22, 22), GOLD)
    house.rectangle(2310, 1470, 260, 130, (238, 234, 224), 12)
    house.write("OPEN", (2440, 1562), face("LeagueSpartan-Bold", 74), (160, 36, 34), align=0.5)


def poster(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """A concert poster pasted on a concrete wall, and the edge of an older one."""
    scene = Layer(1900, 2500, concrete(rng, 1900, 2500, (150, 146, 140)))
    scene.rectangle(0, 1236, 1900, 8, (88, 84, 80), alpha=0.7)
    for x, y in ((160, 120), (1750, 110), (160, 2380), (1750, 2400)):
        scene.ellipse((x, y), (20, 20), (70, 66, 62))
    sheet = _poster_sheet(rng)
    corners = [(262, 190), (1650, 262), (1630, 2290), (282, 2340)]
    bill = [(-260, 560), (420, 500), (450, 1390), (-240, 1430)]
    scene.put(_old_bill(rng), Perspective((700, 900), bill), Shadow(4, 8, 6, 0.5))
    scene.put(sheet, Perspective(sheet.size, corners), Shadow(10, 16, 12, 0.55))
    scene.polygon([(-300, -100), (760, -100), (-100, 1700)], (255, 236, 200), 0.10, 40)
    lit(scene, (700, 700), 1500, 0.6, 1.12)
    return scene, Camera(blur=0.6, grain=2.5, vignette=0.3)


def _old_bill(rng: np.random.Generator) -> Layer:
    bill = Layer(700, 900, paper(rng, 700, 900, (214, 196, 120), 0.08))
    bill.rectangle(0, 560, 700, 340, (60, 92, 120), alpha=0.8)
    return bill


def _poster_sheet(rng: np.random.Generator) -> Layer:
    width, height = 1400, 2080
    night = ramp(width, height, [(0, (24, 26, 62)), (0.45, (150, 46, 92)), (0.68, (246, 140, 72))])
    sheet = Layer(width, height, night)
    sheet.ellipse((700, 1190), (350, 350), (255, 206, 116))
    for row, y in enumerate(range(1000, 1560, 60)):  # the sun's stripes
        sheet.rectangle(330, y, 740, 8 + 5 * row, night[y, 0])
    sheet.polygon(
        [(0, 1500), (380, 1330), (640, 1480), (1010, 1290), (1400, 1490), (1400, 2080), (0, 2080)],
        (38, 22, 56),
    )
    sheet.polygon(
        [(0, 1610), (520, 1480), (900, 1600), (1400, 1500), (1400, 2080), (0, 2080)], (20, 14, 36)
    )
    cream = (252, 236, 206)
    title = face("LeagueSpartan-Bold", 74)
    sheet.write("SUMMER NIGHTS FESTIVAL", (700, 170), title, cream, align=0.5)
    sheet.rectangle(140, 212, 1120, 6, cream)
    sheet.write("THE PAPER", (700, 450), face("YanoneKaffeesatz-Bold", 290), cream, align=0.5)
    sheet.write("LANTERNS", (700, 720), face("YanoneKaffeesatz-Bold", 330), cream, align=0.5)
    sheet.write("with guests", (700, 1660), face("lobster", 84), (255, 180, 92), align=0.5)
    names = face("LeagueSpartan-Bold", 62)
    sheet.write("HOLLOW TREE", (660, 1770), names, cream, align=1)
    sheet.write("MIRA & SON", (760, 1770), names, cream)
    sheet.write("Friday 12 June, 20:30", (90, 1990), face("Lato-Bold", 56), cream)
    sheet.write("Harbour Stage", (1310, 1990), face("Lato-Bold", 56), cream, align=1)
    sheet.ellipse((1190, 1010), (130, 130), (224, 48, 58))
    sheet.write("SOLD", (1190, 1004), face("Lato-Black", 74), cream, align=0.5)
    sheet.write("OUT", (1190, 1078), face("Lato-Black", 74), cream, align=0.5)
    sheet.paint *= paper(rng, width, height, (1, 1, 1), 0.07)
    for y in (690, 1385):  # where it was folded
        sheet.rectangle(0, y, width, 4, (255, 255, 255), alpha=0.16)
        sheet.rectangle(0, y + 4, width, 5, (0, 0, 0), alpha=0.16)
    return sheet


def platform(rng: np.random.Generator) -> tuple[Layer, Camera]:
    """A tiled station wall with its signs: single letters, a number and short words."""
    wall = Layer(3000, 1900, tiles(rng, 3000, 1900, (212, 214, 204)))
    wall.rectangle(0, 1240, 3000, 60, (36, 84, 74))
    wall.rectangle(0, 1300, 3000, 600, (64, 116, 104), alpha=0.85)
    blue, white = (28, 62, 128), (244, 244, 240)
    bold = "LiberationSans-Bold"
    board = Layer(1180, 380)
    board.rectangle(0, 0, 1179, 379, blue, 20)
    board.rectangle(0, 0, 380, 379, white, 20)
    board.write("7", (190, 320), face(bold, 370), blue, align=0.5)
    board.write("Riverside", (440, 170), face(bold, 138), white)
    board.write("via Old Town", (440, 310), face(bold, 92), (250, 214, 84))
    _hang(wall, board, 220, 210)
    for x, letter, tone in ((1600, "A", (206, 52, 44)), (2130, "B", (32, 124, 82))):
        sign = Layer(360, 360)
        sign.ellipse((180, 180), (178, 178), white)
        sign.ellipse((180, 180), (164, 164), tone)
        sign.write(letter, (180, 266), face(bold, 240), white, align=0.5)
        _hang(wall, sign, x, 220)
    exit_sign = Layer(760, 210)
    exit_sign.rectangle(0, 0, 759, 209, (250, 206, 50), 12)
    exit_sign.write("EXIT", (60, 150), face(bold, 130), (26, 26, 26))
    exit_sign.write("2", (480, 150), face(bold, 130), (26, 26, 26))
    exit_sign.polygon(box(590, 86, 64, 40), (26, 26, 26))
    exit_sign.polygon([(650, 46), (724, 106), (650, 166)], (26, 26, 26))
    _hang(wall, exit_sign, 1660, 780)
    wall.write("Mind the gap", (260, 930), face(bold, 110), (36, 62, 84))
    wall.write("Keep clear of the doors", (260, 1050), face(bold, 66), (70, 84, 92))
    scene = Layer(2600, 1700, (48, 46, 46))
    scene.put(wall, Perspective(wall.size, [(-60, -60), (2900, -240), (2860, 1960), (-40, 1460)]))
    scene.polygon([(0, 1440), (2600, 1860), (2600, 1910), (0, 1470)], (20, 20, 20), 0.8, 6)
    scene.polygon([(0, 1570), (800, 1700), (500, 1700), (0, 1620)], (214, 176, 60), 0.9, 3)
    lit(scene, (1100, 320), 1150, 0.55, 1.12)
    return scene, Camera(blur=0.7, grain=3.2, vignette=0.35, tint=(0.98, 1.0, 0.96))


def _hang(wall: Layer, sign: Layer, x: float, y: float) -> None:
    wall.put(sign, Perspective(sign.size, box(x, y, *sign.size)), Shadow(10, 26, 16, 0.45))
