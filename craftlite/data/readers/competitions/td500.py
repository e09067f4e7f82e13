"""MSRA-TD500: lines of text in any direction, as rotated boxes without transcriptions."""

from pathlib import Path

from craftlite.data.annotations import Annotation, Dataset
from craftlite.data.files.folder import read_folder
from craftlite.data.files.lines import coordinates, expecting, read_lines
from craftlite.geometry import box, rotated

LAYOUTS = {
    "td500": [
        "train/IMG_N.JPG",
        "train/IMG_N.gt",
        "test/IMG_N.JPG",
        "test/IMG_N.gt",
    ]
}


def read_td500(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read MSRA-TD500: quads of whole lines of text; difficult ones are don't care."""
    folder, read = root / split, read_lines(rotated_line)
    return read_folder([folder], folder, read, need_pictures, truth_names=["{}.gt"])


@expecting("7 numbers: index difficult x y w h theta (difficult 0 or 1)")
def rotated_line(line: str) -> Annotation:
    """Parse `index difficult x y w h theta`: a box rotated by theta radians about its centre.

    x and y are its upper left corner before rotation; a positive theta rotates clockwise.
    """
    _, difficult, x, y, width, height, theta = coordinates(line.split())
    if difficult not in (0, 1):
        raise ValueError("neither 0 nor 1")
    corners = box(x, y, x + width, y + height)
    turned = rotated(corners, theta, corners.mean(axis=0))
    return Annotation(turned, None, ignore=difficult == 1)
