"""Small pictures with a word each, which the weights that ship find in milliseconds."""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image


def picture_bytes(word: str = "word", form: str = "PNG") -> bytes:
    pixels = np.full((96, 160, 3), 220, np.uint8)
    cv2.putText(pixels, word, (15, 62), cv2.FONT_HERSHEY_SIMPLEX, 1.3, (20, 20, 20), 3)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, form)
    return content.getvalue()


def write_pictures(folder: Path, count: int) -> list[str]:
    """Writes numbered pictures to a folder, and gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(picture_bytes(f"n{number}"))
    return [str(path) for path in paths]
