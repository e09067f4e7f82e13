"""Views of a picture for the page, as self-contained HTML."""

import json
from collections.abc import Sequence
from html import escape
from itertools import groupby

from craftlite.demo.session import ROOM, Analysis
from craftlite.draw import data_uri, fitted, heatmap
from craftlite.formats import record
from craftlite.geometry import Map, Points
from craftlite.reading import SURE, TextLine, TextWord
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
.seen polygon.line { fill: rgb(41 182 246 / .16); stroke: rgb(41 182 246); }
.seen svg { overflow: visible; }
.seen text { font-weight: 600; fill: #fff; stroke: #01579b; paint-order: stroke;
  dominant-baseline: central; text-anchor: end; }
.crops { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 8px; }
.crops img { height: 40px; width: auto; max-width: 100%; border-radius: 4px; }
.crops img.tall { height: auto; width: 40px; }
.text p { font-size: 1.1em; line-height: 1.5; margin: 0 0 1em; }
.text .unsure { border-bottom: 2px dotted rgb(255 143 0); }
/* On a phone the sliders follow what was found, which stays in sight while they are moved. */
@media (max-width: 640px) {
  .left, .right { display: contents; }
  .left > *, .right > * { flex: 1 1 100%; order: 4; }
  .left > .picture { order: 1; }
  .right > .tabs { order: 2; position: sticky; top: 0; z-index: 5;
    background: var(--body-background-fill); }
  .left > .form { order: 3; }
  .seen .frame { width: fit-content; margin: auto; }
  .seen img { width: auto; max-width: 100%; max-height: 42vh; }
  .scroll { max-height: 42vh; overflow-y: auto; }
}
footer { display: none !important; }
"""
MOST_CROPS = 200
CROP_HEIGHT = 40  # pixels
# Sticky positioning fails in a container that hides its overflow, and Gradio applies STYLE only
# inside that container.
HEAD = "<style>.gradio-container { overflow: clip !important; }</style>"
NO_READING = "<p>Reading needs RapidOCR on the server: <code>pip install rapidocr</code></p>"
NOTHING = "<p>Drop a picture, or choose one of the samples.</p>"


def words_view(analysis: Analysis, words: Words, milliseconds: float) -> str:
    """Return the picture with every word's outline, and scores as tooltips.

    milliseconds: time of the post-processing.
    """
    outlines = zip(words.polygons, words.scores.tolist(), strict=True)
    marks = "".join(_polygon(polygon, "word", f"{score:.3f}") for polygon, score in outlines)
    width, height = words.size
    caption = (
        f"{_counted(len(words), 'word')} in {width}x{height} pixels: network "
        f"{analysis.milliseconds:.0f} ms, post-processing {milliseconds:.0f} ms"
    )
    return _figure(analysis, marks, caption, len(words))


def characters_view(analysis: Analysis, words: Words) -> str:
    """Return the picture with the quads of the characters."""
    characters = [quad for word in words.characters or () for quad in word]
    marks = "".join(_polygon(quad, "char") for quad in characters)
    return _figure(analysis, marks, f"{len(characters)} characters", len(characters))


def map_view(analysis: Analysis, scores: Map, what: str) -> str:
    """Return the picture with a score map over it, dim at 0 and bright at 1."""
    source = data_uri(heatmap(fitted(analysis.picture, ROOM)[0], scores))
    return f'<figure class="seen"><img src="{source}" alt="{what}"></figure>'


def lines_view(analysis: Analysis, words: Words) -> str:
    """Return the picture with the outlines of the lines, numbered in reading order."""
    lines, size = words.lines(), max(words.size) / 45
    marks = "".join(_polygon(line.polygon, "line", f"block {line.block + 1}") for line in lines)
    for number, line in enumerate(lines, 1):
        x, y = (line.polygon[0] + line.polygon[-1]).tolist()
        marks += (
            f'<text x="{(x - size) / 2:.1f}" y="{y / 2:.1f}" font-size="{size:.1f}">{number}</text>'
        )
    blocks = len({line.block for line in lines})
    caption = f"{_counted(len(lines), 'line')} in {_counted(blocks, 'block')}, in reading order"
    return _figure(analysis, marks, caption, len(lines))


def crops_view(analysis: Analysis, words: Words) -> str:
    """Return the crops of the words, upright, in reading order."""
    shown = words[words.order().argsort()[:MOST_CROPS]]
    pictures = []
    for crop, score in zip(
        shown.crops(analysis.picture, CROP_HEIGHT, polygons=True), shown.scores, strict=True
    ):
        kind = "tall" if len(crop) > crop.shape[1] else "wide"
        pictures.append(
            f'<img class="{kind}" src="{data_uri(crop)}" alt="a word" title="{score:.3f}">'
        )
    first = f"the first {MOST_CROPS} of " if len(words) > MOST_CROPS else ""
    caption = f"{first}{_counted(len(words), 'word')}, upright and in reading order"
    return (
        f'<figure class="seen" data-count="{len(pictures)}"><div class="crops scroll">'
        f"{''.join(pictures)}</div><figcaption>{caption}</figcaption></figure>"
    )


def text_view(lines: Sequence[TextLine], milliseconds: float) -> str:
    """Return the text line by line, one paragraph per block, with uncertain words marked.

    milliseconds: time of the reading.
    """
    paragraphs = []
    for _, block in groupby(lines, key=lambda line: line.block):
        texts = [" ".join(map(_word, line.words)) for line in block]
        paragraphs.append(f"<p>{'<br>'.join(texts)}</p>")
    count = sum(len(line.words) for line in lines)
    caption = (
        f"{_counted(count, 'word')} read in {milliseconds:.0f} ms; uncertain ones are underlined"
    )
    return (
        f'<figure class="seen" data-count="{count}"><div class="text scroll">'
        f"{''.join(paragraphs)}</div><figcaption>{caption}</figcaption></figure>"
    )


def _word(word: TextWord) -> str:
    kind = "unsure" if word.score < SURE else "sure"
    return f'<span class="{kind}" title="{word.score:.3f}">{escape(word.text)}</span>'


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def json_view(analysis: Analysis, words: Words) -> str:
    """Return the JSON of `craftlite detect` with one word per line."""
    entry = record(analysis.name, words, analysis.part)
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
