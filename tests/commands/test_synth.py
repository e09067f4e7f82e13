"""`craftlite synth` from outside: what it writes, says and refuses."""

import json
from pathlib import Path

import matplotlib
import pytest

from craftlite.cli import main

FONTS = str(Path(matplotlib.get_data_path()) / "fonts/ttf")
SMALL = ("--count", "3", "--size", "128x96", "--workers", "1", "--fonts", FONTS)


def synth(*options: object) -> int:
    return main(["synth", *map(str, options)])


def test_pictures_and_a_closing_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert synth("--out", tmp_path / "out", "--seed", 1, *SMALL) == 0
    said = capsys.readouterr()
    assert said.out == ""
    pace, totals = said.err.splitlines()
    assert pace.startswith("3 pictures, ")
    assert totals.startswith(f"{tmp_path / 'out'}: 3 pictures, ")
    assert len(list((tmp_path / "out/images").rglob("*.jpg"))) == 3
    assert json.loads((tmp_path / "out/manifest.json").read_text())["seed"] == 1


def test_more_words_are_crowded_in_where_asked(tmp_path: Path) -> None:
    def words(name: str, typical: int) -> int:
        out = tmp_path / name
        options = ("--size", "256x256", "--typical-words", typical)
        assert synth("--out", out, *SMALL, *options) == 0
        return int(json.loads((out / "manifest.json").read_text())["totals"]["words"])

    assert words("crowded", 60) > 2 * words("calm", 6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--size", "10x10"), "64 pixels"),
        (("--size", "large"), "WIDTHxHEIGHT"),
        (("--scripts", "klingon"), "klingon"),
        (("--scripts", "hangul"), "no font there supports hangul"),
        (("--backgrounds", "nowhere"), "nowhere"),
        (("--words", "nowhere"), "nowhere"),
        (("--count", "0"), "count"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    options: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = synth("--out", tmp_path / "out", *SMALL, *options)
    except SystemExit as stop:
        code = int(str(stop.code))
    assert code in (1, 2)
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_taken_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"precious")
    assert synth("--out", tmp_path, *SMALL) == 2
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_photographs_with_text_keep_their_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenes = tmp_path / "scenes"
    large = ("--size", "320x256", *SMALL[4:])
    assert synth("--out", scenes, "--count", 4, *large) == 0
    mine = ("--dataset", "words", "--data", scenes)
    assert synth("--out", tmp_path / "out", "--count", 8, *large, *mine) == 0
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["scenes"] == 4

    def texts(folder: Path) -> set[str]:
        lines = (folder / "words.jsonl").read_text().splitlines()
        words = [word for line in lines for word in json.loads(line)["words"]]
        return {word["text"] for word in words if len(word["text"] or "") > 3}

    assert texts(scenes) & texts(tmp_path / "out")
    assert synth("--out", tmp_path / "none", *SMALL, "--dataset", "words", "--data", "gone") == 1
    assert "gone" in capsys.readouterr().err
