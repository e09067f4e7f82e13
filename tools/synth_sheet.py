"""Draw the sheet of generated pictures that the documentation shows.

    python -m tools.synth_sheet

64 pictures of seed 0, eight a row; in every other row the characters' boxes are drawn: orange where
they can be read, red where the word is don't-care. They stand on made grounds and on the
photographs that come with scikit-image and are free of rights.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from craftlite.data.sample import Sample
from craftlite.geometry import Picture
from craftlite.synth.generator import Generator

ROWS = COLUMNS = 8
FREE = ("brick", "camera", "chelsea", "coffee", "grass", "gravel", "moon", "rocket")
READABLE, DONT_CARE = (255, 170, 0), (255, 40, 80)


def cell(sample: Sample, side: int, boxes: bool) -> Picture:
    """One picture, scaled to a square of `side` pixels."""
    picture = sample.pixels()
    if boxes:
        for word in sample.words:
            colour = DONT_CARE if word.ignore else READABLE
            assert word.characters is not None
            quads = [np.rint(quad).astype(np.int32) for quad in word.characters]
            cv2.polylines(picture, quads, True, colour, 1, cv2.LINE_AA)
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def main() -> None:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/images/synth.jpg"))
    parser.add_argument("--side", type=int, default=200, help="pixels of one picture")
    args = parser.parse_args()
    free = (path for path in Path(skimage.data.__file__).parent.iterdir() if path.stem in FREE)
    generator = replace(Generator.from_folders(), photographs=tuple(sorted(free)))
    rows = [
        np.hstack(
            [
                cell(generator.sample(row * COLUMNS + column), args.side, boxes=row % 2 == 1)
                for column in range(COLUMNS)
            ]
        )
        for row in range(ROWS)
    ]
    sheet = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(args.out), sheet, [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == "__main__":
    main()
