"""`--dataset auto`: which layout a folder has, by what its files hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from craftlite.cli import main
from craftlite.commands.train import choose, parser
from craftlite.data import DATASETS
from craftlite.data.layout import find_layout, name_layouts
from craftlite.data.readers import read_dataset
from craftlite.errors import ConfigError, DatasetError
from craftlite.train.detector.mix import validation_samples
from craftlite.train.recipe_file import read_recipe, shipped_recipes
from tools.attacks.label_trees import Tree, trees

OWN = {tree.name: tree for tree in trees()}
FOUND = json.dumps({"image": "images/a.jpg", "width": 96, "height": 48, "words": []})


def made(root: Path, *names: str) -> Path:
    """The sound trees of these layouts, in one folder."""
    for name in names:
        for path, content in OWN[name].files().items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
    return root


@pytest.mark.parametrize("tree", trees(), ids=lambda tree: f"{tree.name}-{tree.split}")
def test_every_layout_is_found(tree: Tree, tmp_path: Path) -> None:
    for path, content in tree.files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert find_layout(tmp_path)[0] == tree.name


@pytest.mark.parametrize("name", ["coco", "labelstudio", "cvat", "paddleocr", "csv", "words"])
def test_a_file_of_labels_can_be_given_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    [label] = [made(tmp_path, name) / path for path in OWN[name].labels]
    given = label.rename(label.with_name(f"mine{label.suffix}"))
    assert find_layout(given) == (name, [given])
    assert read_dataset(name, given, "train").samples[0].words


def test_it_is_said_once_and_weights_stay(tmp_path: Path) -> None:
    lines: list[str] = []
    first, second = made(tmp_path / "x", "labelme"), made(tmp_path / "y", "voc")
    datasets = ["auto:2", "icdar15", "auto:0", "synth"]
    named = name_layouts(datasets, [first, "data", second], lines.append)
    assert named == ["labelme:2", "icdar15", "voc:0", "synth"]
    assert lines == [f"{first}: read as labelme (1 file)", f"{second}: read as voc (1 file)"]
    with pytest.raises(ConfigError, match=r"--dataset auto: give its folder with --data DIR"):
        name_layouts(["auto"], [])


@pytest.mark.parametrize("name", [tree.name for tree in trees() if DATASETS[tree.name].own])
@pytest.mark.parametrize("folder", [".", "mine", "../here/mine"])
def test_folders_can_be_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, folder: str
) -> None:
    (tmp_path / "here/mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    dataset = read_dataset(name, made(Path(folder), name), "train")
    assert [sample.size() for sample in dataset.samples] == [(96, 48)]
    assert not dataset.problems


def test_pictures_above_the_labels_come_after_those_below(tmp_path: Path) -> None:
    made(tmp_path / "mine", "coco")
    (tmp_path / "mine/images/a.jpg").rename(tmp_path / "a.jpg")
    root = tmp_path / "mine/annotations"
    [sample] = read_dataset("coco", root, "train").samples
    assert sample.picture == tmp_path / "a.jpg"
    made(root, "quads")
    [sample] = read_dataset("coco", root, "train").samples
    assert sample.picture == root / "images/a.jpg"


def test_several_layouts_are_refused_with_what_was_found(tmp_path: Path) -> None:
    made(tmp_path, "coco", "labelme", "icdar15")
    with pytest.raises(DatasetError) as error:
        find_layout(tmp_path)
    text = str(error.value)
    assert text.startswith(f"{tmp_path}: holds labels in 3 layouts; name a layout instead of auto")
    assert f"coco: 1 file, the first {tmp_path}/annotations/words.json" in text
    assert f"labelme: 1 file, the first {tmp_path}/labels/a.json" in text
    assert "labelme is expected as" in text and "voc is expected as" not in text


@pytest.mark.parametrize("name", ["coco", "csv", "labelstudio", "paddleocr"])
def test_what_detect_made_other_labels_from_is_no_layout(tmp_path: Path, name: str) -> None:
    made(tmp_path, name)
    (tmp_path / "results.jsonl").write_text(FOUND)
    assert find_layout(tmp_path)[0] == name
    (tmp_path / "words.jsonl").write_text(FOUND)
    with pytest.raises(DatasetError, match="holds labels in 2 layouts"):
        find_layout(tmp_path)


def test_no_layout_is_refused_with_what_was_found(tmp_path: Path) -> None:
    for name, content in {"a.jpg": "", "b.json": "{}", "c.xml": "<a>", "d.txt": "x"}.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(DatasetError) as error:
        find_layout(tmp_path)
    text = str(error.value)
    assert text.startswith(f"{tmp_path}: holds no labels in a known layout; name a layout")
    assert "files there: 1 .jpg, 1 .json, 1 .xml, 1 .txt" in text
    assert f"{tmp_path}/b.json: of unknown format" in text
    assert "c.xml:1: found b'<a>', expected XML" in text
    assert all(f"{name} is expected as" in text for name in ("words", "quads", "yolo", "csv"))
    with pytest.raises(DatasetError, match="there is no such file or folder"):
        find_layout(tmp_path / "nowhere")


def test_a_damaged_file_among_others_is_left_to_the_reader(tmp_path: Path) -> None:
    made(tmp_path, "labelme")
    (tmp_path / "labels/b.json").write_text("{")
    assert find_layout(tmp_path)[0] == "labelme"
    with pytest.raises(DatasetError, match=r"b\.json:1: found '\{', expected JSON"):
        read_dataset("labelme", tmp_path, "train")


def test_training_takes_the_layout_for_the_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made(tmp_path / "mine", "yolo")

    def chosen(*arguments: str) -> tuple[Path, dict[str, Any]]:
        return choose(parser().parse_args(list(arguments)))

    options = ["--dataset", "auto", "--data", "mine"]
    out, settings = chosen(*options)
    finetune = read_recipe(shipped_recipes()["finetune"])
    assert settings == finetune | {"dataset": ["yolo"], "data": ["mine"]}
    assert out == Path("runs/yolo")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "mine: read as yolo (1 file)"
    assert [line.partition(",")[0] for line in lines[1:]] == ["recipe: finetune"]
    (tmp_path / "mine.yaml").write_text("dataset: [auto]\ndata: [mine]\n")
    assert chosen("--recipe", "mine.yaml")[1]["dataset"] == ["yolo"]
    assert validation_samples(["yolo"], [tmp_path / "mine"], 9) == []


def test_inspect_and_eval_take_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = made(tmp_path / "mine", "coco")
    assert main(["inspect", "--dataset", "auto", "--data", str(data), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["dataset"] == "coco"
    assert said.err.startswith(f"{data}: read as coco (1 file)\n")
    (tmp_path / "results").mkdir()
    (tmp_path / "results/a.json").write_text(FOUND)
    options = ["--dataset", "auto", "--data", str(data), "--results", str(tmp_path / "results")]
    assert main(["eval", *options, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["dataset"] == "coco"
    assert said.err.startswith(f"{data}: read as coco (1 file)\n")
