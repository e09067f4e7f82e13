"""The "About" tab of the page: how the detector works."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from craftlite.demo.session import DetectorPool
from craftlite.demo.views import map_view, words_view
from craftlite.detector import default_weights
from craftlite.geometry import Picture
from craftlite.weights import catalogue

ABOUT = """
**Two maps.** A small network (1.82 M parameters) predicts two scores for every pixel: *region*, how
close it is to the centre of a character, and *affinity*, how close it is to the middle of the gap
between two characters of one word. Pixels with a high score in either map form connected
components, and each component is a word. The idea is CRAFT's (Baek et al., CVPR 2019); this
network has one eleventh of CRAFT's parameters.

**Three thresholds.** *Low text* is the lowest region score at which a pixel counts as text, *link*
is the lowest affinity score at which it joins two characters, and *text* is the peak region score
that a word must reach. They are applied to maps that are already computed: the network runs again
only if the picture, the long side or the weights change.

**How accurate it is**

{table}

The code is under the MIT licence. Weights marked "research" were trained on pictures licensed for
research; see the cards in `weights/`. An uploaded file is deleted after ten minutes, and the
picture in memory an hour after its last use. The page loads nothing from other servers.
"""


def steps(pool: DetectorPool) -> str:
    """Return HTML that shows how the default weights find words: four pictures, one per step."""
    weights = default_weights()
    analysis = pool.analyse("example", _example(), weights, 640)
    views = {
        "a picture": f'<img src="{analysis.shown}" alt="a picture">',
        "its region map": map_view(analysis, analysis.maps.region, "region map"),
        "its affinity map": map_view(analysis, analysis.maps.affinity, "affinity map"),
        "components: the words": words_view(analysis, *pool.words(analysis, weights)),
    }
    figures = "".join(
        f"<div>{view}<p>{number}. {caption}</p></div>"
        for number, (caption, view) in enumerate(views.items(), 1)
    )
    return f'<div class="steps">{figures}</div>'


def _example() -> Picture:
    """Draw the example picture, two words in ink on paper, so that no file is needed."""
    image = Image.new("RGB", (640, 200), (236, 230, 214))
    pen = ImageDraw.Draw(image)
    pen.text((320, 100), "TWO MAPS", (40, 44, 58), ImageFont.load_default(92), anchor="mm")
    return np.array(image)


def about() -> str:
    """Return the Markdown text of the tab, with a table of the weights."""
    lines = [
        "| weights | licence | H-mean | tuned and measured | long side | text, link, low, growth |",
        "|---|---|---|---|---|---|",
    ]
    for entry in catalogue().values():
        levels = ", ".join(f"{value:g}" for value in vars(entry.thresholds).values())
        hmean = "not measured" if entry.hmean is None else f"{entry.hmean:.1%}"
        lines.append(
            f"| {entry.name} | {entry.licence} | {hmean} | {entry.tuned or '-'} "
            f"| {entry.long_side} | {levels} |"
        )
    return ABOUT.format(table="\n".join(lines))
