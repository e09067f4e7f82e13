"""The page's "about": how it works, in pictures and few words."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from craftlite.demo.session import DetectorPool
from craftlite.demo.views import map_view, words_view
from craftlite.geometry import Picture
from craftlite.weights import DEFAULT, catalogue

ABOUT = """
**Two maps.** A small network (1.82 M parameters) gives every pixel two scores: *region*, whether it
is the centre of a character, and *affinity*, whether it lies between two characters of one word.
Pixels of either form connected components, and each component is a word. It is CRAFT's idea (Baek
et al., CVPR 2019) on a network with an eleventh of the parameters.

**Three thresholds.** *Low text* says from which region score a pixel is text, *link* from which
affinity it joins characters, and *text* what peak a word must reach. They work on maps that are
there already; the network runs again only for another picture, long side or weights.

**What it is good for yet**

{table}

Code: MIT. The weights learnt from data with terms of its own: see their card in `weights/`. Nothing
that is uploaded is kept, and the page asks nothing of other servers.
"""
EXAMPLE = "TWO MAPS"
CAPTIONS = ("a picture", "its region map", "its affinity map", "components: the words")


def example() -> Picture:
    """A picture that needs no file: two words in ink on paper."""
    image = Image.new("RGB", (640, 200), (236, 230, 214))
    pen = ImageDraw.Draw(image)
    pen.text((320, 100), EXAMPLE, (40, 44, 58), ImageFont.load_default(92), anchor="mm")
    return np.array(image)


def steps(pool: DetectorPool) -> str:
    """From a picture to its words in four pictures, made by the weights that ship."""
    detector = pool.detector(DEFAULT)
    analysis = pool.analyse("example", example(), DEFAULT, 640)
    found = pool.words(analysis, DEFAULT, detector.thresholds)
    views = (
        f'<img src="{analysis.shown}" alt="a picture">',
        map_view(analysis, analysis.maps.region, "region map"),
        map_view(analysis, analysis.maps.affinity, "affinity map"),
        words_view(analysis, found),
    )
    figures = "".join(
        f"<div>{view}<p>{number}. {said}</p></div>"
        for number, (view, said) in enumerate(zip(views, CAPTIONS, strict=True), 1)
    )
    return f'<div class="steps">{figures}</div>'


def about() -> str:
    """The text, with the weights' settings."""
    lines = [
        "| weights | H-mean | on | long side | text, link, low, growth |",
        "|---|---|---|---|---|",
    ]
    for entry in catalogue().values():
        levels = entry.thresholds
        hmean = "not measured" if entry.hmean is None else f"{entry.hmean:.1%}"
        lines.append(
            f"| {entry.name} | {hmean} | {entry.tuned or '-'} | {entry.long_side} | "
            f"{levels.text:g}, {levels.link:g}, {levels.low:g}, {levels.growth:g} |"
        )
    return ABOUT.format(table="\n".join(lines))
