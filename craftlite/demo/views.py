"""What the page shows of a picture, as HTML that needs nothing from elsewhere."""

import json
from html import escape

from craftlite.demo.session import ROOM, Analysis
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


def words_view(analysis: Analysis, words: Words, milliseconds: float) -> str:
    """The picture with every word's outline; the score shows where the pointer rests.

    milliseconds: that post-processing took.
    """
    outlines = zip(words.polygons, words.scores.tolist(), strict=True)
    marks = "".join(_polygon(polygon, "word", f"{score:.3f}") for polygon, score in outlines)
    width, height = words.size
    caption = (
        f"{len(words)} word{'' if len(words) == 1 else 's'} in {width}x{height} pixels: network "
        f"{analysis.milliseconds:.0f} ms, post-processing {milliseconds:.0f} ms"
    )
    return _figure(analysis, marks, caption, len(words))


def characters_view(analysis: Analysis, words: Words) -> str:
    """The picture with the quads of the characters."""
    characters = [quad for word in words.characters or () for quad in word]
    marks = "".join(_polygon(quad, "char") for quad in characters)
    return _figure(analysis, marks, f"{len(characters)} characters", len(characters))


def map_view(analysis: Analysis, scores: Map, what: str) -> str:
    """A map's colours over the picture, dim where it is 0 and glowing where it is 1."""
    source = data_uri(heatmap(fitted(analysis.picture, ROOM)[0], scores))
    return f'<figure class="seen"><img src="{source}" alt="{what}"></figure>'


def json_view(analysis: Analysis, words: Words) -> str:
    """The JSON of `craftlite detect`, one word a line."""
    entry = record(analysis.name, words)
    head = json.dumps({key: value for key, value in entry.items() if key != "words"})
    lines = ",\n  ".join(json.dumps(word) for word in entry["words"])
    return f'{head[:-1]}, "words": [\n  {lines}\n]}}'


def _figure(analysis: Analysis, marks: str, caption: str, count: int) -> str:
    height, width = analysis.picture.shape[:2]
    return (
        f'<figure class="seen" data-count="{count}"><div class="frame">'
        f'<img src="{analysis.shown}" alt="{escape(analysis.name, quote=True)}">'
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none">{marks}</svg></div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _polygon(points: Points, kind: str, title: str = "") -> str:
    flat = " ".join(f"{x:.1f},{y:.1f}" for x, y in points.tolist())
    return f'<polygon class="{kind}" points="{flat}"><title>{title}</title></polygon>'
