"""The source of a training's batches: crops made on the host, or drawn on the device."""

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

import torch

from craftlite.crops.draw import Painter
from craftlite.crops.gallery import Gallery, gallery_bytes
from craftlite.crops.plan import PlannedCrops
from craftlite.data.loader import Crops, StepSampler, batches
from craftlite.data.sample import Sample
from craftlite.data.sources import Listed
from craftlite.errors import ConfigError
from craftlite.progress import write_line
from craftlite.train.detector.mix import MixedSource
from craftlite.train.distributed import Group
from craftlite.train.recipe import Recipe

GALLERY_SHARE = 0.5  # of the GPU's free memory, for decoded pictures; training needs the rest


def painter_of(recipe: Recipe, mix: Sequence[MixedSource], group: Group) -> Painter | None:
    """Return a painter that draws crops on the device, or None if the host makes them.

    The painter's pictures are decoded here.

    Raises:
        ConfigError: the recipe asks for crops on the device, which is not possible.
        DatasetError: a picture cannot be read.
    """
    if recipe.crops == "host" or (recipe.crops == "auto" and group.device.type == "cpu"):
        return None
    sources, _ = sources_on_disk(mix)
    samples = [sample for source in sources for sample in source.samples]
    hindrance = _hindrance(mix, samples, group.device)
    if not hindrance:
        return Painter(Gallery(samples, group.device), recipe.crop, recipe.seed)
    if recipe.crops == "device":
        raise ConfigError(f"crops is device: {hindrance}")
    if group.leads:
        write_line(f"crops are made on the host: {hindrance}")
    return None


def _hindrance(
    mix: Sequence[MixedSource], samples: Sequence[Sample], device: torch.device
) -> str | None:
    """Return why the device cannot draw the crops of a mix and what to do, or None if it can."""
    for part in mix:
        if part.share and not isinstance(part.source, Listed):
            return (
                f"pictures of {part.name} are generated on the fly; write them with craftlite "
                f"{part.name}, then train on them with --dataset words"
            )
    if device.type == "cuda":
        needed = gallery_bytes(samples)
        free, _ = torch.cuda.mem_get_info(device)
        if needed > GALLERY_SHARE * free:
            return (
                f"the decoded pictures take {needed / 2**30:.1f} GiB, more than "
                f"{GALLERY_SHARE:.0%} of the {free / 2**30:.1f} GiB free on the GPU; use fewer or "
                "smaller pictures"
            )
    return None


def sources_on_disk(mix: Sequence[MixedSource]) -> tuple[list[Listed], list[float]]:
    """Return the datasets on disk that crops are cut from, and their shares."""
    pairs = [(p.source, p.share) for p in mix if p.share and isinstance(p.source, Listed)]
    return [source for source, _ in pairs], [share for _, share in pairs]


def crop_batches(
    mix: Sequence[MixedSource], recipe: Recipe, sampler: StepSampler, painter: Painter | None
) -> Generator[list[Any], None, None]:
    """Yield the parts of each step, drawn by the painter if there is one; see `batches`."""
    if painter is None:
        sources, shares = [part.source for part in mix], [part.share for part in mix]
        crops = Crops(sources, shares, recipe.crop, recipe.seed)
        yield from batches(crops, sampler, recipe.workers)
        return
    listed, shares = sources_on_disk(mix)
    plans = PlannedCrops(listed, shares, recipe.crop, recipe.seed, painter.gallery.sizes)
    with closing(batches(plans, sampler, recipe.workers)) as stream:
        for parts in stream:
            yield [painter.draw(plan) for plan in parts]
