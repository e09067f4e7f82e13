import pickle
from pathlib import Path

import pytest
import torch

from craftlite.errors import WeightsError
from craftlite.model.files import read_state


class Other:
    """Something that no weights file should hold."""


def said(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        read_state(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.isprintable() and "weights_only" not in message and len(message) < 300
    return message


def test_a_file_that_could_run_code_is_not_recommended(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"model": Other()}, path)
    assert "is not a plain weights file" in said(path)
    path.write_bytes(pickle.dumps({"model": Other()}, protocol=2))
    assert "is not a plain weights file" in said(path)


def test_damaged_files_and_files_of_other_things(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    assert "No such file" in said(path)
    torch.save({"a": torch.zeros(9)}, path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "is not a plain weights file" in said(path)
    torch.save([torch.zeros(9)], path)
    assert "is not a plain weights file" in said(path)
    torch.save({"a": torch.zeros(9), "step": 3}, path)
    assert "more than a network's tensors" in said(path)
