"""What the page shows of a picture, as HTML that needs nothing from elsewhere."""

import json
from html import escape

import numpy as np

from craftlite.demo.session import ROOM, Analysis, Found
from craftlite.draw import data_uri, fitted, heatmap
from craftlite.formats import record
from craftlite.geometry import Map, Points
from craftlite.words import Words

STYLE = """
.seen { margin: 0; }
.seen .frame { position: relative; display: block; line-height: 0; }
.seen img { width: 100%; height: auto; border-radius: 6px; }
.seen svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.seen polygon { fill: rgb(0 230 118 / .14); stroke: rgb(0 230 118); stroke-width: 2;
  vector-effect: non-scaling-stroke; }
.seen polygon.char { fill: rgb(255 179 0 / .16); stroke: rgb(255 179 0); stroke-width: 1; }
.seen polygon:hover { fill: rgb(0 230 118 / .5); cursor: crosshair; }
.seen figcaption { margin-top: 8px; font-variant-numeric: tabular-nums; opacity: .8; }
.away { position: absolute !important; left: -9999px; }
.steps { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; }
/* On a phone what was found comes before the sliders. */
@media (max-width: 640px) {
  .left { display: contents; }
  .left > * { flex: 1 1 100%; }
  .left > .form { order: 3; }
  .right { order: 2; }
}
footer { display: none !important; }
"""
NOTHING = "<p>Drop a picture, or take one of the samples.</p>"


def words_view(analysis: Analysis, found: Found) -> str:
    """The picture with every word's outline; the score shows where the pointer rests."""
    words = found.words
    outlines = zip(words.polygons, words.scores.tolist(), strict=True)
    marks = "".join(_polygon(polygon, f"{score:.3f}") for polygon, score in outlines)
    return _seen(analysis, marks, caption(analysis, found), len(words))


def characters_view(analysis: Analysis, found: Found) -> str:
    """The picture with the quads of the characters."""
    characters = [quad for word in found.words.characters or () for quad in word]
    marks = "".join(_polygon(quad, None, "char") for quad in characters)
    return _seen(analysis, marks, f"{len(characters)} characters", len(characters))


def map_view(analysis: Analysis, scores: Map, what: str) -> str:
    """A map's colours over the picture, dim where it is 0 and glowing where it is 1."""
    small = fitted(analysis.picture, ROOM)[0]
    return (
        f'<figure class="seen"><img src="{data_uri(heatmap(small, scores))}" alt="{what}"></figure>'
    )


def json_view(analysis: Analysis, words: Words) -> str:
    """The JSON of `craftlite detect`, a word a line."""
    entry = record(analysis.name, words)
    head = json.dumps({key: value for key, value in entry.items() if key != "words"})
    lines = ",\n  ".join(json.dumps(word) for word in entry["words"])
    return f'{head[:-1]}, "words": [\n  {lines}\n]}}'


def caption(analysis: Analysis, found: Found) -> str:
    """How much was found and how long it took."""
    width, height = found.words.size
    count = len(found.words)
    return (
        f"{count} word{'' if count == 1 else 's'} in {width}x{height} pixels: network "
        f"{analysis.milliseconds:.0f} ms, post-processing {found.milliseconds:.0f} ms"
    )


def _seen(analysis: Analysis, marks: str, said: str, count: int) -> str:
    height, width = analysis.picture.shape[:2]
    return (
        f'<figure class="seen" data-count="{count}"><div class="frame">'
        f'<img src="{analysis.shown}" alt="{escape(analysis.name, quote=True)}">'
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none">{marks}</svg></div>'
        f"<figcaption>{said}</figcaption></figure>"
    )


def _polygon(points: Points, title: str | None, kind: str = "word") -> str:
    flat = " ".join(f"{x:.1f},{y:.1f}" for x, y in np.asarray(points).tolist())
    inside = f"<title>{title}</title>" if title else ""
    return f'<polygon class="{kind}" points="{flat}">{inside}</polygon>'
