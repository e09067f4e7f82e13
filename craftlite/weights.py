"""The weights that ship, and finding the file that a name or a path means."""

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

# Used where none are named; see `craftlite.detector.default_weights`.
DEFAULT = "craftlite-small"
DEFAULT_INT8 = "craftlite-small-int8"
# Pixels that pictures are scaled to, unless another number was tuned for the weights.
DEFAULT_LONG_SIDE = 1280
LONG_SIDES = 32, 16384  # smallest and largest that a file beside weights may ask for


@dataclass(frozen=True)
class Weights:
    """Weights and how they are meant to be used; the files are those for ONNX Runtime and torch."""

    name: str  # in the catalogue, or the file's name
    onnx: Path | None
    torch: Path | None
    thresholds: Thresholds = field(default_factory=Thresholds)
    long_side: int = DEFAULT_LONG_SIDE  # pixels that pictures are scaled to
    tuned: str | None = None  # where these two are from, in words; None: they are defaults
    hmean: float | None = None  # H-mean on the data that they were chosen on, 0..1
    sha256: dict[str, str] = field(default_factory=dict)  # of the files, by their names
    # Thresholds for one kind of picture, by the name of the dataset that they suit best.
    presets: dict[str, Thresholds] = field(default_factory=dict)
    calibration: Calibration | None = None  # None: scores are mean region scores
    licence: str | None = None  # "MIT", or "research" where data was for that; None: not known

    @property
    def file(self) -> Path:
        """The file that is run: for ONNX Runtime, or else for torch."""
        file = self.onnx or self.torch
        assert file is not None
        return file

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
    """A pretrained backbone, which a detector's training starts from."""

    name: str  # of the network
    file: Path  # for torch
    body_of: Sequence[str]  # the detectors that have it as their backbone
    data: str  # what it was trained on, in words
    top1_error: float  # on the validation split of that data, 0..1
    sha256: str  # of the file


def folder() -> Path:
    """The folder of the shipped weights: in the installed package, or beside it in a checkout."""
    packed = Path(__file__).parent / "_weights"
    return packed if packed.is_dir() else Path(__file__).parents[1] / "weights"


@cache
def catalogue() -> dict[str, Weights]:
    """Every shipped set of weights by its name.

    Raises:
        WeightsError: the list that ships is damaged.
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
    """Every shipped backbone by its name.

    Raises:
        WeightsError: the list that ships is damaged.
    """
    return {
        name: PretrainedBackbone(name, folder() / facts.pop("file"), **facts)
        for name, facts in _shipped_list("backbones.json").items()
    }


def intact(file: Path) -> Path:
    """A weights file, after the SHA-256 of one in the catalogue has been compared with it.

    A process does that once for a file, unless its size or its time of change differs. It takes
    13 ms for the default weights on one core of an AMD EPYC, where opening them takes 81 ms.

    Raises:
        WeightsError: a file that ships is missing, or is not what shipped.
    """
    wanted = _shipped_digests().get(file)
    if wanted is None:
        return file
    try:
        facts = file.stat()
        found = _digest(file, facts.st_size, facts.st_mtime_ns)
    except FileNotFoundError as error:
        lack = "is not installed: a wheel has the weights that craftlite detect runs alone"
        advice = "give the path of the file of that name in a clone's weights/, or reinstall"
        raise WeightsError(f"{file}: {lack}; {advice} from the clone by pip install -e") from error
    except OSError as error:
        reason = f"ships with craftlite but cannot be read ({error.strerror})"
        raise WeightsError(f"{file}: {reason}; reinstall craftlite") from error
    if found != wanted:
        reason = f"its SHA-256 begins with {found[:8]}, not with {wanted[:8]}"
        what = "is not the file that ships with craftlite"
        raise WeightsError(f"{file}: {what}: {reason}; reinstall craftlite")
    return file


def find_weights(name: str | os.PathLike[str]) -> Weights:
    """The weights of a name in the catalogue, or of an .onnx, .safetensors or .pth file.

    Beside a file, one of the same name with the suffix .json holds the thresholds and the long
    side that were tuned for it, where they were; a file that ships has those of the catalogue.

    Raises:
        WeightsError: neither such a name nor such a file exists, or that .json cannot be used.
    """
    known = catalogue()
    if str(name) in known:
        return known[str(name)]
    if str(name) in backbones():
        use = f"use it with craftlite train --init {name}"
        raise WeightsError(f"{name} is a classification backbone, not a text detector; {use}")
    path = Path(name)
    if not os.path.isfile(path):  # noqa: PTH113 (Path.is_file raises where a name is too long)
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
    """What was chosen for weights, as the catalogue and the .json beside a file hold it."""
    return {
        "thresholds": asdict(thresholds),
        "long_side": long_side,
        "tuned": tuned,
        "hmean": None if hmean is None else round(hmean, 4),
        "presets": {name: asdict(levels) for name, levels in presets.items()},
        "calibration": None if calibration is None else asdict(calibration),
    }


def take_over_settings(entry: Weights, file: Path) -> Path | None:
    """Write the thresholds, long side and calibration that weights have beside another file.

    Returns the file written; None where the weights have none, or the other file has some already.

    Raises:
        CraftliteError: it cannot be written.
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
    """Settings as those files are written."""
    return json.dumps(settings, indent=2) + "\n"


def _shipped_list(name: str) -> dict[str, dict[str, Any]]:
    """A JSON file that ships with the weights."""
    path = folder() / name
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}: cannot be read ({error}); reinstall craftlite") from error


@cache
def _shipped_digests() -> dict[Path, str]:
    """The SHA-256 of every weights file that ships."""
    digests = {backbone.file: backbone.sha256 for backbone in backbones().values()}
    for entry in catalogue().values():
        digests |= {folder() / name: sha256 for name, sha256 in entry.sha256.items()}
    return digests


def shipped_as(path: Path) -> Weights | None:
    """The entry of the catalogue that a file is of, wherever it lies, if it is one."""
    for entry in catalogue().values():
        if path.name in entry.sha256:
            facts = path.stat()
            if _digest(path, facts.st_size, facts.st_mtime_ns) == entry.sha256[path.name]:
                return entry
    return None


@cache
def _digest(file: Path, size: int, changed: int) -> str:
    """A file's SHA-256, computed anew where its size or time of change differs."""
    return sha256_of(file)


def _tuned(path: Path) -> dict[str, Any]:
    """Thresholds, long side and their origin from a file beside the weights; {} without one."""
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
    """What `tuned_settings` gave, read from JSON; whatever is wrong with it raises some error."""
    long_side, tuned, hmean = facts["long_side"], facts["tuned"], facts["hmean"]
    least, most = LONG_SIDES
    if type(long_side) is not int or not least <= long_side <= most:
        raise ValueError(f"long_side {long_side!r:.40} is no whole number from {least} to {most}")
    if not isinstance(tuned, str):
        raise TypeError(f"tuned {tuned!r:.40} is no text")
    if hmean is not None and (type(hmean) not in (int, float) or not 0 <= hmean <= 1):
        raise ValueError(f"hmean {hmean!r:.40} is no number from 0 to 1")
    calibration = facts.get("calibration")  # files of before have none
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
