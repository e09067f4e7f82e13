"""Saving and resuming a training: written to a temporary file, then renamed."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from craftlite.errors import CraftliteError, WeightsError


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` to `path` so that a kill at any moment leaves the old file or the new one.

    Raises:
        CraftliteError: the disk is full or the folder cannot be written; the old file is still
            there.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:  # torch raises either when a disk is full
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise CraftliteError(
            f"{path}: cannot be written ({reason}); the checkpoint of before is still there"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


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
