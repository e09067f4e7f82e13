"""The training of SSD-lite: its pictures, what it writes, resuming, and that it learns."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from craftlite.cli import main
from craftlite.data.objects import read_objects
from craftlite.errors import ConfigError, DatasetError
from craftlite.model.files import read_described
from craftlite.model.ssd import build_object_detector
from craftlite.objects import ObjectDetector
from craftlite.train.checkpoint import load_checkpoint
from craftlite.train.distributed import Group
from craftlite.train.loop import train
from craftlite.train.objects.pictures import ObjectStream
from craftlite.train.objects.task import ObjectsTask
from craftlite.train.recipe import ObjectsRecipe
from craftlite.train.recipe_file import read_recipe
from craftlite.train.records.log import read_log
from craftlite.train.trainer import Trainer
from craftlite.weights import backbones

pytest.importorskip("pycocotools")
RECIPE = ObjectsRecipe(
    *("ssdlite-rexnet-lite", 4),
    **{"batch": 2, "crop": 64, "warmup": 1, "workers": 0, "log_every": 2, "save_every": 2},
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def stream(folder: Path, side: int = 64) -> ObjectStream:
    data = read_objects(folder, "train")
    return ObjectStream(data.pictures, data.classes(), side, seed=0)


def test_a_picture_depends_on_its_number_alone(shapes: Path) -> None:
    one, other = stream(shapes), stream(shapes)
    torch.manual_seed(1)
    first = [one[index] for index in (5, 2, 9)]
    torch.manual_seed(2)
    again = [other[index] for index in (9, 5, 2)]
    for mine, theirs in zip(first, [again[1], again[2], again[0]], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))
    assert not torch.equal(one[2].pictures, one[8].pictures)  # the same file an epoch later
    assert one.name(2) == one.name(2)
    assert sorted(one.name(k) for k in range(6)) == sorted(str(p.path) for p in one.pictures)


def test_boxes_follow_their_objects(shapes: Path) -> None:
    pictures = stream(shapes, 128)
    looked_at = 0
    for index in range(60):
        picture, boxes, labels = pictures[index]
        assert picture.shape == (3, 128, 128)
        assert ((boxes >= 0) & (boxes <= 128)).all()
        brightness = picture.mean(dim=0)
        for (left, top, right, bottom), label in zip(boxes.round().int(), labels, strict=True):
            if min(right - left, bottom - top) < 12:
                continue
            middle = brightness[(top + bottom) // 2, (left + right) // 2]
            around = brightness.median()
            # Colours are changed, but a disc stays lighter than the grey, a square darker; where
            # a box was cut, its middle may lie on either.
            if right < 127 and bottom < 127 and left > 0 and top > 0 and label == 2:
                assert middle < around + 1e-3
                looked_at += 1
    assert looked_at > 10


def test_a_batch_is_padded_with_empty_objects(shapes: Path) -> None:
    samples = [sample for index in range(40) if len((sample := stream(shapes)[index]).labels)]
    few = next(sample for sample in samples if len(sample.labels) == 1)
    many = next(sample for sample in samples if len(sample.labels) == 2)
    batch = ObjectStream.collate([few, many])
    assert batch.boxes.shape == (2, 2, 4)
    assert batch.labels[0, 1] == 0
    assert torch.equal(batch.labels[1], many.labels)


def test_a_picture_may_have_no_object_or_difficult_ones_alone(shapes: Path, tmp_path: Path) -> None:
    for number in range(5):
        file = shapes / "Annotations" / f"train{number}.xml"
        hard = file.read_text().replace("<difficult>0", "<difficult>1")
        nothing = f"<annotation><filename>{file.stem}.png</filename></annotation>"
        file.write_text(hard if number < 3 else nothing)
    for index in range(12):
        sample = stream(shapes)[index]
        assert (sample.boxes.shape[1], sample.labels.dtype) == (4, torch.int64)
    best = train(ObjectsTask(RECIPE, shapes), tmp_path / "run")
    assert best.exists()
    assert np.isfinite([line.get("loss", 0) for line in read_log(tmp_path / "run/log.jsonl")]).all()


def test_a_run_holds_weights_curves_record_and_card(shapes: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    best = train(ObjectsTask(replace(RECIPE, validate_every=2), shapes), out)
    assert best == out / "best.safetensors"
    about, state = read_described(best)
    assert about == {
        "network": "ssdlite-rexnet-lite",
        "classes": ["disc", "square"],
        "side": 64,
    }
    build_object_detector("ssdlite-rexnet-lite", 2, 64).load_state_dict(state)
    assert (out / "curves.png").stat().st_size > 10_000
    assert (out / "sheet.jpg").stat().st_size > 1000
    lines = read_log(out / "log.jsonl")
    assert [line["step"] for line in lines if "ap50" in line] == [2, 4]
    assert {"loss", "boxes", "classes"} <= lines[0].keys()
    config = read_recipe(out / "config.yaml", ObjectsRecipe)
    assert (config["steps"], config["data"]) == (4, [str(shapes)])
    facts = json.loads((out / "env.json").read_text())["datasets"][0]
    assert (facts["pictures"], facts["objects"], facts["classes"]) == (6, 12, ["disc", "square"])
    card = (out / "card.md").read_text()
    assert "ssdlite-rexnet-lite, trained on shapes" in card
    assert "4 of 4 steps, 1.3 epochs" in card


def test_four_steps_are_two_a_resume_and_two(shapes: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, workers=1, batch=4, accumulate=2)
    train(ObjectsTask(recipe, shapes), tmp_path / "whole")
    half = tmp_path / "half"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "train_step", stopping_after(2))
        with pytest.raises(KeyboardInterrupt):
            train(ObjectsTask(recipe, shapes), half)
    assert load_checkpoint(half / "checkpoint.pt")["step"] == 2
    train(ObjectsTask(recipe, shapes), half, resume=True)
    one, other = (load_checkpoint(tmp_path / f / "checkpoint.pt") for f in ("whole", "half"))
    assert one["step"] == other["step"] == 4
    for part in ("model", "ema"):
        assert all(torch.equal(value, other[part][key]) for key, value in one[part].items())


def stopping_after(steps: int) -> Callable[[Trainer, Any], Any]:
    """The trainer's step, which is interrupted after so many."""
    train_step = Trainer.train_step

    def stopping(trainer: Trainer, parts: Any) -> Any:
        if trainer.step == steps:
            raise KeyboardInterrupt
        return train_step(trainer, parts)

    return stopping


def test_a_backbone_that_was_pretrained_is_taken_exactly(shapes: Path) -> None:
    task, group = ObjectsTask(RECIPE, shapes), Group(torch.device("cpu"))
    task.open(group)
    trainer = Trainer(task, group)
    file = backbones()["rexnet-lite"].file
    trainer.start_from(file)
    given = read_described(file)[1]
    taken = trainer.model.basenet.state_dict()
    assert all(torch.equal(value, given[f"basenet.{key}"]) for key, value in taken.items())


def test_what_is_unusual_about_the_data_is_said(
    shapes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in shapes.glob("ImageSets/Main/*.txt"):
        file.unlink()
    ObjectsTask(RECIPE, shapes).open(Group(torch.device("cpu")))
    said = capsys.readouterr().err
    assert "has no separate validation pictures" in said
    assert "8 training pictures: 8 disc, 8 square" in said


def test_a_class_that_only_validation_has_is_refused(shapes: Path) -> None:
    file = shapes / "Annotations/val0.xml"
    file.write_text(file.read_text().replace("disc", "ring"))
    with pytest.raises(DatasetError, match="no training picture has an object of ring"):
        ObjectsTask(RECIPE, shapes).open(Group(torch.device("cpu")))


def test_settings_that_cannot_be_used_are_refused(shapes: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="steps is 0"):
        replace(RECIPE, steps=0)
    with pytest.raises(ConfigError, match="batch is 2: must be at least 4"):
        train(ObjectsTask(replace(RECIPE, accumulate=2), shapes), tmp_path / "run")
    with pytest.raises(ConfigError, match="no such backbone; known: rexnet-lite"):
        train(ObjectsTask(replace(RECIPE, network="ssdlite-resnet"), shapes), tmp_path / "run")


@pytest.mark.slow
def test_it_learns_to_find_discs_and_squares_and_is_exported(shapes: Path, tmp_path: Path) -> None:
    steps = {"steps": 120, "batch": 6, "crop": 96, "warmup": 10, "learning_rate": 0.003}
    recipe = replace(RECIPE, **steps, ema=0.9)  # type: ignore[arg-type]
    start = backbones()["rexnet-lite"].file
    best = train(ObjectsTask(recipe, shapes, start), tmp_path / "run")
    assert np.max([line.get("ap50", 0) for line in read_log(tmp_path / "run/log.jsonl")]) > 0.5
    onnx = tmp_path / "shapes.onnx"
    assert main(["objects", "export", "--weights", str(best), "--out", str(onnx)]) == 0
    detector = ObjectDetector(onnx)
    for one in read_objects(shapes, "train").pictures[:3]:
        found = detector(one.path, min_score=0.1)
        assert set(found.labels[:4]) == {"disc", "square"}
