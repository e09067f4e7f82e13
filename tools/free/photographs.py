"""Copy photographs under free licences out of the packages that ship them, to write text on.

    python -m tools.free.photographs --out photographs

`photographs.csv` lists them: the Debian package, its version, the licence
that its copyright file gives, the path, and the name of the copy. A path may lead into an archive
(`textures.pk3/wall.png`). `--root` is where packages are installed or unpacked, by default `/`;
those of scikit-image come with this project.
"""

import argparse
import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import cv2
import numpy as np
import skimage
from PIL import Image

from craftlite.errors import DatasetError
from craftlite.files import write_whole

LIST = Path(__file__).with_name("photographs.csv")
LONG_SIDE = 1600  # pixels; larger ones are scaled down
QUALITY = 92  # of the JPEG copies
ARCHIVES = (".pk3", ".zip")


class Photograph(NamedTuple):
    """A row of the list."""

    package: str
    version: str
    licence: str
    path: str
    name: str


def read_list(path: Path = LIST) -> list[Photograph]:
    """The photographs that a list names."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Photograph(**row) for row in csv.DictReader(file)]


def copy_photographs(photographs: Sequence[Photograph], root: Path, out: Path) -> None:
    """Copy photographs to a folder as JPEG files.

    Raises:
        DatasetError: packages are missing, and nothing is written; or an archive lacks some.
    """
    missing = {p.package for p in photographs if not find(p, root)[0].is_file()}
    if missing:
        what = f"{root}: lacks photographs of {', '.join(sorted(missing))}"
        raise DatasetError(f"{what}; install these packages, or unpack them there by dpkg -x")
    out.mkdir(parents=True, exist_ok=True)
    for photograph in photographs:
        write_whole(out / photograph.name, jpeg(content(*find(photograph, root))))


def find(photograph: Photograph, root: Path) -> tuple[Path, str]:
    """The file that holds a photograph, and the path inside it if that is an archive."""
    if photograph.package == "scikit-image":
        return Path(skimage.__file__).parents[1] / photograph.path, ""
    path = PurePosixPath(photograph.path)
    for parent in path.parents:
        if parent.suffix in ARCHIVES:
            return root / parent, str(path.relative_to(parent))
    return root / path, ""


def content(file: Path, member: str) -> bytes:
    """The bytes of a file, or of a member of an archive."""
    if not member:
        return file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        if member not in archive.namelist():
            raise DatasetError(f"{file}: holds no {member}; install the version of the list")
        return archive.read(member)


def jpeg(encoded: bytes) -> bytes:
    """A picture as a JPEG file whose longer side has at most `LONG_SIDE` pixels."""
    with Image.open(io.BytesIO(encoded)) as image:
        pixels = np.asarray(image.convert("RGB"))
    scale = LONG_SIDE / max(pixels.shape)
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    done, buffer = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return buffer.tobytes()


def main() -> None:
    """Copy the photographs of the list."""
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
