"""Where crops come from: who draws them, from which datasets, and that they are the same ones."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from craftlite.crops.draw import Painter
from craftlite.data.loader import Batch, StepSampler
from craftlite.data.sample import Sample
from craftlite.data.sources import Generated, Listed, Source
from craftlite.errors import ConfigError, DatasetError
from craftlite.synth.generator import Generator
from craftlite.synth.typesetting.fonts import FaceId
from craftlite.train.detector.feed import crop_batches, painter_of, sources_on_disk
from craftlite.train.detector.mix import MixedSource
from craftlite.train.distributed import Group
from craftlite.train.recipe import Recipe

ALONE = Group(torch.device("cpu"))
RECIPE = Recipe(steps=4, batch=4, crop=64, workers=0)
DEVICE = replace(RECIPE, crops="device")
WORDS = Generator(faces={"latin": (FaceId(""),)}, size=(160, 120), typical_words=100)
FLY: Source = Generated(WORDS)


def written(first: int, count: int) -> Listed:
    return Listed([WORDS.sample(first + k) for k in range(count)])


def mix(*parts: tuple[str, Source, float]) -> list[MixedSource]:
    return [MixedSource(*part) for part in parts]


def some() -> list[MixedSource]:
    """Two datasets that teach, and between them one on disk and one on the fly that do not."""
    return mix(
        ("quads", written(0, 2), 0.25),
        ("icdar15", written(2, 1), 0.0),
        ("synth", FLY, 0.0),
        ("words", written(3, 3), 0.75),
    )


def stream(
    mix: Sequence[MixedSource],
    recipe: Recipe,
    sampler: StepSampler,
    later: Sequence[MixedSource] = (),
) -> list[Batch]:
    """The batches of a mix, or of what became of it later."""
    painter = painter_of(recipe, mix, ALONE)
    made = crop_batches(later or mix, recipe, sampler, painter)
    return [part for parts in made for part in parts]


def test_the_host_makes_crops_where_it_is_asked_to_and_on_a_cpu(
    capsys: pytest.CaptureFixture[str],
) -> None:
    on_disk, on_the_fly = mix(("words", written(0, 1), 1.0)), mix(("synth", FLY, 1.0))
    for crops in ("host", "auto"):
        for data in (on_disk, on_the_fly):
            assert painter_of(replace(RECIPE, crops=crops), data, ALONE) is None
    assert capsys.readouterr().err == ""


def test_a_painter_has_the_pictures_of_the_datasets_that_teach() -> None:
    painter = painter_of(replace(DEVICE, seed=9), some(), ALONE)
    assert isinstance(painter, Painter)
    assert (painter.crop, painter.seed) == (64, 9)
    assert painter.gallery.sizes == [(160, 120)] * 5
    one = painter.gallery.cut(torch.tensor([2]), torch.tensor([0]), torch.eye(3)[None], 120)
    expected = WORDS.sample(3).pixels()[:, :120]
    assert np.array_equal(one[0].permute(1, 2, 0).numpy(), expected)


def test_pictures_made_on_the_fly_are_refused_with_what_to_do() -> None:
    data = mix(("words", written(0, 1), 0.5), ("synth", FLY, 0.5))
    with pytest.raises(ConfigError) as error:
        painter_of(DEVICE, data, ALONE)
    said = str(error.value)
    assert said.startswith("crops is device: pictures of synth are generated on the fly")
    assert "craftlite synth" in said
    assert "--dataset words" in said


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    bad = Listed([Sample("bad", tmp_path / "bad.png", WORDS.sample(0).words)])
    with pytest.raises(DatasetError, match=r"bad\.png: there is no such file"):
        painter_of(DEVICE, mix(("words", bad, 1.0)), ALONE)


def test_datasets_that_teach_nothing_are_left_out() -> None:
    data = some()
    sources, shares = sources_on_disk(data)
    assert len(sources) == 2
    assert sources[0] is data[0].source
    assert sources[1] is data[3].source
    assert shares == [0.25, 0.75]


def test_the_device_draws_the_crops_that_the_host_makes() -> None:
    sampler = StepSampler(1, 4, 4, parts=2)
    host, device = (stream(some(), recipe, sampler) for recipe in (RECIPE, DEVICE))
    assert len(host) == len(device) == 6
    for expected, drawn in zip(host, device, strict=True):
        assert [part.shape for part in drawn] == [part.shape for part in expected]
        assert expected.scores.mean() > 0.01
        assert (drawn.scores - expected.scores).abs().mean() < 5e-4
        # Outlines of the few words that are too small to learn from differ by their edges.
        assert (drawn.weight - expected.weight).abs().mean() < 0.03


def test_processes_and_workers_draw_the_crops_of_one_alone() -> None:
    alone = stream(some(), DEVICE, StepSampler(0, 2, 4))
    helped = stream(some(), replace(DEVICE, workers=1), StepSampler(0, 2, 4))
    ranks = [stream(some(), DEVICE, StepSampler(0, 2, 4, 1, rank, 2)) for rank in range(2)]
    for step in range(2):
        assert all(map(torch.equal, alone[step], helped[step]))
        together = [torch.cat(parts) for parts in zip(*(own[step] for own in ranks), strict=True)]
        assert torch.allclose(alone[step].scores, together[1])
        assert torch.equal(alone[step].weight, together[2])


def test_crops_go_on_where_they_stopped() -> None:
    whole = stream(some(), DEVICE, StepSampler(0, 4, 4))
    rest = stream(some(), DEVICE, StepSampler(2, 4, 4))
    assert len(rest) == 2
    for one, other in zip(whole[2:], rest, strict=True):
        assert all(map(torch.equal, one, other))
    other_seed = stream(some(), replace(DEVICE, seed=1), StepSampler(2, 4, 4))
    assert not torch.equal(other_seed[0].scores, rest[0].scores)


def test_labels_that_changed_show_in_the_maps_of_the_same_pictures() -> None:
    data = some()

    def unsure(part: MixedSource) -> MixedSource:
        if not isinstance(part.source, Listed):
            return part
        samples = [
            replace(s, words=tuple(replace(w, confidence=0.25) for w in s.words))
            for s in part.source.samples
        ]
        return replace(part, source=Listed(samples))

    sampler = StepSampler(0, 2, 4)
    before = stream(data, DEVICE, sampler)
    after = stream(data, DEVICE, sampler, [unsure(part) for part in data])
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one.pictures, other.pictures)
        assert torch.equal(one.scores, other.scores)
        assert (other.weight == 0.25).any()
        assert not (one.weight == 0.25).any()
