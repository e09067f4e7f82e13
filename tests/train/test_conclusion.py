"""What `craftlite train` ends with: thresholds beside the weights, and the gain over the start."""

import json
import re
import sys
from pathlib import Path

import pytest

from craftlite.cli import main
from craftlite.data.sample import Sample
from craftlite.evaluate.runner import ModelRunner
from craftlite.files import sha256_of
from craftlite.runtime import METADATA, OnnxRuntime
from craftlite.train.detector.conclusion import spread
from craftlite.train.detector.validate import CANDIDATES, WordScore
from craftlite.train.recipe import Recipe
from craftlite.weights import catalogue, find_weights

SHORT = ("--steps", "1", "--warmup", "0", "--batch", "2", "--crop", "64", "--freeze-steps", "0")
FAST = ("--workers", "0", "--threads", "1", "--pseudo-every", "0", "--validate-long-side", "320")


def trained(data: Path, out: Path, *options: str) -> int:
    """A training of one step on words of which some are kept apart."""
    command = ["train", "--dataset", "words", "--data", str(data), "--out", str(out)]
    return main([*command, *SHORT, *FAST, *options])


@pytest.fixture
def words(tmp_path: Path, quads: Path) -> Path:
    """The pictures of `quads` as words.jsonl, two of three kept apart."""
    lines = []
    for name, split in (("a", "train"), ("b", "val"), ("c", "val")):
        truth = (quads / "gt" / f"gt_{name}.txt").read_text("utf-8").splitlines()
        fields = [line.split(",", 8) for line in truth]
        listed = [
            {"quad": [[int(f[i]), int(f[i + 1])] for i in (0, 2, 4, 6)], "text": f[8]}
            for f in fields
        ]
        lines.append({"image": f"images/{name}.png", "words": listed, "split": split})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (quads / "words.jsonl").write_text(text, encoding="utf-8")
    return quads


def test_thresholds_travel_with_the_weights(
    words: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    assert trained(words, out) == 0
    said = capsys.readouterr().err
    entry = find_weights(out / "weights.onnx")
    assert entry.tuned == "on 2 validation pictures, by iou"
    for name in ("best.safetensors", "weights.safetensors"):
        assert find_weights(out / name).thresholds == entry.thresholds
        assert find_weights(out / name).long_side == entry.long_side
    # Few words are found, so that scores stay calibrated as the start's.
    assert entry.calibration == catalogue()["craftlite-small"].calibration is not None
    assert re.search("scores are calibrated as the start's: found \\d+ right and", said)
    metadata = OnnxRuntime(out / "weights.onnx").session.get_modelmeta().custom_metadata_map
    facts = json.loads(metadata[METADATA])
    assert facts["thresholds"] == vars(entry.thresholds)
    assert facts["long_side"] == entry.long_side
    files = (out / "card.md").read_text("utf-8")
    assert f"| `weights.onnx` | `{sha256_of(out / 'weights.onnx')}` |" in files
    # What eval and detect take is what was chosen.
    model = ModelRunner(str(out / "weights.onnx"), "words", cache=tmp_path / "maps")
    assert (model.thresholds, model.detector.long_side) == (entry.thresholds, entry.long_side)
    card = (out / "card.md").read_text("utf-8")
    assert f"long side {entry.long_side} pixels, chosen on 2 validation pictures" in card
    *_, before, after, gain = said.splitlines()
    assert re.fullmatch(
        r"before: \d+\.\d\d% \(craftlite-small; \d+\.\d\d% with its own .*\)", before
    )
    assert re.fullmatch(r"after: \d+\.\d\d% \(weights\.onnx\)", after)
    assert re.match(r"gain: [+-]\d+\.\d\d points, 95 % interval [+-]\d+\.\d\d to [+-]", gain)
    assert gain in card
    assert not list(out.glob("maps-*"))
    # One step leaves the weights nearly as they were: like is compared with like.
    assert abs(float(gain.split()[1])) < 15
    # The next training is validated with the thresholds of its start, also without an export.
    monkeypatch.setitem(sys.modules, "craftlite.export", None)
    again = tmp_path / "again"
    assert (
        trained(words, again, "--init", str(out / "best.safetensors"), "--tune-pictures", "0") == 0
    )
    levels = find_weights(out / "best.safetensors").thresholds
    measured = f"text {levels.text:g}, link {levels.link:g}, low {levels.low:g}"
    assert f"| measured with | {measured}" in (again / "card.md").read_text("utf-8")


def test_without_validation_the_thresholds_of_the_start_are_taken_over(
    words: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.loads(line) for line in (words / "words.jsonl").read_text().splitlines()]
    for line in lines:
        del line["split"]
    (words / "words.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    out = tmp_path / "run"
    assert trained(words, out) == 0
    entry, start = find_weights(out / "weights.onnx"), catalogue()["craftlite-small"]
    assert (entry.thresholds, entry.long_side) == (start.thresholds, start.long_side)
    assert entry.tuned == f"for craftlite-small.safetensors, {start.tuned}"
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("no validation pictures (craftlite convert --val 0.1 sets some aside)")
    assert "wrote the thresholds and long side of craftlite-small to" in said
    assert said.endswith(str(out / "weights.json"))


@pytest.mark.usefixtures("without_export")
def test_a_start_from_nothing_has_no_thresholds_to_take_over(
    quads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    options = ["--dataset", "quads", "--data", str(quads), "--out", str(out), "--init", "none"]
    assert main(["train", *options, *SHORT, *FAST]) == 0
    assert not (out / "weights.json").exists()
    said = capsys.readouterr().err.splitlines()[-1]
    assert "no thresholds to take over: detect and eval use default thresholds" in said
    picture = str(quads / "images" / "a.png")
    assert main(["detect", picture, "--weights", str(out / "weights.safetensors")]) == 0
    assert "no tuned thresholds found beside the file (weights.json), so the defaults" in (
        capsys.readouterr().err
    )


def test_validation_takes_what_was_tuned_for_the_start() -> None:
    start = catalogue()["craftlite-small"]
    scored = WordScore.of([], Recipe(), start)
    assert scored.candidates == (start.thresholds, *CANDIDATES)
    assert scored.long_side == start.long_side
    assert WordScore.of([], Recipe(validate_long_side=640), start).long_side == 640
    assert WordScore.of([], Recipe(), None).candidates == CANDIDATES


def test_pictures_are_spread_over_all() -> None:
    samples = [Sample(f"img_{k}", Path(f"img_{k}.jpg"), ()) for k in range(10)]
    assert [sample.name for sample in spread(samples, 4)] == ["img_0", "img_2", "img_5", "img_7"]
    assert spread(samples, 30) == samples
    assert spread([], 30) == []
