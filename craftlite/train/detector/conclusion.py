"""The end of a training: choosing thresholds for the new weights, and measuring their gain."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from craftlite.calibration import Calibration
from craftlite.data.sample import Sample
from craftlite.evaluate.calibrate import fit_calibration
from craftlite.evaluate.comparison import Candidate, EvaluationSet, differences
from craftlite.evaluate.runner import ModelRunner
from craftlite.evaluate.tune import (
    Tuning,
    search,
    shown,
    sides_around,
    trial_of,
    with_section,
    write_tuning,
)
from craftlite.files import write_whole
from craftlite.postprocess import Thresholds
from craftlite.progress import Progress, write_line
from craftlite.train.detector.validate import CANDIDATES, WordScore
from craftlite.weights import backbones, find_weights, shipped_as, take_over_settings

PROTOCOL = "iou"
# Time to choose thresholds for one set of weights, as a multiple of validating the same pictures:
# one run for each long side, plus word extraction for some hundred combinations of thresholds.
PASSES = 4
STARTS = 3  # starting points of the search
FEWEST = 5  # minimum number of pictures to choose thresholds on
NOTHING_KEPT_APART = "no validation pictures (craftlite convert --val 0.1 sets some aside)"
DEFAULTS = "detect and eval use default thresholds until craftlite eval --tune has chosen better"


def conclude(
    weights: Path, onnx: Path | None, init: Path | None, validation: WordScore | None, pictures: int
) -> None:
    """Write thresholds and long side next to the new weights, and report the gain over the start.

    Args:
        weights: the new weights, in their run folder.
        onnx: the same weights exported to ONNX, if they were.
        init: what the training started from: a detector, a backbone or None.
        validation: the validation pictures; if None, the start's thresholds are used.
        pictures: see `choose_and_compare`.

    Raises:
        CraftliteError: a file cannot be written.
    """
    # On a CPU, ONNX Runtime is faster than torch.
    runs = weights if onnx is None or torch.cuda.is_available() else onnx
    start = None if init in [backbone.file for backbone in backbones().values()] else init
    if validation is None:
        take_over(runs, start)
    else:
        choose_and_compare(runs, start, validation, pictures)


def take_over(weights: Path, start: Path | None) -> None:
    """Write the thresholds and long side of the start, if it has any, next to the new weights."""
    if start is None or find_weights(start).tuned is None:
        write_line(f"{NOTHING_KEPT_APART}, and no thresholds to take over: {DEFAULTS}")
        return
    written = [take_over_settings(find_weights(start), file) for file in _all_weights(weights)]
    files = " and ".join(str(file) for file in written if file)
    own = f"wrote the thresholds and long side of {_name(start)} to {files}"
    write_line(f"{NOTHING_KEPT_APART}: {own if files else 'the existing thresholds are kept'}")


def choose_and_compare(
    weights: Path, start: Path | None, validation: WordScore, pictures: int
) -> None:
    """Choose thresholds and long side, and compare the new weights with the start.

    Both sets of weights are scored on all validation pictures, each with the thresholds and long
    side chosen for it on the same `pictures` of them.

    Args:
        weights: the new weights, for ONNX Runtime or for torch.
        start: the detector that training started from, if it was one.
        validation: the validation pictures.
        pictures: the largest number of them to search thresholds and long side on; 0 does not
            search, and takes the best of the validation's sets of thresholds on all pictures.
    """
    samples = validation.samples
    with (
        TemporaryDirectory(dir=weights.parent, prefix="maps-") as maps,
        Progress(desc="choosing thresholds", unit="combination") as bar,
    ):
        few = spread(samples, pictures) if pictures else samples
        pair = _Comparison(_as_set(samples), _as_set(few), Path(maps), bar, pictures > 0)
        new = pair.open(str(weights), validation.long_side)
        tuning = pair.tuning(new, validation.candidates)
        if not tuning.hmean:
            write_line(f"no thresholds find any word of the validation pictures: {DEFAULTS}")
            return
        after = pair.candidate(weights.name, new.at(tuning.long_side), tuning.thresholds)
        figures = [f"after: {_hmean(after)} ({after.name})"]
        if start is not None:
            old = pair.open(_name(start) if weights.suffix == ".onnx" else str(start))
            suits = pair.tuning(old, [old.thresholds, *CANDIDATES])
            own = pair.candidate(_name(start), old, old.thresholds)
            before = pair.candidate(own.name, old.at(suits.long_side), suits.thresholds)
            came = f"{_hmean(own)} with its own thresholds"
            figures.insert(0, f"before: {_hmean(before)} ({before.name}; {came})")
            figures.append(_gain(before, after))
        calibration = _calibration(pair.data, new.at(tuning.long_side), tuning.thresholds, start)
    chosen_on = f"on {_pictures(pair.few.samples)}, by {PROTOCOL}"
    card = _write(weights, tuning, chosen_on, calibration)
    lines = [f"H-mean of {_pictures(samples)}, with thresholds chosen {chosen_on}:", *figures]
    for line in lines:
        write_line(line)
    text = "\n".join([lines[0], "", *(f"- {line}" for line in lines[1:]), ""])
    write_whole(card, with_section(card.read_text("utf-8"), text, "## Gain"))


def _calibration(
    data: EvaluationSet, model: ModelRunner, thresholds: Thresholds, start: Path | None
) -> Calibration | None:
    """Return a calibration for the new weights, or the start's if too few words are found."""
    where = f"on {_pictures(data.samples)}, by {PROTOCOL}"
    fit = fit_calibration([(data, model)], thresholds, where)
    if fit.calibration is not None:
        return fit.calibration
    kept = None if start is None else find_weights(start).calibration
    instead = "not calibrated" if kept is None else "calibrated as the start's"
    write_line(f"scores are {instead}: {fit.refusal}")
    return kept


@dataclass(frozen=True)
class _Comparison:
    """Chooses thresholds for weights on the pictures `few`, and scores them on `data`.

    searches: whether to search for thresholds beyond the best of the given sets.
    """

    data: EvaluationSet
    few: EvaluationSet
    maps: Path  # folder for cached score maps
    bar: Progress
    searches: bool

    def open(self, weights: str, long_side: int | None = None) -> ModelRunner:
        layout, polygons = self.data.layout, False
        return ModelRunner(weights, layout, cache=self.maps, long_side=long_side, polygons=polygons)

    def tuning(self, model: ModelRunner, candidates: Sequence[Thresholds]) -> Tuning:
        """Return the long side that scores best with any candidate, and its best thresholds.

        The search climbs from STARTS candidates: a single start may end in a local maximum.
        """
        trial, own = trial_of(self.few, model, self.bar.update), model.detector.long_side
        others = [side for side in sides_around(own) if side != own] if self.searches else []
        pairs = [(side, levels) for side in (own, *others) for levels in candidates]
        side, best = max(pairs, key=lambda pair: trial(*pair).hmean)
        if not self.searches:
            return Tuning(side, best, [trial(side, best)], len(pairs))
        ranked = sorted(candidates, key=lambda levels: trial(side, levels).hmean, reverse=True)
        apart: dict[float, Thresholds] = {}
        for levels in ranked:
            apart.setdefault(levels.text, levels)
        starts = list(apart.values())[:STARTS]
        found = [list(search([trial], start, [side]))[-1] for start in starts]
        return max(found, key=lambda tuning: tuning.hmean)

    def candidate(self, name: str, model: ModelRunner, thresholds: Thresholds) -> Candidate:
        detections = [model.detections(sample, thresholds) for sample in self.data.samples]
        candidate = Candidate(name, {}, detections, model, thresholds)
        candidate.score_on(self.data)
        return candidate


def spread(samples: Sequence[Sample], most: int) -> list[Sample]:
    """Return at most `most` of the samples, evenly spaced."""
    count = min(most, len(samples))
    return [samples[number * len(samples) // count] for number in range(count)]


def _as_set(samples: Sequence[Sample]) -> EvaluationSet:
    return EvaluationSet("validation", "words", "val", samples, [PROTOCOL])


def _name(weights: Path) -> str:
    """Return the name of shipped weights, or the path of any other file."""
    shipped = shipped_as(weights)
    return shipped.name if shipped else str(weights)


def _all_weights(weights: Path) -> list[Path]:
    """Return the weights files of a run folder, one for each name without suffix."""
    folder = weights.parent
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.onnx")])
    return list({file.stem: file for file in files}.values())


def _write(weights: Path, tuning: Tuning, chosen_on: str, calibration: Calibration | None) -> Path:
    """Write the chosen settings next to the run's weights and into its card; return the card."""
    settings, card = write_tuning(find_weights(weights), tuning, chosen_on, calibration=calibration)
    for other in _all_weights(weights):
        write_whole(other.with_suffix(".json"), settings.read_text("utf-8"))
    chosen = f"{shown(tuning.thresholds)}, long side {tuning.long_side}"
    write_line(f"chose {chosen}, {chosen_on}; wrote {settings}")
    return card


def _pictures(samples: Sequence[Sample]) -> str:
    return f"{len(samples)} validation picture{'' if len(samples) == 1 else 's'}"


def _hmean(one: Candidate) -> str:
    return f"{one.metrics[PROTOCOL].summary().hmean:.2%}"


def _gain(before: Candidate, after: Candidate) -> str:
    """Return the difference of two H-means as text, with its paired confidence interval."""
    [gain] = differences([before, after], [PROTOCOL])
    low, high = (100 * limit for limit in gain["hmean_interval"])
    unsure = low <= 0 <= high
    verdict = "; too few pictures to tell which is better" if unsure else ""
    figure = f"{100 * gain['hmean']:+.2f} points"
    return f"gain: {figure}, 95 % interval {low:+.2f} to {high:+.2f}{verdict}"
