"""The networks: the original's function and names, the light one's size, and weights files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from craftlite.errors import ConfigError, WeightsError
from craftlite.model import CLASSIFIERS, DETECTORS, build_model
from craftlite.model.cost import cost
from craftlite.model.files import read_model, read_state, save_model
from craftlite.model.rexnet import ReXNet
from craftlite.model.vgg import VGG16BN

FIXTURES = Path(__file__).parents[1] / "fixtures"


def known_tensor(number: int, name: str, like: Tensor) -> Tensor:
    """The reference's weights: a sine whose phase is the number of the entry."""
    count = like.numel()
    s = np.sin(0.1 * np.arange(count, dtype=np.float64) + number)
    if not like.is_floating_point():
        return torch.zeros_like(like)
    if name.endswith("running_var"):
        values = 1 + 0.5 * abs(s)
    elif name.endswith("running_mean") or name.endswith("bias"):
        values = 0.1 * s
    elif like.ndim == 1:
        values = 1 + 0.1 * s
    else:
        values = s * np.sqrt(4 / (count / like.shape[0]))
    return torch.from_numpy(values).to(like.dtype).reshape(like.shape)


def with_known_weights(name: str) -> nn.Module:
    model = build_model(name).eval()
    state = model.state_dict()
    model.load_state_dict({k: known_tensor(i, k, v) for i, (k, v) in enumerate(state.items())})
    return model


def difference(found: Tensor, expected: np.ndarray) -> float:
    assert found.shape == expected.shape
    return float(abs(found.numpy() - expected).max() / abs(expected).max())


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_original_networks_compute_what_the_official_ones_do() -> None:
    expected = np.load(FIXTURES / "craft_forward.npz")
    x = torch.sin(0.01 * torch.arange(3 * 64 * 96, dtype=torch.float64)).float()
    with torch.no_grad():
        scores, features = with_known_weights("craft-vgg16")(x.reshape(1, 3, 64, 96))
        refined = with_known_weights("link-refiner")(scores, features)
    assert difference(scores, expected["scores"]) < 1e-3
    assert difference(features, expected["features"]) < 1e-3
    assert difference(refined, expected["refined"]) < 1e-3


@pytest.mark.parametrize(("name", "key"), [("craft-vgg16", "craft"), ("link-refiner", "refiner")])
def test_state_dict_has_the_official_names_shapes_and_order(name: str, key: str) -> None:
    official = json.loads((FIXTURES / "craft_state_dict.json").read_text())[key]
    own = [[k, list(v.shape)] for k, v in build_model(name).state_dict().items()]
    assert own == official


def test_sizes_of_the_networks() -> None:
    assert round(parameters(build_model("craft-vgg16")) / 1e6, 2) == 20.77
    for light in ("craftlite-small", "craftlite-small-v2"):
        assert parameters(build_model(light)) <= 2_310_000


@pytest.mark.parametrize(
    ("name", "millions", "parts", "giga", "share"),
    [
        # What is published for the design, and how far off a network may be.
        ("rexnet-small", 3.76, 0.02, 0.40, 0.03),
        ("rexnet-large", 3.99, 0.02, 0.71, 0.03),
        ("mobilenet-v1", 4.23, 0.005, 0.569, 0.005),
        ("mobilenet-v2", 3.50, 0.005, 0.301, 0.005),
    ],
)
def test_classifiers_cost_what_is_published(
    name: str, millions: float, parts: float, giga: float, share: float
) -> None:
    found = cost(name, 224, 224)
    assert found.parameters == pytest.approx(1e6 * millions, rel=parts)
    assert found.macs == pytest.approx(1e9 * giga, rel=share)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_give_logits_of_any_number_of_classes(name: str) -> None:
    model = build_model(name, 7).eval()
    with torch.no_grad():
        assert model(torch.zeros(2, 3, 64, 96)).shape == (2, 7)
    assert list(model.basenet.strides) == [32, 16, 8, 4, 2]


def test_the_detectors_body_is_the_classifiers() -> None:
    for detector, classifier in (
        ("craftlite-small", "rexnet-lite"),
        ("craftlite-large", "rexnet-large"),
        ("craftlite-mobilenet-v2", "mobilenet-v2"),
    ):
        one, other = (build_model(name).basenet for name in (detector, classifier))
        shapes = [{k: v.shape for k, v in body.state_dict().items()} for body in (one, other)]
        assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (160, 32)])
def test_maps_have_half_the_size_of_the_picture(name: str, height: int, width: int) -> None:
    model = build_model(name).eval()
    with torch.no_grad():
        scores, features = model(torch.zeros(2, 3, height, width))
    assert scores.shape == (2, height // 2, width // 2, 2)
    assert features.shape[0] == 2
    assert features.shape[2:] == (height // 2, width // 2)


@pytest.mark.parametrize("backbone", [ReXNet(), VGG16BN()], ids=["rexnet", "vgg"])
def test_backbone_tells_the_truth_about_its_feature_maps(backbone: ReXNet | VGG16BN) -> None:
    with torch.no_grad():
        features = backbone.eval()(torch.zeros(1, 3, 64, 96))
    shapes = [tuple(feature.shape[1:]) for feature in features]
    said = zip(backbone.channels, backbone.strides, strict=True)
    assert shapes == [(channels, 64 // stride, 96 // stride) for channels, stride in said]


def test_pictures_of_a_batch_do_not_mix() -> None:
    torch.manual_seed(0)
    model = build_model("craftlite-small").eval()
    one, other = torch.randn(2, 1, 3, 64, 64)
    with torch.no_grad():
        together = model(torch.cat([one, other]))[0]
        torch.testing.assert_close(together[:1], model(one)[0], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(together[0], together[1])


def test_unknown_network_is_named_in_the_error() -> None:
    with pytest.raises(ConfigError, match="craft-huge"):
        build_model("craft-huge")


def test_saved_weights_come_back_with_their_network(tmp_path: Path) -> None:
    torch.manual_seed(1)
    state = build_model("craftlite-small").state_dict()
    save_model(tmp_path / "w.safetensors", "craftlite-small", state)
    name, model = read_model(tmp_path / "w.safetensors")
    assert name == "craftlite-small"
    assert not model.training
    loaded = model.state_dict()
    assert list(loaded) == list(state)
    assert all(torch.equal(loaded[key], state[key]) for key in state)
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize("name", ["craft-vgg16", "link-refiner"])
def test_official_file_of_a_data_parallel_training_loads(name: str, tmp_path: Path) -> None:
    state = {f"module.{k}": v for k, v in build_model(name).state_dict().items()}
    torch.save(state, tmp_path / "official.pth")
    found, model = read_model(tmp_path / "official.pth")
    assert found == name
    assert all(torch.equal(value, state[f"module.{k}"]) for k, value in model.state_dict().items())


def corrupt_files(folder: Path) -> dict[str, Path]:
    """Files that are no weights, by what is wrong with them."""
    paths = {
        "missing": folder / "missing.safetensors",
        "noise": folder / "noise.safetensors",
        "noise pth": folder / "noise.pth",
        "cut": folder / "cut.safetensors",
        "of another": folder / "other.safetensors",
        "without name": folder / "nameless.safetensors",
        "no state": folder / "list.pth",
        "a checkpoint": folder / "checkpoint.pth",
    }
    paths["noise"].write_bytes(b"not weights at all")
    paths["noise pth"].write_bytes(b"not weights at all")
    refiner = build_model("link-refiner").state_dict()
    save_model(paths["cut"], "link-refiner", refiner)
    paths["cut"].write_bytes(paths["cut"].read_bytes()[:-100])
    save_model(paths["of another"], "craftlite-small", refiner)
    save_file(refiner, paths["without name"])
    torch.save([1, 2, 3], paths["no state"])
    torch.save({"step": 3, "model": refiner}, paths["a checkpoint"])
    return paths


def test_files_that_are_no_weights_are_refused_by_name(tmp_path: Path) -> None:
    for path in corrupt_files(tmp_path).values():
        with pytest.raises(WeightsError, match=path.name):
            read_model(path)


def test_weights_of_another_network_say_which_tensor_differs(tmp_path: Path) -> None:
    state = build_model("link-refiner").state_dict()
    state["aspp4.0.weight"] = state["aspp4.0.weight"][:5]
    save_model(tmp_path / "w.safetensors", "link-refiner", state)
    with pytest.raises(WeightsError, match=r"1 tensors differ.*aspp4\.0\.weight.*128.*5"):
        read_model(tmp_path / "w.safetensors")


def test_pickled_code_is_not_run(tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"weight": Touch()}, tmp_path / "bad.pth")
    with pytest.raises(WeightsError):
        read_state(tmp_path / "bad.pth")
    assert not (tmp_path / "ran").exists()
