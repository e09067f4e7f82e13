"""Weights files for torch: craftlite's .safetensors, and the original CRAFT's .pth files."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from craftlite.errors import WeightsError
from craftlite.files import write_whole
from craftlite.model import IMAGENET_CLASSES, build_model
from craftlite.runtime import METADATA

NOTHING: Mapping[str, Any] = MappingProxyType({})


def save_model(
    path: Path, network: str, state: dict[str, Tensor], about: Mapping[str, Any] = NOTHING
) -> None:
    """Write a network's state dict with its name and other facts, atomically.

    Raises:
        CraftliteError: the file cannot be written.
    """
    tensors = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    facts = {"network": network, **about}
    write_whole(path, save(tensors, metadata={METADATA: json.dumps(facts)}))


def read_state(path: Path) -> tuple[str, dict[str, Tensor]]:
    """Read the network's name and the state dict from a .safetensors or an official .pth file.

    The prefix "module.", which data-parallel training adds to names in .pth files, is removed.

    Raises:
        WeightsError: the file is corrupt or does not name its network.
    """
    about, state = read_described(path)
    return about["network"], state


def read_described(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read a file like `read_state`, but return all facts stored in it, with the key "network".

    Raises:
        WeightsError: see `read_state`.
    """
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                metadata = file.metadata() or {}
                state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            if METADATA not in metadata:
                raise WeightsError(f"{path}: does not name its network")
            about = json.loads(metadata[METADATA])
            return {"network": str(about["network"])} | about, state
        state = _read_pth(path)
    except WeightsError:
        raise
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # report any kind of damage in one sentence
        raise WeightsError(f"{path}: cannot be read as weights ({error})") from None
    return {"network": "link-refiner" if "aspp1.0.weight" in state else "craft-vgg16"}, state


def _read_pth(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a .pth file by name.

    Raises:
        WeightsError: it is damaged, or holds anything but tensors; such a file could run code.
        OSError: it cannot be read.
    """
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
        state = {key.removeprefix("module."): value for key, value in loaded.items()}
    except OSError:
        raise
    except Exception:  # pickle raises many errors, and torch adds advice to run the file's code
        raise WeightsError(
            f"{path}: is not a plain weights file: it is damaged, or holds more than tensors"
        ) from None
    if not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path}: holds more than a network's tensors")
    return state


def read_model(path: Path) -> tuple[str, nn.Module]:
    """Load the name and the network of a weights file, in eval mode.

    Raises:
        WeightsError: the file is corrupt, or its tensors do not match its network.
    """
    network, state = read_state(path)
    last = state.get("classifier.weight")
    model = build_model(network, IMAGENET_CLASSES if last is None else len(last))
    wanted = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in state.items()}
    differing = [key for key in wanted | found if wanted.get(key) != found.get(key)]
    if differing:
        key = differing[0]
        raise WeightsError(
            f"{path}: not weights of {network}: {len(differing)} tensors differ, the first is {key}"
            f" (expected {wanted.get(key)}, found {found.get(key)})"
        )
    model.load_state_dict(state)
    return network, model.eval()
