"""Learning from the maps of another network."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from craftlite.data.loader import Batch
from craftlite.errors import ConfigError, WeightsError
from craftlite.model import build_model
from craftlite.model.files import save_model
from craftlite.train.detector.loss import craft_loss
from craftlite.train.detector.task import DetectorTask
from craftlite.train.detector.teacher import SHARE, read_teacher, taught_loss
from craftlite.train.distributed import Group
from craftlite.train.recipe import Recipe
from craftlite.train.trainer import Trainer
from craftlite.weights import catalogue

CPU = torch.device("cpu")
RECIPE = Recipe(steps=10, batch=2, crop=64, warmup=0, workers=0, precision="fp32", ema=0.0)


class Constant(nn.Module):
    """A network whose maps have one value."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, None]:
        return torch.full((len(pictures), 32, 32, 2), self.value), None


def batch() -> Batch:
    generator = torch.Generator().manual_seed(1)
    pictures = torch.randn(2, 3, 64, 64, generator=generator)
    return Batch(pictures, torch.zeros(2, 2, 32, 32), torch.ones(2, 32, 32))


def test_who_agrees_with_the_teacher_has_the_truths_loss_alone() -> None:
    predicted, truth = torch.ones(2, 32, 32, 2), torch.zeros(2, 2, 32, 32)
    loss = craft_loss(predicted, truth, torch.ones(2, 32, 32))
    taught = taught_loss(Constant(1.0), batch().pictures, predicted, loss)
    expected = {name: (1 - SHARE) * term for name, term in loss.items()}
    torch.testing.assert_close(taught, expected)


def test_a_teachers_scores_above_one_count_as_one() -> None:
    predicted, loss = torch.ones(2, 32, 32, 2), {"loss": torch.zeros(())}
    assert taught_loss(Constant(7.0), batch().pictures, predicted, loss) == {"loss": 0}


def test_steps_lead_to_the_teachers_maps_where_the_truth_has_nothing() -> None:
    trainer = Trainer(DetectorTask(replace(RECIPE, learning_rate=3e-3, steps=100)), Group(CPU))
    there = batch()._replace(weight=torch.zeros(2, 32, 32))
    untaught = trainer.model(there.pictures)[0].mean()
    trainer.task.teacher = Constant(1.0)
    losses = [trainer.train_step([there])["loss"] for _ in range(25)]
    assert losses[-1] < losses[0] / 2
    assert trainer.model(there.pictures)[0].mean() > untaught + 0.2


def test_a_teacher_does_not_learn() -> None:
    teacher = read_teacher("craftlite-small", CPU)
    assert teacher is not None
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    trainer = Trainer(DetectorTask(RECIPE), Group(CPU))
    trainer.task.teacher = teacher
    trainer.train_step([batch()])
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    assert not any("teacher" in name for name in trainer.state()["model"])


def test_none_is_no_teacher() -> None:
    assert read_teacher("none", CPU) is None


def test_what_cannot_teach_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ONNX cannot be used"):
        read_teacher(str(catalogue()["craftlite-small"].onnx), CPU)
    refiner = tmp_path / "refiner.safetensors"
    save_model(refiner, "link-refiner", build_model("link-refiner").state_dict())
    with pytest.raises(ConfigError, match="link-refiner has no score maps"):
        read_teacher(str(refiner), CPU)
    with pytest.raises(WeightsError, match="nobody"):
        read_teacher("nobody", CPU)
