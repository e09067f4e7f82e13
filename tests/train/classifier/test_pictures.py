"""Reading folders of classes, the endless stream of training pictures, and what validation sees."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from craftlite.errors import DatasetError
from craftlite.preprocess import to_tensor
from craftlite.train.classifier.pictures import CentreViews, Pictures, read_splits
from craftlite.train.recipe import PretrainRecipe

PLAIN = PretrainRecipe(crop=32, batch=4, cutmix=0, colour=0, least_area=1.0)


def test_splits_are_read_class_by_class(colours: Path) -> None:
    train, val = read_splits(colours)
    assert (len(train), len(val), list(train.classes)) == (12, 4, ["blue", "red"])
    assert [label for _, label in train.samples] == [0] * 6 + [1] * 6


@pytest.mark.parametrize(
    ("remove", "says"),
    [
        ("val", "val: there is no such folder; expected layout"),
        ("train/red", "different classes; in only one: red"),
        ("train/red/*", "Found no valid file for the classes red"),
    ],
)
def test_folders_that_cannot_be_used(colours: Path, remove: str, says: str) -> None:
    for path in colours.glob(remove):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(DatasetError, match=says):
        read_splits(colours)


def test_an_epoch_has_every_picture_once_and_the_next_another_order(colours: Path) -> None:
    train, _ = read_splits(colours)
    stream = Pictures(train, PLAIN)
    epochs = [[stream.place(index) for index in range(k, k + 12)] for k in (0, 12)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(12))
    assert epochs[0] != epochs[1]
    assert stream.name(3) == train.samples[stream.place(3)][0]


def test_a_picture_depends_on_its_number_alone(colours: Path) -> None:
    train, _ = read_splits(colours)
    recipe = PretrainRecipe(crop=32, batch=4, randaugment=5)
    one, other = Pictures(train, recipe), Pictures(train, recipe)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = [one[index] for index in (5, 2, 9)]
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    again = [other[index] for index in (9, 5, 2)]
    assert torch.equal(first[0][0], again[1][0])
    assert torch.equal(first[1][0], again[2][0])
    assert not torch.equal(one[2][0], one[2 + 12][0])
    assert torch.equal(one.collate(first).targets, other.collate(first).targets)


def test_cutmix_mixes_classes_by_area(colours: Path) -> None:
    train, _ = read_splits(colours)
    stream = Pictures(train, PretrainRecipe(crop=32, batch=4, cutmix=1, colour=0))
    batch = stream.collate([stream[index] for index in range(8)])
    assert batch.targets.sum(dim=1) == pytest.approx(1)
    assert ((batch.targets > 0) & (batch.targets < 1)).any()
    plain = Pictures(train, PLAIN)
    targets = plain.collate([plain[index] for index in range(8)]).targets
    assert set(targets.unique().tolist()) == {0, 1}


def test_unreadable_pictures_are_stood_in_for_and_told(colours: Path) -> None:
    (colours / "train/red/3.png").write_bytes(b"no picture")
    train, _ = read_splits(colours)
    stream = Pictures(train, PLAIN)
    bad = next(k for k, (file, _) in enumerate(train.samples) if file.endswith("red/3.png"))
    index = next(k for k in range(12) if stream.place(k) == bad)
    picture, label, number, unreadable = stream[index]
    assert (number, unreadable) == (index, bad)
    # Its class is that of the picture that stands there.
    assert (picture[0].mean() > picture[2].mean()) == bool(label)
    assert stream.collate([stream[index]]).unreadable.tolist() == [bad]


def test_nothing_at_all_can_be_read(colours: Path) -> None:
    for file in colours.glob("train/*/*"):
        file.write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="and 20 other pictures cannot be read"):
        Pictures(read_splits(colours)[0], PLAIN)[0]


def test_validation_sees_the_middle_as_detectors_see_pictures(tmp_path: Path) -> None:
    # 256 x 300, of which the middle 224 x 224 is one colour; 256 to 224 is no resizing here.
    folder = tmp_path / "val/a"
    folder.mkdir(parents=True)
    (tmp_path / "train/a").mkdir(parents=True)
    picture = np.zeros((256, 300, 3), np.uint8)
    picture[16:240, 38:262] = (30, 60, 200)
    for path in (folder / "1.png", tmp_path / "train/a/1.png"):
        cv2.imwrite(str(path), picture)
    view, label = CentreViews(read_splits(tmp_path)[1].samples, 224)[0]
    expected = to_tensor(np.full((224, 224, 3), (200, 60, 30), np.uint8))[0]
    assert label == 0
    assert np.abs(view.numpy() - expected).max() < 1e-5


def test_validation_leaves_unreadable_pictures_out(colours: Path) -> None:
    (colours / "val/red/0.png").write_bytes(b"no picture")
    views = CentreViews(read_splits(colours)[1].samples, 32)
    assert [views[place][1] for place in range(len(views))] == [0, 0, -1, 1]
