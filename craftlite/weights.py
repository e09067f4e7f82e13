"""The weights that ship, and finding the file that a name or a path means."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from craftlite.errors import ConfigError, WeightsError
from craftlite.postprocess import Thresholds

DEFAULT = "craftlite-small"
# Pixels that pictures are scaled to by weights that say nothing else.
DEFAULT_LONG_SIDE = 1280


@dataclass(frozen=True)
class Weights:
    """Weights and how they are meant to be used.

    Attributes:
        name: in the catalogue, or the file's name.
        onnx: the file for ONNX Runtime, or None.
        torch: the file for torch, or None.
        thresholds: the ones that were chosen on validation data.
        long_side: pixels that pictures are scaled to.
        tuned: on what data those were chosen, in words, or None where they are defaults.
        hmean: H-mean there, 0..1, or None where it is not known.
        sha256: of the files, by their names.
        presets: thresholds for one kind of picture, by the name of the dataset they suit best.
    """

    name: str
    onnx: Path | None
    torch: Path | None
    thresholds: Thresholds = field(default_factory=Thresholds)
    long_side: int = DEFAULT_LONG_SIDE
    tuned: str | None = None
    hmean: float | None = None
    sha256: dict[str, str] = field(default_factory=dict)
    presets: dict[str, Thresholds] = field(default_factory=dict)

    def preset(self, name: str) -> Thresholds:
        """The thresholds of a name.

        Raises:
            ConfigError: there are none of that name.
        """
        if name not in self.presets:
            known = f"they have {', '.join(self.presets)}" if self.presets else "they have none"
            raise ConfigError(f"--thresholds {name}: not among those of {self.name}; {known}")
        return self.presets[name]


@dataclass(frozen=True)
class PretrainedBackbone:
    """A pretrained backbone, which a detector's training starts from.

    Attributes:
        name: of the network.
        file: for torch.
        body_of: the detectors that have it as their body.
        data: what it learnt from, in words.
        top1_error: there, on the validation split, 0..1.
        sha256: of the file.
    """

    name: str
    file: Path
    body_of: Sequence[str]
    data: str
    top1_error: float
    sha256: str


def folder() -> Path:
    """The folder of the shipped weights: in the installed package, or beside it in a checkout."""
    packed = Path(__file__).parent / "_weights"
    return packed if packed.is_dir() else Path(__file__).parents[1] / "weights"


@cache
def catalogue() -> dict[str, Weights]:
    """Every shipped set of weights by its name."""
    entries: dict[str, Any] = json.loads((folder() / "catalogue.json").read_text())
    return {
        name: Weights(
            name=name,
            onnx=folder() / entry["onnx"],
            torch=folder() / entry["torch"] if entry["torch"] else None,
            thresholds=Thresholds(**entry["thresholds"]),
            long_side=entry["long_side"],
            tuned=entry["tuned"],
            hmean=entry["hmean"],
            sha256=entry["sha256"],
            presets=_presets(entry),
        )
        for name, entry in entries.items()
    }


@cache
def backbones() -> dict[str, PretrainedBackbone]:
    """Every shipped backbone by its name."""
    entries: dict[str, Any] = json.loads((folder() / "backbones.json").read_text())
    return {
        name: PretrainedBackbone(name, folder() / facts.pop("file"), **facts)
        for name, facts in entries.items()
    }


def find_weights(name: str | os.PathLike[str]) -> Weights:
    """The weights of a name in the catalogue, or of an .onnx, .safetensors or .pth file.

    Beside a file, one of the same name with the suffix .json holds the thresholds and the long
    side that were tuned for it, where they were.

    Raises:
        WeightsError: neither such a name nor such a file exists, or that .json cannot be used.
    """
    known = catalogue()
    if str(name) in known:
        return known[str(name)]
    if str(name) in backbones():
        raise WeightsError(
            f"{name} is a classification backbone, not a text detector; use it with "
            f"craftlite train --init {name}"
        )
    path = Path(name)
    if not path.is_file():
        raise WeightsError(f"{name}: no such weights; give a file or one of {', '.join(known)}")
    if path.suffix not in (".onnx", ".safetensors", ".pth"):
        raise WeightsError(f"{path}: weights are .onnx, .safetensors or .pth files")
    onnx = path.suffix == ".onnx"
    return Weights(
        path.name,
        onnx=path if onnx else None,
        torch=None if onnx else path,
        **_tuned(path.with_suffix(".json")),
    )


def tuned_settings(
    thresholds: Thresholds,
    long_side: int,
    tuned: str,
    hmean: float,
    presets: Mapping[str, Thresholds],
) -> dict[str, Any]:
    """What was chosen for weights, as the catalogue and the .json beside a file hold it."""
    return {
        "thresholds": asdict(thresholds),
        "long_side": long_side,
        "tuned": tuned,
        "hmean": round(hmean, 4),
        "presets": {name: asdict(levels) for name, levels in presets.items()},
    }


def settings_text(settings: dict[str, Any]) -> str:
    """Settings as those files are written."""
    return json.dumps(settings, indent=2) + "\n"


def _presets(facts: dict[str, Any]) -> dict[str, Thresholds]:
    return {name: Thresholds(**levels) for name, levels in facts.get("presets", {}).items()}


def _tuned(path: Path) -> dict[str, Any]:
    """Thresholds, long side and their origin from a file beside the weights; {} without one."""
    if not path.is_file():
        return {}
    try:
        facts = json.loads(path.read_text("utf-8"))
        return {
            "thresholds": Thresholds(**facts["thresholds"]),
            "long_side": int(facts["long_side"]),
            "tuned": str(facts["tuned"]),
            "hmean": float(facts["hmean"]),
            "presets": _presets(facts),
        }
    except (ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
        raise WeightsError(
            f"{path}: expected what craftlite eval --tune "
            f"writes ({type(error).__name__}: {error}); mend it or remove it"
        ) from error
