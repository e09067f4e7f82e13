"""Small pictures of many formats, whose bytes are changed, through reading and detection."""

import io
from functools import cache
from pathlib import Path
from random import Random

import cv2
import numpy as np
from PIL import Image, features

from craftlite import Detector
from craftlite.geometry import Picture
from craftlite.image import read_image
from tools.attacks.mutate import mutated_bytes
from tools.attacks.worker import Attack, Broken

SIZE = (96, 48)  # pixels, width and height
SIDES = (32, 64, 128)


def drawn() -> Picture:
    """A picture with two words."""
    picture = np.full((SIZE[1], SIZE[0], 3), 220, np.uint8)
    for text, place in (("Two", (6, 22)), ("words", (30, 42))):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (20, 30, 90), 2)
    return picture


@cache
def sound_pictures() -> dict[str, bytes]:
    """Files by their names, in the formats and modes that are read."""
    picture = Image.fromarray(drawn())
    turned = Image.Exif()
    turned[0x0112] = 6
    grey16 = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) << 8)
    files = {
        "plain.jpg": _saved(picture, "JPEG"),
        "turned.jpg": _saved(picture, "JPEG", exif=turned, progressive=True),
        "cmyk.jpg": _saved(picture.convert("CMYK"), "JPEG"),
        "plain.png": _saved(picture, "PNG"),
        "alpha.png": _saved(picture.convert("RGBA"), "PNG"),
        "palette.png": _saved(picture.convert("P"), "PNG", transparency=0),
        "grey16.png": _saved(grey16, "PNG"),
        "plain.webp": _saved(picture, "WEBP"),
        "lossless.webp": _saved(picture.convert("RGBA"), "WEBP", lossless=True),
        "frames.gif": _saved(
            picture.convert("P"), "GIF", save_all=True, append_images=[picture.convert("P")]
        ),
        "plain.bmp": _saved(picture, "BMP"),
        "float.tiff": _saved(picture.convert("F"), "TIFF"),
        "bits.tiff": _saved(picture.convert("1"), "TIFF", compression="group4"),
        "plain.ppm": _saved(picture, "PPM"),
        "icon.ico": _saved(picture, "ICO"),
    }
    for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "jpeg"):
        files[f"{compression}.tiff"] = _saved(picture, "TIFF", compression=compression)
    for name, form, codec in (
        ("plain.jp2", "JPEG2000", "jpg_2000"),
        ("plain.avif", "AVIF", "avif"),
    ):
        if features.check(codec):
            files[name] = _saved(picture, form)
    return files


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


@cache
def detector(side: int) -> Detector:
    """The shipped weights on one thread."""
    return Detector(threads=1, long_side=side)


def attack_pictures(rng: Random, folder: Path) -> None:
    """Read a changed picture, and look for words in it."""
    name = rng.choice(sorted(sound_pictures()))
    path = folder / name
    path.write_bytes(mutated_bytes(rng, sound_pictures()[name]))
    picture = read_image(path if rng.random() < 0.5 else path.read_bytes())
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise Broken(f"a picture was read as {picture.dtype} {picture.shape}")
    words = detector(rng.choice(SIDES))(picture, characters=rng.random() < 0.3)
    if not np.isfinite(words.quads).all() or not np.isfinite(words.scores).all():
        raise Broken("a word has numbers that are not finite")


PICTURES = Attack(attack_pictures)
