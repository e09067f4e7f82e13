"""`craftlite objects` as a user meets it: train, detect, eval and export, and what they refuse."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from craftlite.cli import main
from craftlite.errors import WeightsError
from craftlite.objects import ObjectDetector

onnx = pytest.importorskip("onnx")
pytest.importorskip("pycocotools")


@pytest.fixture(scope="module")
def data(
    tmp_path_factory: pytest.TempPathFactory, shapes_of: Callable[[Path, dict[str, int]], Path]
) -> Path:
    return shapes_of(tmp_path_factory.mktemp("data") / "shapes", {"train": 4, "val": 3})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """The folder of a training of two steps."""
    out = tmp_path_factory.mktemp("runs") / "objects"
    size = ["--steps", "2", "--batch", "2", "--crop", "64", "--warmup", "1", "--workers", "0"]
    options = ["--data", str(data), "--backbone", "mobilenet-v1", "--threads", "1", *size]
    assert main(["objects", "train", *options, "--out", str(out)]) == 0
    return out


def test_a_training_leaves_an_onnx_file_that_finds_objects_without_torch(
    run: Path, data: Path
) -> None:
    detector = ObjectDetector(run / "weights.onnx")
    assert (detector.network, detector.side) == ("ssdlite-mobilenet-v1", 64)
    assert detector.classes == ("disc", "square")
    found = detector(data / "JPEGImages/val0.png", min_score=0.0)
    assert 0 < len(found) <= 100
    assert found.size == (96, 80)
    assert (found.boxes[:, 2:] <= [96, 80]).all()
    assert "weights.onnx" in (run / "card.md").read_text()


def test_detect_prints_a_line_a_picture(
    run: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = str(run / "weights.onnx")
    pictures = [str(data / "JPEGImages" / name) for name in ("val0.png", "none.png", "val1.png")]
    capsys.readouterr()
    assert main(["objects", "detect", *pictures, "--weights", weights, "--min-score", "0"]) == 1
    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line["image"] for line in lines] == [pictures[0], pictures[2]]
    assert {"box", "label", "score"} == lines[0]["objects"][0].keys()
    assert "none.png" in said.err


def test_detect_writes_files_and_replaces_none_unasked(
    run: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["objects", "detect", str(data / "JPEGImages"), "--weights", str(run / "weights.onnx")]
    words += ["--out", str(tmp_path), "--min-score", "0.1", "--overlay"]
    assert main(words) == 0
    assert len(list(tmp_path.glob("*.json"))) == 7
    assert len(list(tmp_path.glob("overlay/*.jpg"))) == 7
    assert main([*words, "--format", "coco"]) == 0
    whole = json.loads((tmp_path / "coco.json").read_text())
    assert [image["id"] for image in whole["images"]] == list(range(1, 8))
    assert [kind["name"] for kind in whole["categories"]] == ["disc", "square"]
    for again in (words, [*words, "--format", "coco"]):
        assert main(again) == 2
        assert "already exists; add --overwrite" in capsys.readouterr().err
        assert main([*again, "--overwrite"]) == 0


def test_pages_have_results_of_their_own_which_are_not_replaced_unasked(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    words = ["objects", "detect", str(tmp_path / "two.tif"), "--out", str(tmp_path / "out")]
    words += ["--weights", str(run / "weights.onnx")]
    assert main(words) == 0
    names = ["two.p001.json", "two.p002.json"]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == names
    capsys.readouterr()
    assert main(words) == 1
    assert capsys.readouterr().err.count("already exists; add --overwrite") == 2
    assert main([*words, "--overwrite"]) == 0


def test_eval_scores_detectors_side_by_side(
    run: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "again.onnx"
    shutil.copy(run / "weights.onnx", other)
    words = ["objects", "eval", "--data", str(data), "--split", "val"]
    words += ["--weights", str(run / "weights.onnx"), "--weights", str(other)]
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["pictures"], facts["objects"]) == (3, 6)
    first, second = facts["detectors"]
    assert first["ap"] == second["ap"]
    assert second["less_first"]["ap_interval"] == [0, 0]
    assert set(first["classes"]) == {"disc", "square"}
    low, high = first["ap_interval"]
    assert 0 <= low <= high <= 1
    assert main(words) == 0
    assert "AP minus the first's: +0.0 points" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("train", "give --data"),
        ("train --data nowhere", "no such file or folder"),
        ("train --data DATA --backbone resnet", "no such backbone; known: rexnet-lite"),
        ("detect x.png --weights nowhere.onnx", "no such weights file"),
        ("detect x.png --weights W --overlay", "add --out DIR"),
        ("detect x.png --weights W --format coco", "add --out DIR"),
        ("eval --data nowhere --weights W", "no such file or folder"),
        ("eval --data DATA --weights W --weights W", "the same file is given twice"),
        ("export --weights W --out x.txt", "must end in .onnx"),
        ("export --weights none.safetensors --out x.onnx", "none.safetensors"),
        ("nothing", "invalid choice"),
    ],
)
def test_wrong_usage_is_a_sentence(
    data: Path,
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    known = {"DATA": str(data), "W": str(run / "weights.onnx")}
    arguments = [known.get(word, word) for word in words.split()]
    capsys.readouterr()
    try:
        code = main(["objects", *arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert code in (1, 2)
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


def test_classes_that_were_not_learnt_are_named(
    run: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in data.glob("Annotations/val*.xml"):
        target = tmp_path / file.relative_to(data)
        target.parent.mkdir(exist_ok=True)
        target.write_text(file.read_text().replace("disc", "ring"))
    (tmp_path / "JPEGImages").symlink_to(data / "JPEGImages")
    weights = str(run / "weights.onnx")
    words = ["objects", "eval", "--data", str(tmp_path), "--split", "val", "--weights", weights]
    assert main(words) == 1
    assert "has not learnt ring, only disc, square" in capsys.readouterr().err


def test_weights_of_text_detectors_are_refused() -> None:
    from craftlite.weights import catalogue

    entry = catalogue()["craftlite-small"]
    with pytest.raises(WeightsError, match="not an object detector"):
        ObjectDetector(entry.onnx)  # type: ignore[arg-type]
    from craftlite.export.objects import export_objects

    with pytest.raises(WeightsError, match="is a craftlite-small-v2, not an object detector"):
        export_objects(entry.torch, Path("x.onnx"))  # type: ignore[arg-type]


def test_the_comparison_has_a_row_a_backbone_and_a_line_a_run(
    run: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tools.compare_objects import main as compare

    for seed in (0, 1):
        shutil.copytree(run, tmp_path / str(seed))
        config = tmp_path / str(seed) / "config.yaml"
        config.write_text(config.read_text().replace("seed: 0", f"seed: {seed}"))
    csv, png = tmp_path / "scores.csv", tmp_path / "curves.png"
    words = [str(tmp_path / "0"), str(tmp_path / "1"), "--data", str(data), "--split", "val"]
    assert compare([*words, "--repeats", "1", "--out", str(csv), "--plot", str(png)]) == 0
    lines = csv.read_text().splitlines()
    assert lines[0].startswith("data,backbone,start,seed,steps")
    assert [line.split(",")[1:4] for line in lines[1:]] == [
        ["mobilenet-v1", "random", "0"],
        ["mobilenet-v1", "random", "1"],
    ]
    assert png.stat().st_size > 5000
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| `")]
    assert len(rows) == 1
    assert rows[0].startswith("| `mobilenet-v1` | random | 3.9")


def test_numbers_that_are_not_finite_are_refused(run: Path, tmp_path: Path) -> None:
    proto = onnx.load(run / "weights.onnx")
    for tensor in proto.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) == 4:
            values = np.full(tuple(tensor.dims), np.nan, np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(proto, tmp_path / "broken.onnx")
    detector = ObjectDetector(tmp_path / "broken.onnx")
    with pytest.raises(WeightsError, match="not finite"):
        detector.find(np.zeros((10, 10, 3), np.uint8))
