"""A sheet of validation pictures: what the network finds there, and its two score maps."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from craftlite.data.sample import Sample
from craftlite.detector import Detector
from craftlite.draw import INK, PAPER, fitted, heatmap, write_picture, write_text
from craftlite.evaluate.outlines import COLOURS, mark
from craftlite.evaluate.protocols.iou import match
from craftlite.evaluate.score import Matching
from craftlite.postprocess import Thresholds

PICTURES = 6
CELL = (792, 600)  # largest width and height of a picture or a map, in pixels
GAP = 8
BAND = 34  # height in pixels of the line of text above each row
WIDTH = 3 * CELL[0] + 2 * GAP
QUALITY = 88


def draw_sheet(
    path: Path, detector: Detector, samples: Sequence[Sample], thresholds: Thresholds, step: int
) -> None:
    """Write up to six of the samples as a JPEG or PNG, one per row, at most 2400 pixels wide.

    A row shows the picture with the ground truth in thin lines and the detections in thick ones,
    then the region map and the affinity map over it. Whether a detection is correct is decided as
    ICDAR 2015 does. The samples are evenly spaced, always the same, and preferably have words.

    Raises:
        CraftliteError: a picture cannot be read, or the sheet cannot be written.
    """
    rows = [draw_row(detector, sample, thresholds) for sample in chosen(samples)]
    sheet = Image.new("RGB", (WIDTH, BAND + sum(row.height + GAP for row in rows)), PAPER)
    pen, top = ImageDraw.Draw(sheet), BAND
    levels = f"text {thresholds.text:g}, link {thresholds.link:g}, low {thresholds.low:g}"
    x = write_text(pen, 14, BAND / 2, f"step {step}    {levels}", INK)
    for name, colour in COLOURS.items():
        x = write_text(pen, x + 30, BAND / 2, name, colour)
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height + GAP
    write_picture(path, np.array(sheet), QUALITY)


def chosen(samples: Sequence[Sample]) -> list[Sample]:
    """Return up to PICTURES evenly spaced samples, with legible words if there are any such."""
    legible = [s for s in samples if any(not word.ignore for word in s.words)] or list(samples)
    count = min(PICTURES, len(legible))
    return [legible[number * len(legible) // count] for number in range(count)]


def draw_row(detector: Detector, sample: Sample, thresholds: Thresholds) -> Image.Image:
    """Draw one row: a line of counts, and below it picture, region map and affinity map."""
    pixels = sample.pixels()
    maps = detector.maps(pixels)
    quads = detector.words(maps, thresholds, polygons=False).quads
    small, scale = fitted(pixels, CELL)
    matching = match(sample.words, list(np.rint(quads)))
    found = mark(small, sample.words, list(quads), matching, scale)
    height, width = small.shape[:2]
    row = Image.new("RGB", (WIDTH, BAND + height), PAPER)
    pen = ImageDraw.Draw(row)
    for place, (title, part) in enumerate(
        (
            (f"{sample.name}    {counts_of(matching)}", found),
            ("region", heatmap(small, maps.region)),
            ("affinity", heatmap(small, maps.affinity)),
        )
    ):
        left = place * (CELL[0] + GAP)
        write_text(pen, left + 14, BAND / 2, title, INK)
        row.paste(Image.fromarray(part), (left + (CELL[0] - width) // 2, BAND))
    return row


def counts_of(matching: Matching) -> str:
    """Describe in words what was found in a picture."""
    truths, detections, found, correct, _ = matching.tally()
    return f"{found:g} of {truths:g} words found, {detections - correct:g} detections wrong"
