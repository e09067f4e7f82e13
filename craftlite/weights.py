"""The weights that ship with craftlite, and look-up of weights by name or path."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from craftlite.calibration import Calibration
from craftlite.errors import ConfigError, WeightsError
from craftlite.files import sha256_of, write_whole
from craftlite.postprocess import Thresholds

# Used if no weights are named; see `craftlite.detector.default_weights`.
DEFAULT = "craftlite-small"
DEFAULT_INT8 = "craftlite-small-int8"
# Longer side, in pixels, that pictures are scaled to unless another one was tuned for the weights.
DEFAULT_LONG_SIDE = 1280
LONG_SIDES = 32, 16384  # smallest and largest that a .json beside weights may set


@dataclass(frozen=True)
class Weights:
    """Weights as files for ONNX Runtime and torch, and the settings to use them with."""

    name: str  # the name in the catalogue, or the file's name
    onnx: Path | None
    torch: Path | None
    thresholds: Thresholds = field(default_factory=Thresholds)
    long_side: int = DEFAULT_LONG_SIDE  # in pixels; pictures are scaled to it
    tuned: str | None = None  # how these two were chosen, as text; None: they are defaults
    hmean: float | None = None  # H-mean on the data they were chosen on, 0..1
    sha256: dict[str, str] = field(default_factory=dict)  # of each file, by its name
    # Thresholds for particular kinds of pictures, by the name of the dataset they suit best.
    presets: dict[str, Thresholds] = field(default_factory=dict)
    calibration: Calibration | None = None  # None: a word's score is its mean region score
    licence: str | None = None  # "MIT", or "research" if the data was research-only; None: unknown

    @property
    def file(self) -> Path:
        """The file to run: the one for ONNX Runtime if it exists, otherwise the one for torch."""
        file = self.onnx or self.torch
        assert file is not None
        return file

    def preset(self, name: str) -> Thresholds:
        """Return the preset thresholds of that name.

        Raises:
            ConfigError: the weights have no such preset.
        """
        if name not in self.presets:
            known = f"they have {', '.join(self.presets)}" if self.presets else "they have none"
            raise ConfigError(f"--thresholds {name}: not among those of {self.name}; {known}")
        return self.presets[name]


@dataclass(frozen=True)
class PretrainedBackbone:
    """A pretrained backbone that the training of a detector can start from."""

    name: str  # name of the network
    file: Path  # weights for torch
    body_of: Sequence[str]  # names of the detectors that use it as their backbone
    data: str  # what it was trained on, as text
    top1_error: float  # on the validation split of that data, 0..1
    sha256: str  # of the file


def folder() -> Path:
    """Return the folder of shipped weights: in the installed package, or beside it in a clone."""
    packed = Path(__file__).parent / "_weights"
    return packed if packed.is_dir() else Path(__file__).parents[1] / "weights"


@cache
def catalogue() -> dict[str, Weights]:
    """Return all shipped weights by name.

    Raises:
        WeightsError: the shipped catalogue is damaged.
    """
    return {
        name: Weights(
            name,
            onnx=folder() / entry["onnx"],
            torch=folder() / entry["torch"] if entry["torch"] else None,
            sha256=entry["sha256"],
            licence=entry["licence"],
            **_settings(entry),
        )
        for name, entry in _shipped_list("catalogue.json").items()
    }


@cache
def backbones() -> dict[str, PretrainedBackbone]:
    """Return all shipped backbones by name.

    Raises:
        WeightsError: the shipped list is damaged.
    """
    return {
        name: PretrainedBackbone(name, folder() / facts.pop("file"), **facts)
        for name, facts in _shipped_list("backbones.json").items()
    }


def intact(file: Path) -> Path:
    """Return the weights file after checking its SHA-256 if it is one that ships with craftlite.

    Each process checks a file once, and again if its size or modification time changes. The check
    takes 13 ms for the default weights on one core of an AMD EPYC; opening them takes 81 ms.

    Raises:
        WeightsError: a shipped file is missing, cannot be read or has been changed.
    """
    wanted = _shipped_digests().get(file)
    if wanted is None:
        return file
    try:
        facts = file.stat()
        found = _digest(file, facts.st_size, facts.st_mtime_ns)
    except FileNotFoundError as error:
        lack = "is not installed: a wheel contains only the weights that craftlite detect runs"
        advice = "give the path of that file in the weights/ folder of a clone, or reinstall"
        raise WeightsError(f"{file}: {lack}; {advice} from a clone with pip install -e") from error
    except OSError as error:
        reason = f"ships with craftlite but cannot be read ({error.strerror})"
        raise WeightsError(f"{file}: {reason}; reinstall craftlite") from error
    if found != wanted:
        reason = f"its SHA-256 begins with {found[:8]}, not with {wanted[:8]}"
        what = "is not the file that ships with craftlite"
        raise WeightsError(f"{file}: {what}: {reason}; reinstall craftlite")
    return file


def find_weights(name: str | os.PathLike[str]) -> Weights:
    """Return the weights of a name in the catalogue, or of an .onnx, .safetensors or .pth file.

    The thresholds and the long side tuned for a file are read from the .json file of the same name
    beside it, if there is one. A copy of a shipped file without one uses the catalogue's settings.

    Raises:
        WeightsError: there is no such name or file, or the .json file cannot be used.
    """
    known = catalogue()
    if str(name) in known:
        return known[str(name)]
    if str(name) in backbones():
        use = f"use it with craftlite train --init {name}"
        raise WeightsError(f"{name} is a classification backbone, not a text detector; {use}")
    path = Path(name)
    if not os.path.isfile(path):  # noqa: PTH113 (Path.is_file raises if a name is too long)
        raise WeightsError(f"{name}: no such weights; give a file or one of {', '.join(known)}")
    if path.suffix not in (".onnx", ".safetensors", ".pth"):
        raise WeightsError(f"{path}: weights are .onnx, .safetensors or .pth files")
    onnx, torch = (path, None) if path.suffix == ".onnx" else (None, path)
    beside, shipped = path.with_suffix(".json"), shipped_as(path)
    if shipped is not None and not beside.exists():
        return replace(shipped, name=path.name, onnx=onnx, torch=torch)
    return Weights(path.name, onnx, torch, **_tuned(beside))


def tuned_settings(
    thresholds: Thresholds,
    long_side: int,
    tuned: str,
    hmean: float | None,
    presets: Mapping[str, Thresholds],
    calibration: Calibration | None = None,
) -> dict[str, Any]:
    """Return tuned settings in the form stored in the catalogue and in the .json beside weights."""
    return {
        "thresholds": asdict(thresholds),
        "long_side": long_side,
        "tuned": tuned,
        "hmean": None if hmean is None else round(hmean, 4),
        "presets": {name: asdict(levels) for name, levels in presets.items()},
        "calibration": None if calibration is None else asdict(calibration),
    }


def take_over_settings(entry: Weights, file: Path) -> Path | None:
    """Write the tuned settings of some weights to the .json beside another weights file.

    Returns the file written; None if the weights have no tuned settings or that .json exists.

    Raises:
        CraftliteError: the file cannot be written.
    """
    beside = file.with_suffix(".json")
    if entry.tuned is None or beside.exists():
        return None
    origin = f"for {entry.name}, {entry.tuned}"
    facts = tuned_settings(
        *(entry.thresholds, entry.long_side, origin, entry.hmean, entry.presets, entry.calibration)
    )
    write_whole(beside, settings_text(facts))
    return beside


def settings_text(settings: dict[str, Any]) -> str:
    """Return settings as the text of a .json file."""
    return json.dumps(settings, indent=2) + "\n"


def _shipped_list(name: str) -> dict[str, dict[str, Any]]:
    """Read a JSON file that ships with the weights."""
    path = folder() / name
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}: cannot be read ({error}); reinstall craftlite") from error


@cache
def _shipped_digests() -> dict[Path, str]:
    """Return the SHA-256 of every shipped weights file."""
    digests = {backbone.file: backbone.sha256 for backbone in backbones().values()}
    for entry in catalogue().values():
        digests |= {folder() / name: sha256 for name, sha256 in entry.sha256.items()}
    return digests


def shipped_as(path: Path) -> Weights | None:
    """Return the catalogue entry that a file is a copy of, in whatever folder; None if none is."""
    for entry in catalogue().values():
        if path.name in entry.sha256:
            facts = path.stat()
            if _digest(path, facts.st_size, facts.st_mtime_ns) == entry.sha256[path.name]:
                return entry
    return None


@cache
def _digest(file: Path, size: int, changed: int) -> str:
    """Return a file's SHA-256, computed again if its size or modification time has changed."""
    return sha256_of(file)


def _tuned(path: Path) -> dict[str, Any]:
    """Read the tuned settings from the .json beside weights; {} if it does not exist."""
    try:
        return _settings(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return {}
    except (
        *(OSError, ValueError, LookupError, TypeError, AttributeError),
        *(OverflowError, RecursionError, ConfigError),
    ) as error:
        reason = f"expected what craftlite eval --tune writes ({type(error).__name__}: {error})"
        raise WeightsError(f"{path}: {reason}; mend it or remove it") from error


def _settings(facts: Any) -> dict[str, Any]:
    """Parse the JSON form of `tuned_settings`; invalid values raise one of various errors."""
    long_side, tuned, hmean = facts["long_side"], facts["tuned"], facts["hmean"]
    least, most = LONG_SIDES
    if type(long_side) is not int or not least <= long_side <= most:
        raise ValueError(f"long_side {long_side!r:.40} is not an integer from {least} to {most}")
    if not isinstance(tuned, str):
        raise TypeError(f"tuned {tuned!r:.40} is not a string")
    if hmean is not None and (type(hmean) not in (int, float) or not 0 <= hmean <= 1):
        raise ValueError(f"hmean {hmean!r:.40} is not a number from 0 to 1")
    calibration = facts.get("calibration")  # missing in older files
    return {
        "thresholds": Thresholds(**facts["thresholds"]),
        "long_side": long_side,
        "tuned": tuned,
        "hmean": None if hmean is None else float(hmean),
        "presets": {
            name: Thresholds(**levels) for name, levels in facts.get("presets", {}).items()
        },
        "calibration": None if calibration is None else Calibration(**calibration),
    }
