"""The ten lines of docs/training.md for one's own data, with labels of every tool."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from craftlite.cli import main
from craftlite.data.readers import read_dataset
from craftlite.formats.layouts import LACKS
from craftlite.synth.generator import Generator
from craftlite.synth.typesetting.fonts import FaceId

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
PICTURES = 20
# Two steps of tiny crops in place of what the recipe says.
SHORT = "--steps 2 --warmup 1 --freeze-steps 0 --pseudo-every 0 --batch 2 --crop 64 --workers 0"
SHORT += " --threads 1 --validate-long-side 320"


def ten_lines() -> list[list[str]]:
    """The commands of the page that are craftlite's."""
    page = PAGE.read_text("utf-8")
    section = re.search(r"## Your own data in ten lines\n.*?```bash\n(.*?)```", page, re.DOTALL)
    assert section
    lines = section[1].splitlines()
    assert len(lines) <= 10
    commands = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in commands if words[:1] == ["craftlite"]]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures in images/, and their words in gt/."""
    folder = tmp_path_factory.mktemp("my-data")
    generator = Generator(faces={"latin": (FaceId(""),)}, size=(160, 120), typical_words=100)
    for name in ("images", "gt"):
        (folder / name).mkdir()
    for number in range(PICTURES):
        sample = generator.sample(number)
        cv2.imwrite(str(folder / "images" / f"photo_{number}.png"), sample.pixels()[..., ::-1])
        lines = []
        for word in sample.words:
            corners = ",".join(str(round(v)) for v in word.polygon.ravel().tolist())
            lines.append(f"{corners},{'###' if word.ignore else word.text}\n")
        (folder / "gt" / f"gt_photo_{number}.txt").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def labels(truth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Writes labels/ beside images/ as a tool leaves them, in its own format."""
    (tmp_path / "images").symlink_to(truth / "images")
    monkeypatch.chdir(tmp_path)

    def write(form: str) -> None:
        assert main(["convert", "--from", "quads", str(truth), "--to", form, "labels"]) == 0

    return write


def from_labels(command: list[str]) -> list[str]:
    """The page's line that converts, for labels that lie in labels/."""
    assert command[:4] == ["convert", "--from", "auto", "images"]
    return [*command[:3], "labels", *command[4:]]


@pytest.mark.parametrize("form", LACKS)
def test_labels_of_every_tool_become_words(
    form: str, truth: Path, labels: Callable[[str], None]
) -> None:
    labels(form)
    _detect, convert, inspect, *_ = ten_lines()
    assert main(from_labels(convert)) == 0
    assert main(inspect) == 0
    [*found, wanted] = (
        {Path(sample.name).name: sample.words for sample in read_dataset(*place).samples}
        for place in (
            ("words", Path("words"), "train"),
            ("words", Path("words"), "val"),
            ("quads", truth, "train"),
        )
    )
    assert len(found[1]) == PICTURES // 10
    assert {name: len(words) for part in found for name, words in part.items()} == {
        name: len(words) for name, words in wanted.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("form", ["labelme", "yolo"])
def test_the_ten_lines_end_with_a_figure_that_compares_like_with_like(
    form: str, labels: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    labels(form)
    _detect, convert, inspect, train, *use = ten_lines()
    for command in (from_labels(convert), inspect, [*train, *shlex.split(SHORT)]):
        capsys.readouterr()
        assert main(command) == 0
    before, after, gain = capsys.readouterr().err.splitlines()[-3:]
    assert before.startswith("before: ") and "craftlite-small" in before
    assert after.startswith("after: ")
    assert re.match(r"gain: [+-]\d+\.\d\d points, 95 % interval [+-]", gain)
    for command in use:
        assert main(command) == 0
    assert Path("found/overlay").is_dir()


def corrected(form: str, text: str) -> str:
    """Labels as the tool saves them, after the first word got a text and the second was hidden."""
    if form == "paddleocr":
        path, _, words = text.splitlines()[0].partition("\t")
        listed = json.loads(words)
        listed[0]["transcription"], listed[1]["difficult"] = "Corrected", True
        return f"{path}\t{json.dumps(listed)}\n"
    labels = json.loads(text)
    if form == "labelme":
        labels["shapes"][0]["description"] = "Corrected"
        labels["shapes"][1]["flags"] = {"ignore": True}
        return json.dumps(labels)
    [prediction] = labels[0].pop("predictions")
    first, second, *_ = regions = prediction["result"]
    second["value"]["polygonlabels"] = ["ignore"]
    typed = {"from_name": "transcription", "type": "textarea", "value": {"text": ["Corrected"]}}
    regions.append({**first, **typed})
    labels[0]["annotations"] = [{"id": 1, "was_cancelled": False, "result": regions}]
    return json.dumps(labels)


@pytest.mark.parametrize(
    ("form", "file"),
    [("labelme", "{}.json"), ("labelstudio", "labelstudio.json"), ("paddleocr", "Label.txt")],
)
def test_what_was_found_is_corrected_in_a_tool_and_learnt_from(
    form: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = next((PAGE.parents[1] / "data" / "samples" / "images").glob("*.jpg"))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / sample.name).write_bytes(sample.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main(["detect", "images", "--format", form, "--out", "images"]) == 0
    labels = tmp_path / "images" / file.format(sample.stem)
    found = read_dataset(form, labels, "train").samples[0].words
    assert len(found) > 2
    assert all(word.text is None and not word.ignore for word in found)
    labels.write_text(corrected(form, labels.read_text("utf-8")), encoding="utf-8")
    assert main(["convert", "--from", "auto", "images", "--to", "words", "words"]) == 0
    words = read_dataset("words", tmp_path / "words", "train").samples[0].words
    assert [word.text for word in words] == ["Corrected"] + [None] * (len(found) - 1)
    assert [word.ignore for word in words] == [False, True] + [False] * (len(found) - 2)
    assert all(
        abs(one.polygon - other.polygon).max() <= 0.1
        for one, other in zip(words, found, strict=True)
    )
