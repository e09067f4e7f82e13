"""An exported network computes what torch computes, at sizes that the export never saw."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from craftlite.errors import CraftliteError, WeightsError
from craftlite.export import export_onnx, folded
from craftlite.model import build_model
from craftlite.model.files import save_model
from craftlite.runtime import OnnxRuntime

WEIGHTS = Path(__file__).parents[2] / "weights"


def random_network(name: str) -> nn.Module:
    """A network whose batch norms do something."""
    torch.manual_seed(0)
    model = build_model(name)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
            module.running_mean.normal_(0, 0.2)  # type: ignore[union-attr]
            module.running_var.uniform_(0.3, 1.0)  # type: ignore[union-attr]
    return model.eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network of craftlite-small as `random_network` gives it."""
    folder = tmp_path_factory.mktemp("exported")
    weights, onnx = folder / "w.safetensors", folder / "w.onnx"
    save_model(weights, "craftlite-small", random_network("craftlite-small").state_dict())
    assert export_onnx(weights, onnx) <= 1e-4
    return onnx


def test_maps_agree_at_unseen_sizes_and_batches(exported: Path) -> None:
    model, runtime = random_network("craftlite-small"), OnnxRuntime(exported, "cpu")
    assert runtime.network == "craftlite-small"
    for batch, height, width in [(1, 32, 32), (3, 224, 96), (1, 128, 480)]:
        pictures = np.random.default_rng(1).normal(size=(batch, 3, height, width))
        pictures = pictures.astype(np.float32)
        with torch.inference_mode():
            wanted = model(torch.from_numpy(pictures))[0].permute(0, 3, 1, 2).numpy()
        found = runtime(pictures)
        assert found.shape == (batch, 2, height // 2, width // 2)
        assert np.abs(found - wanted).max() <= 1e-4 * max(1, np.abs(wanted).max())


def test_folding_removes_every_batch_norm_and_every_tiny_weight() -> None:
    model = random_network("craftlite-small")
    with torch.no_grad():
        next(model.parameters())[0, 0, 0, 0] = 1e-30
    fused = folded(model)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fused.modules())
    values = torch.cat([parameter.flatten() for parameter in fused.parameters()]).abs()
    assert float(values[values > 0].min()) >= 1e-20


def test_files_name_no_path_of_the_machine_that_made_them(exported: Path) -> None:
    shipped = sorted(WEIGHTS.glob("*.onnx"))
    assert len(shipped) >= 3
    for path in (exported, *shipped):
        raw = path.read_bytes()
        assert b"main_graph" in raw
        assert b"craftlite/" not in raw


def test_wrong_weights_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    weights, onnx = tmp_path / "w.safetensors", tmp_path / "w.onnx"
    weights.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"w\.safetensors"):
        export_onnx(weights, onnx)
    model = random_network("craftlite-small")
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    save_model(weights, "craftlite-small", model.state_dict())
    with pytest.raises(WeightsError, match=r"w\.safetensors: .* not finite"):
        export_onnx(weights, onnx)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w.safetensors"]


def test_maps_that_differ_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    weights, onnx = tmp_path / "w.safetensors", tmp_path / "w.onnx"
    model = random_network("craftlite-small")
    first, last = model.conv_cls  # type: ignore[misc]
    with torch.no_grad():  # so tiny that the export takes them for zero
        first[1].weight.mul_(1e-25)
        first[1].bias.mul_(1e-25)
        last.weight.mul_(1e25)
    save_model(weights, "craftlite-small", model.state_dict())
    onnx.write_bytes(b"of before")
    with pytest.raises(CraftliteError, match=r"w\.safetensors: the exported maps differ"):
        export_onnx(weights, onnx)
    assert onnx.read_bytes() == b"of before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w.onnx", "w.safetensors"]
