"""Datasets are opened, or refused with a sentence, and mixed as asked."""

import logging
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from craftlite.data.mix import parse_mix
from craftlite.data.readers.competitions.icdar15 import FOLDERS
from craftlite.data.sample import Sample
from craftlite.data.sources import Listed, open_source
from craftlite.errors import ConfigError, DatasetError
from craftlite.train.detector.mix import validation_samples


def test_every_sample_of_a_dataset_is_drawn() -> None:
    samples = [Sample(str(n), np.zeros((9, 9, 3), np.uint8), ()) for n in range(5)]
    rng = np.random.default_rng(0)
    drawn = [Listed(samples).draw(rng).name for _ in range(500)]
    assert sorted(set(drawn)) == list("01234")
    assert min(drawn.count(name) for name in "01234") > 60


@pytest.mark.parametrize("entry", ["cocoa", "quads:-1", "quads:many", "synth:inf", "synth:nan", ""])
def test_a_mix_that_makes_no_sense_is_named(entry: str) -> None:
    with pytest.raises(ConfigError, match=f"--dataset {entry}"):
        parse_mix(["icdar15:2", entry])


def test_a_dataset_of_weight_0_has_no_share_of_the_crops() -> None:
    assert parse_mix(["quads:2", "icdar15:0"]) == (["quads", "icdar15"], [1.0, 0.0])
    with pytest.raises(ConfigError, match="quads:0 icdar15:0"):
        parse_mix(["quads:0", "icdar15:0"])


def test_names_without_weight_share_evenly() -> None:
    assert parse_mix(["icdar15", "quads", "quads:2"]) == (
        ["icdar15", "quads", "quads"],
        [0.25, 0.25, 0.5],
    )


def test_a_dataset_without_legible_words_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    cv2.imwrite(str(tmp_path / "images/a.png"), np.zeros((40, 40, 3), np.uint8))
    truth = tmp_path / "gt/gt_a.txt"
    truth.write_text("1,1,30,1,30,20,1,20,###\n")
    with pytest.raises(DatasetError, match="no legible word"):
        open_source("quads", tmp_path)
    truth.write_text("1,1,30,1,30,20,1,20,word\n")
    assert open_source("quads", tmp_path).draw(np.random.default_rng(0)).words[0].text == "word"


def test_missing_photographs_for_synth_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        open_source("synth", tmp_path / "nowhere")


def test_what_is_odd_in_the_ground_truth_is_told_once_a_kind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    cv2.imwrite(str(tmp_path / "images/a.png"), np.zeros((40, 40, 3), np.uint8))
    anticlockwise = "1,20,30,20,30,1,1,1,word\n"
    (tmp_path / "gt/gt_a.txt").write_text(2 * anticlockwise)
    with caplog.at_level(logging.WARNING):
        open_source("quads", tmp_path)
    [message] = caplog.messages
    assert "anticlockwise" in message
    assert "2, the first at" in message
    assert "gt_a.txt:1" in message


def test_sources_are_opened_without_torch() -> None:
    code = "import sys, craftlite.data.sources; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def write_broken(pictures: Path, truths: Path, stems: list[str]) -> None:
    """Pictures that are none, with their ground truth."""
    pictures.mkdir()
    truths.mkdir()
    for stem in stems:
        (pictures / f"{stem}.png").write_bytes(b"no picture")
        (truths / f"gt_{stem}.txt").write_text("1,1,30,1,30,20,1,20,word\n")


def test_pictures_for_validation_are_looked_at_too(tmp_path: Path) -> None:
    pictures, truths = FOLDERS["val"]
    write_broken(tmp_path / pictures, tmp_path / truths, ["img_901", "img_902"])
    with pytest.raises(DatasetError, match=r"img_901\.png: is not a picture of a known format"):
        validation_samples(["icdar15"], [tmp_path], 2)
    assert validation_samples(["icdar15"], [tmp_path], 0) == []


def test_headers_that_cannot_be_read_are_found_before_training(tmp_path: Path) -> None:
    write_broken(tmp_path / "images", tmp_path / "gt", [str(number) for number in range(13)])
    with pytest.raises(DatasetError) as error:
        open_source("quads", tmp_path)
    first, *others = str(error.value).splitlines()
    assert first.startswith(f"{tmp_path}/images/0.png: is not a picture of a known format")
    assert others[8].startswith(f"{tmp_path}/images/9.png: ")
    assert others[9:] == [
        "and 3 more",
        "repair these pictures, or remove them together with their ground truth",
    ]
