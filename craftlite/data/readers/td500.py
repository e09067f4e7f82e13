"""MSRA-TD500: lines of text in any direction, as rotated boxes without transcriptions."""

from pathlib import Path

import numpy as np

from craftlite.data.annotations import Dataset
from craftlite.data.files.folder import read_folder
from craftlite.data.files.lines import Annotation, coordinates, read_lines
from craftlite.geometry import box

LAYOUT = """td500 is expected as
  train/IMG_N.JPG
  train/IMG_N.gt
  test/IMG_N.JPG
  test/IMG_N.gt"""


def read_td500(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """MSRA-TD500: quads of whole lines of text; those marked difficult are don't care.

    Raises:
        DatasetError: see read_folder.
    """
    return read_folder(
        [root / split],
        root / split,
        read_lines(rotated_line),
        truth_names=("{}.gt",),
        layout=LAYOUT,
        need_pictures=need_pictures,
    )


def rotated_line(line: str) -> Annotation:
    """A line `index difficult x y w h theta`: a box turned by theta radians about its centre.

    x and y are its upper left corner before it is turned; a positive theta turns clockwise.
    """
    try:
        _, difficult, x, y, width, height, theta = coordinates(line.split())
        if difficult not in (0, 1):
            raise ValueError("neither 0 nor 1")
    except ValueError as error:
        raise ValueError("7 numbers: index difficult x y w h theta (difficult 0 or 1)") from error
    corners = box(x, y, x + width, y + height)
    centre = corners.mean(axis=0)
    cos, sin = np.cos(theta), np.sin(theta)
    turned = (corners - centre) @ np.array([[cos, sin], [-sin, cos]]) + centre
    return Annotation(turned.astype(np.float32), None, ignore=difficult == 1)
