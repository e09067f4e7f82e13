"""Saving and loading checkpoints; a crash never leaves a damaged one behind."""

from pathlib import Path
from typing import Any

import torch

from craftlite.errors import CraftliteError, WeightsError
from craftlite.files import written_whole


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` to `path` atomically: if killed, either the old or the new file remains.

    Raises:
        CraftliteError: the disk is full or the folder is not writable; the old file is kept.
    """
    try:
        with written_whole(path) as unfinished, unfinished.open("wb") as file:
            torch.save(state, file)
    except (CraftliteError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        if isinstance(error, RuntimeError):  # torch raises its own error when the disk is full
            reason = f"{path}: cannot be written ({reason})"
        raise CraftliteError(f"{reason}; the previous checkpoint is still there") from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint written by `save_checkpoint`.

    Raises:
        WeightsError: the file is missing or is not a checkpoint.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(f"{path}: no checkpoint to resume from") from None
    except Exception as error:
        raise WeightsError(f"{path}: not a craftlite checkpoint ({error})") from error
    if not isinstance(state, dict) or "step" not in state:
        raise WeightsError(f"{path}: not a craftlite checkpoint, it has no step")
    return state
