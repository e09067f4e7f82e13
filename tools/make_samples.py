"""Draws the pictures of data/samples and their ground truth: `python -m tools.make_samples`.

The same seed gives the same pictures, up to the versions of the faces and of the libraries.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from tools.samples.layer import Lettering
from tools.samples.photo import OVERSIZE
from tools.samples.scenes import SCENES

QUALITY = 88
LEGIBLE = 7  # pixels: lower words, or with letters half as narrow, are marked as don't care


def truth_line(word: Lettering) -> str:
    """One line of ICDAR 2015's ground truth, in pixels of the picture."""
    quad = word.quad() / OVERSIZE
    across, down = np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0])
    legible = down >= LEGIBLE and across >= LEGIBLE / 2 * len(word.text)
    text = word.text if legible else "###"
    return ",".join([*(str(round(float(value))) for value in quad.ravel()), text])


def make(name: str, out: Path, seed: int) -> None:
    """Draw one scene and write its picture and its words."""
    rng = np.random.default_rng((seed, list(SCENES).index(name)))
    layer, camera = SCENES[name](rng)
    picture = cv2.cvtColor(camera.shoot(layer, rng), cv2.COLOR_RGB2BGR)
    image, truth = out / "images" / f"{name}.jpg", out / "gt" / f"gt_{name}.txt"
    for path in (image, truth):
        path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(image), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    truth.write_text("".join(f"{truth_line(word)}\n" for word in layer.words), encoding="utf-8")
    print(f"{image}: {len(layer.words)} words, {image.stat().st_size // 1024} KiB")


def main() -> None:
    """Draw the scenes that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(SCENES))
    parser.add_argument("--out", type=Path, default=Path("data/samples"))
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for name in options.scenes or SCENES:
        if name not in SCENES:
            parser.error(f"no scene {name!r}; there are {', '.join(SCENES)}")
        make(name, options.out, options.seed)


if __name__ == "__main__":
    main()
