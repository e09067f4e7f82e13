"""Where a training's batches come from: crops made on the host, or drawn on the device."""

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

GALLERY_SHARE = 0.5  # of a GPU's free memory, for decoded pictures; the rest is the training's


def painter_of(recipe: Recipe, mix: Sequence[MixedSource], group: Group) -> Painter | None:
    """What draws the crops on the device, its pictures decoded; None where the host makes them.

    Raises:
        ConfigError: the recipe asks for the device, which cannot do it.
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
    """Why the device cannot draw the crops of a mix, and what to do."""
    for part in mix:
        if part.share and not isinstance(part.source, Listed):
            return (
                f"pictures of {part.name} are made on the fly; write them with craftlite "
                f"{part.name}, then train on them with --dataset words"
            )
    if device.type == "cuda":
        needed = gallery_bytes(samples)
        free, _ = torch.cuda.mem_get_info(device)
        if needed > GALLERY_SHARE * free:
            return (
                f"decoded, the pictures take {needed / 2**30:.1f} GiB and {GALLERY_SHARE:.0%} of "
                f"the {free / 2**30:.1f} GiB free on the GPU are for them; use fewer or smaller "
                "ones"
            )
    return None


def sources_on_disk(mix: Sequence[MixedSource]) -> tuple[list[Listed], list[float]]:
    """Those of a mix's datasets on disk that crops are cut from, and their shares."""
    pairs = [(p.source, p.share) for p in mix if p.share and isinstance(p.source, Listed)]
    return [source for source, _ in pairs], [share for _, share in pairs]


def crop_batches(
    mix: Sequence[MixedSource], recipe: Recipe, sampler: StepSampler, painter: Painter | None
) -> Generator[list[Any], None, None]:
    """For each step its parts, drawn by the painter where there is one; see `batches`."""
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
