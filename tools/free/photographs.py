"""Copy freely licensed photographs out of the packages that ship them, to write text on.

    python -m tools.free.photographs --out photographs

`photographs.csv` lists them: the Debian package, its version, the licence given in its copyright
file, the path, and the name of the copy. A path may lead into a ZIP file or a Qt resource file
(`textures.pk3/wall.png`). `--root` is the folder where the packages are installed or unpacked, by
default `/`. Those of scikit-image are read from the Python package, which this project needs.
"""

import argparse
import csv
import io
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import cv2
import numpy as np
import skimage
from PIL import Image

from craftlite.errors import DatasetError
from craftlite.files import write_whole
from tools.free.qt_resources import qt_resources

LIST = Path(__file__).with_name("photographs.csv")
LONG_SIDE = 1600  # pixels; larger photographs are scaled down
QUALITY = 92  # JPEG quality of the copies
ARCHIVES = (".pk3", ".zip", ".rcc")


class Photograph(NamedTuple):
    """A row of the list."""

    package: str
    version: str
    licence: str
    path: str
    name: str


def read_list(path: Path = LIST) -> list[Photograph]:
    """Read the list of photographs."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Photograph(**row) for row in csv.DictReader(file)]


def copy_photographs(photographs: Sequence[Photograph], root: Path, out: Path) -> None:
    """Copy photographs to a folder as JPEG files.

    Raises:
        DatasetError: a package is missing, in which case nothing is written; or an archive does
            not contain a photograph.
    """
    missing = {p.package for p in photographs if not find(p, root)[0].is_file()}
    if missing:
        what = f"{root}: lacks photographs of {', '.join(sorted(missing))}"
        raise DatasetError(f"{what}; install these packages, or unpack them there with dpkg -x")
    out.mkdir(parents=True, exist_ok=True)
    for photograph in photographs:
        write_whole(out / photograph.name, jpeg(content(*find(photograph, root))))


def find(photograph: Photograph, root: Path) -> tuple[Path, str]:
    """Return the file that contains a photograph, and the path inside it if it is an archive."""
    if photograph.package == "scikit-image":
        return Path(skimage.__file__).parents[1] / photograph.path, ""
    path = PurePosixPath(photograph.path)
    for parent in path.parents:
        if parent.suffix in ARCHIVES:
            return root / parent, str(path.relative_to(parent))
    return root / path, ""


def content(file: Path, member: str) -> bytes:
    """Return the bytes of a file, or of a member of an archive."""
    if not member:
        return file.read_bytes()
    if file.suffix == ".rcc":
        found = resources_of(file).get(member)
    else:
        with zipfile.ZipFile(file) as archive:
            found = archive.read(member) if member in archive.namelist() else None
    if found is None:
        raise DatasetError(f"{file}: contains no {member}; install the listed version")
    return found


@lru_cache(maxsize=1)
def resources_of(file: Path) -> dict[str, bytes]:
    """Return the files in a Qt resource file; rows of one file follow each other in the list."""
    return qt_resources(file.read_bytes())


def jpeg(encoded: bytes) -> bytes:
    """Encode a picture as a JPEG whose longer side is at most `LONG_SIDE` pixels."""
    with Image.open(io.BytesIO(encoded)) as image:
        pixels = np.asarray(image.convert("RGB"))
    scale = LONG_SIDE / max(pixels.shape)
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    done, buffer = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return buffer.tobytes()


def main() -> None:
    """Copy the listed photographs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--root", type=Path, default=Path("/"), help="where packages are installed")
    args = parser.parse_args()
    photographs = read_list()
    try:
        copy_photographs(photographs, args.root, args.out)
    except DatasetError as error:
        parser.error(str(error))
    print(f"wrote {len(photographs)} photographs to {args.out}")


if __name__ == "__main__":
    main()
