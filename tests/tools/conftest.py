"""Small datasets that several tests of tools train on."""

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def quads(tmp_path: Path) -> Path:
    """Two pictures with a word each."""
    root = tmp_path / "quads"
    for folder in ("images", "gt"):
        (root / folder).mkdir(parents=True)
    for number in range(2):
        picture = np.full((96, 128, 3), 200, np.uint8)
        cv2.putText(picture, "word", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (20, 20, 20), 2)
        cv2.imwrite(str(root / "images" / f"{number}.png"), picture)
        (root / "gt" / f"gt_{number}.txt").write_text("20,35,100,35,100,65,20,65,word\n")
    return root
