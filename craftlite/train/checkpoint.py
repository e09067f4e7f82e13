"""Saving and resuming a training: at any moment a whole checkpoint is on the disk."""

from pathlib import Path
from typing import Any

import torch

from craftlite.errors import CraftliteError, WeightsError
from craftlite.files import written_whole


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` to `path` so that a kill at any moment leaves the old file or the new one.

    Raises:
        CraftliteError: the disk is full or the folder cannot be written; the old file is still
            there.
    """
    try:
        with written_whole(path) as unfinished, unfinished.open("wb") as file:
            torch.save(state, file)
    except (CraftliteError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        if isinstance(error, RuntimeError):  # torch has its own for a disk that is full
            reason = f"{path}: cannot be written ({reason})"
        raise CraftliteError(f"{reason}; the checkpoint of before is still there") from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """What `save_checkpoint` wrote.

    Raises:
        WeightsError: the file is missing or is not a checkpoint.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(f"{path}: no checkpoint to resume from") from None
    except Exception as error:
        raise WeightsError(f"{path}: not a checkpoint of craftlite ({error})") from error
    if not isinstance(state, dict) or "step" not in state:
        raise WeightsError(f"{path}: not a checkpoint of craftlite, it has no step")
    return state
