"""Losses and scores of a network on training and validation pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import torch

from craftlite.data.loader import Crops
from craftlite.data.sample import Sample
from craftlite.data.sources import Listed
from craftlite.detector import Detector, Maps
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.score import Score, Tally, summed
from craftlite.evaluate.tune import search
from craftlite.export import onnx_of
from craftlite.model.files import read_model
from craftlite.postprocess import Thresholds
from craftlite.progress import Progress
from craftlite.runtime import OnnxRuntime, Runtime
from craftlite.train.detector.loss import craft_loss
from craftlite.train.detector.validate import AS_THEY_ARE, CANDIDATES
from tools import bodies  # noqa: F401 (registers the names of its networks)

CROP = 512  # pixels
SEED = 0


@dataclass(frozen=True)
class Pictures:
    """The pictures that networks are scored on, and the pixels that longer sides are scaled to."""

    train: Sequence[Sample]
    val: Sequence[Sample]
    long_side: int


class SequentialCrops(Crops):
    """Crops of one list of samples, one of each sample in order."""

    def draw(self, index: int) -> tuple[Sample, np.random.Generator]:
        """Sample number `index`, and the generator that cuts it."""
        [source] = self.sources
        assert isinstance(source, Listed)
        return source.samples[index], np.random.default_rng((self.seed, index))


def open_network(weights: Path, threads: int | None) -> Runtime:
    """The network of a file of weights, in ONNX Runtime: on CPUs it takes a third of torch's time.

    Raises:
        WeightsError: the weights cannot be read.
    """
    network, model = read_model(weights)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        onnx.save(onnx_of(network, model), file)
        return OnnxRuntime(file, threads=threads)


def measure(runtime: Runtime, pictures: Pictures) -> dict[str, Any]:
    """Losses, thresholds and scores of a network, by column."""
    facts: dict[str, Any] = {
        "network": runtime.network,
        "train_loss": _mean_loss(runtime, pictures.train),
        "val_loss": _mean_loss(runtime, pictures.val),
    }
    detector = Detector(runtime, long_side=pictures.long_side)
    # The maps of the validation pictures alone are needed more than once.
    val = list(_maps(detector, pictures.val))
    best = _best_thresholds(detector, val)
    facts |= {"text": best.text, "link": best.link, "low": best.low}
    for split, seen in (("train", _maps(detector, pictures.train)), ("val", val)):
        tallies, fixed = _tallies(detector, seen, [best, CANDIDATES[0]])
        score = summed(tallies)
        facts |= {
            f"{split}_hmean": score.hmean,
            f"{split}_precision": score.precision,
            f"{split}_recall": score.recall,
            f"{split}_hmean_fixed": summed(fixed).hmean,
        }
    # The validation pictures were the last.
    facts["val_tallies"] = ";".join(" ".join(f"{n:g}" for n in tally) for tally in tallies)
    return facts


def _mean_loss(runtime: Runtime, samples: Sequence[Sample]) -> float:
    """The mean loss of one crop of each sample, without changes of its geometry or colours."""
    crops = SequentialCrops([Listed(samples)], [1.0], CROP, SEED, AS_THEY_ARE)
    losses = []
    for number in Progress(range(len(samples)), "loss", unit="crop", leave=False):
        picture, scores, weight = crops[number]
        maps = torch.from_numpy(runtime(picture[None].numpy()))
        losses.append(craft_loss(maps.permute(0, 2, 3, 1), scores[None], weight[None])["loss"])
    return float(torch.stack(losses).mean())


def _maps(detector: Detector, samples: Sequence[Sample]) -> Iterable[tuple[Sample, Maps]]:
    for sample in Progress(samples, "maps", unit="picture", leave=False):
        yield sample, detector.maps(sample.pixels())


def _tallies(
    detector: Detector, seen: Iterable[tuple[Sample, Maps]], levels: Sequence[Thresholds]
) -> list[list[Tally]]:
    """For each of the thresholds, the tallies of pictures whose maps are known."""
    metrics = [Metric("iou") for _ in levels]
    for sample, maps in seen:
        for metric, level in zip(metrics, levels, strict=True):
            words = detector.words(maps, level, polygons=False)
            metric.update(sample.words, Detections.of(words))
    return [metric.tallies for metric in metrics]


def _best_thresholds(detector: Detector, seen: Sequence[tuple[Sample, Maps]]) -> Thresholds:
    """The thresholds that give the best H-mean on pictures whose maps are known."""
    bar = Progress(desc="thresholds", unit="combination", leave=False)

    def trial(_: int, levels: Thresholds) -> Score:
        bar.update()
        return summed(_tallies(detector, seen, [levels])[0])

    *_, best = search([trial], CANDIDATES[0], [detector.long_side])
    bar.close()
    return best.thresholds
