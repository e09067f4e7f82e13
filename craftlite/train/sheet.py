"""A sheet of validation pictures: what the network finds there, and the two maps that it sees."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from craftlite.data.panel import INK, PAPER, can_show
from craftlite.data.sample import Sample
from craftlite.detector import Detector
from craftlite.draw import heatmap, outline, write_picture
from craftlite.evaluate.iou import Matches, match
from craftlite.geometry import Points
from craftlite.image import Picture
from craftlite.postprocess import Thresholds

PICTURES = 6
CELL = (792, 600)  # the most pixels that a picture or a map takes, width and height
GAP = 8
BAND = 34  # pixels of the line of text above each row
QUALITY = 88

# What became of a truth, in thin lines, and of a detection, in thick ones.
COLOURS = {
    "truth": (255, 255, 255),
    "truth, missed": (255, 214, 0),
    "detection": (0, 230, 118),
    "detection, wrong": (255, 64, 64),
    "don't care": (150, 150, 162),
}


def draw_sheet(
    path: Path, detector: Detector, samples: Sequence[Sample], thresholds: Thresholds, step: int
) -> None:
    """Write up to six of the samples as a JPEG or PNG, a row each, at most 2400 pixels wide.

    A row is the picture with the truth in thin lines and the detections in thick ones, then the
    region map and the affinity map over it; a detection is found or wrong as ICDAR 2015 scores it.
    The samples are taken from all over the list, always the same ones, those with words first.

    Raises:
        CraftliteError: a picture cannot be read, or the sheet cannot be written.
    """
    rows = [draw_row(detector, sample, thresholds) for sample in chosen(samples)]
    width = 3 * CELL[0] + 2 * GAP
    sheet = Image.new("RGB", (width, BAND + sum(row.shape[0] + GAP for row in rows)), PAPER)
    pen, top = ImageDraw.Draw(sheet), BAND
    levels = f"text {thresholds.text:g}, link {thresholds.link:g}, low {thresholds.low:g}"
    x = write(pen, 14, BAND / 2, f"step {step}    {levels}", INK)
    for name, colour in COLOURS.items():
        x = write(pen, x + 30, BAND / 2, name, colour)
    for row in rows:
        sheet.paste(Image.fromarray(row), (0, top))
        top += row.shape[0] + GAP
    write_picture(path, np.array(sheet), QUALITY)


def chosen(samples: Sequence[Sample]) -> list[Sample]:
    """Up to PICTURES samples at even distances, of those with legible words where there are any."""
    legible = [s for s in samples if any(not word.ignore for word in s.words)] or list(samples)
    count = min(PICTURES, len(legible))
    return [legible[number * len(legible) // count] for number in range(count)]


def draw_row(detector: Detector, sample: Sample, thresholds: Thresholds) -> Picture:
    """A line of counts, and below it picture, region map and affinity map: (h, w, 3) uint8 RGB."""
    pixels = sample.pixels()
    maps = detector.maps(pixels)
    quads = detector.words(maps, thresholds, polygons=False).quads
    height, width = pixels.shape[:2]
    scale = min(CELL[0] / width, CELL[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(pixels, size, interpolation=smooth).astype(np.uint8, copy=False)
    matches = match(sample.words, list(np.rint(quads)))
    truths = [(word.polygon + 0.5) * scale - 0.5 for word in sample.words]
    found = mark(small, truths, list((quads + 0.5) * scale - 0.5), matches)
    row = np.full((BAND + size[1], 3 * CELL[0] + 2 * GAP, 3), PAPER, np.uint8)
    for place, part in enumerate(
        (found, heatmap(small, maps.region), heatmap(small, maps.affinity))
    ):
        left = place * (CELL[0] + GAP) + (CELL[0] - size[0]) // 2
        row[BAND:, left : left + size[0]] = part
    return titled(row, sample.name, matches)


def mark(
    picture: Picture, truths: Sequence[Points], quads: Sequence[Points], matches: Matches
) -> Picture:
    """A copy of a picture with outlines (K, 2), in its pixels, by what became of them."""
    drawn = picture.copy()
    matched = matches.pairs.T.tolist()
    for outlines, counts, pairs, found, otherwise, width in (
        (truths, matches.truth_counts, matched[0], "truth", "truth, missed", 1),
        (quads, matches.detection_counts, matched[1], "detection", "detection, wrong", 2),
    ):
        for number, points in enumerate(outlines):
            state = found if number in pairs else otherwise
            colour = COLOURS[state if counts[number] else "don't care"]
            outline(drawn, [points], colour, width)
    return drawn


def titled(row: Picture, name: str, matches: Matches) -> Picture:
    """A row with the picture's name and what was found there in the band above it."""
    image = Image.fromarray(row)
    pen = ImageDraw.Draw(image)
    found = len(matches.pairs)
    truths, detections = int(matches.truth_counts.sum()), int(matches.detection_counts.sum())
    counts = f"{found} of {truths} words found, {detections - found} detections wrong"
    shown = "".join(character if can_show(character) else "?" for character in name)
    for place, text in enumerate((f"{shown}    {counts}", "region", "affinity")):
        write(pen, place * (CELL[0] + GAP) + 14, BAND / 2, text, INK)
    return np.array(image)


def write(
    pen: ImageDraw.ImageDraw, x: float, middle: float, text: str, colour: tuple[int, int, int]
) -> float:
    """Write a text to the right of x; returns where it ends."""
    font = ImageFont.load_default(20)
    pen.text((x, middle), text, colour, font, "lm")
    return x + font.getlength(text)
