"""The profile of a network: products, and milliseconds of each kind of operator."""

import pytest

from craftlite.model.cost import cost
from craftlite.weights import find_weights
from tools.profile_network import main, profile


@pytest.mark.parametrize("name", ["craftlite-small", "craftlite-small-int8"])
def test_all_products_are_counted(name: str) -> None:
    weights = find_weights(name)
    assert weights.onnx is not None
    costs = profile(weights.onnx, (128, 96), 1)
    expected = cost("craftlite-small-v2", 128, 96).macs
    assert sum(one.products for one in costs.values()) == pytest.approx(expected, rel=0.01)
    assert all(one.milliseconds >= 0 and one.bytes > 0 for one in costs.values())
    in_integers = {kind for kind, integers in costs if integers}
    assert ("convolutions, 1x1" in in_integers) == (name == "craftlite-small-int8")


def test_a_table_has_a_column_for_each_setting(capsys: pytest.CaptureFixture[str]) -> None:
    main(["craftlite-small", "--sizes", "64x64", "96x64", "--threads", "1"])
    head, line, *rows = capsys.readouterr().out.split("\n\n")[2].splitlines()
    assert head.split(" | ")[1:3] == ["64x64, 1", "96x64, 1"]
    assert all(row.count("|") == head.count("|") == line.count("|") for row in rows)
