"""The loss: what it ignores, and which pixels without text it keeps."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from craftlite.train.detector.loss import (
    FEWEST_NEGATIVES,
    NEGATIVES_PER_POSITIVE,
    POSITIVE,
    craft_loss,
    hardest,
    kth_largest,
    map_loss,
)


def empty(height: int = 40, width: int = 40) -> tuple[Tensor, Tensor, Tensor]:
    """Prediction and target of zeros and a weight of ones, each (1, height, width)."""
    return (
        torch.zeros(1, height, width),
        torch.zeros(1, height, width),
        torch.ones(1, height, width),
    )


def test_perfect_maps_cost_nothing() -> None:
    target = torch.rand(3, 2, 24, 32, generator=torch.Generator().manual_seed(0))
    loss = craft_loss(target.permute(0, 2, 3, 1), target, torch.ones(3, 24, 32))
    assert [term.item() for term in loss.values()] == [0, 0, 0]


def test_the_total_is_the_sum_of_the_maps_and_each_reads_its_own_channel() -> None:
    target = torch.zeros(1, 2, 40, 40)
    target[0, 0, :10] = 1
    target[0, 1, :20] = 1
    predicted = target.permute(0, 2, 3, 1).clone()
    predicted[0, :10, :, 0] -= 0.5
    loss = craft_loss(predicted, target, torch.ones(1, 40, 40))
    assert loss["region"].item() == pytest.approx(0.25)
    assert loss["affinity"].item() == 0
    predicted[0, :20, :, 1] -= 0.2
    loss = craft_loss(predicted, target, torch.ones(1, 40, 40))
    assert loss["affinity"].item() == pytest.approx(0.04)
    assert loss["loss"].item() == pytest.approx(0.29)


def test_pixels_without_weight_count_neither_as_text_nor_as_ground() -> None:
    predicted, target, weight = empty()
    target[0, :5] = 1
    predicted[0, :5] = 0.5
    before = map_loss(predicted, target, weight).item()
    weight[0, 20:] = 0
    target[0, 20:25] = 1
    predicted[0, 25:] = 9
    assert map_loss(predicted, target, weight).item() == pytest.approx(before)
    assert before == pytest.approx(0.25)


@pytest.mark.parametrize("text", [0.0, 1.0])
def test_pixels_half_as_sure_pull_half_as_hard(text: float) -> None:
    predicted, target, weight = empty()
    target[:] = text
    predicted[:] = 0.5
    predicted.requires_grad_()
    weight[0, 20:] = 0.5
    weight[0, 39] = 0
    loss = map_loss(predicted, target, weight)
    loss.backward()  # type: ignore[no-untyped-call]
    assert predicted.grad is not None
    sure, half, never = (abs(predicted.grad[0, row]).sum().item() for row in (19, 20, 39))
    if text:  # every pixel of text counts, in its share
        assert loss.item() == pytest.approx(0.25 * (20 + 19 / 2) / 39)
        assert half == pytest.approx(sure / 2)
    else:  # the surer pixels of the ground are the harder ones
        assert loss.item() == pytest.approx(0.25)
        assert half == 0
    assert never == 0


def test_three_of_the_hardest_pixels_without_text_are_kept_for_each_with_text() -> None:
    predicted, target, weight = empty(50, 50)
    # 200 pixels of text, each wrong by 0.1.
    target[0, :4] = 1
    predicted[0, :4] = 0.9
    # Of the 2300 others, 500 are wrong by 0.5, 250 by 0.2 and the rest by 0.01.
    rest = predicted[0, 4:].flatten()
    rest[:] = 0.01
    rest[:500] = 0.5
    rest[500:750] = 0.2
    order = torch.randperm(2300, generator=torch.Generator().manual_seed(0))
    predicted[0, 4:] = rest[order].reshape(46, 50)
    # 600 are kept: the 500 and 100 of the 250.
    expected = 0.1**2 + (500 * 0.5**2 + 100 * 0.2**2) / 600
    assert map_loss(predicted, target, weight).item() == pytest.approx(expected, rel=1e-5)


def test_without_text_the_500_hardest_pixels_are_kept() -> None:
    predicted, target, weight = empty()
    predicted[0].view(-1)[:400] = 0.5
    predicted[0].view(-1)[400:600] = 0.1
    expected = (400 * 0.25 + 100 * 0.01) / 500
    assert map_loss(predicted, target, weight).item() == pytest.approx(expected, rel=1e-5)


def test_faint_scores_of_the_target_count_as_ground() -> None:
    predicted, target, weight = empty()
    target[0, :2] = 0.05
    assert map_loss(predicted, target, weight).item() == pytest.approx(80 * 0.05**2 / 500)
    target[0, :2] = 0.2
    assert map_loss(predicted, target, weight).item() == pytest.approx(0.2**2)


def test_every_picture_mines_its_own_pixels() -> None:
    predicted, target, weight = (torch.cat([part, part]) for part in empty())
    predicted[0] = 0.3
    target[1, :20] = 1
    predicted[1, :20] = 0.8
    alone = [map_loss(predicted[n : n + 1], target[n : n + 1], weight[n : n + 1]) for n in range(2)]
    together = map_loss(predicted, target, weight)
    assert together.item() == pytest.approx(sum(a.item() for a in alone) / 2)
    assert alone[0].item() == pytest.approx(0.09)
    assert alone[1].item() == pytest.approx(0.04)


@pytest.mark.parametrize("text", [0.0, 1.0])
def test_pictures_all_text_all_ground_or_all_ignored_are_finite(text: float) -> None:
    predicted, target, weight = empty(8, 8)
    target[:] = text
    predicted[:] = 0.5
    assert map_loss(predicted, target, weight).item() == pytest.approx(0.25)
    assert map_loss(predicted, target, torch.zeros_like(weight)).item() == 0


def test_the_gradient_reaches_wrong_pixels_only_and_points_the_right_way() -> None:
    target = torch.zeros(1, 2, 40, 40)
    target[:, :, :10] = 1
    predicted = target.permute(0, 2, 3, 1).clone()
    predicted[0, 3, 3, 0] = 0.2
    predicted[0, 30, 30, 1] = 0.7
    predicted.requires_grad_()
    loss = craft_loss(predicted, target, torch.ones(1, 40, 40))["loss"]
    loss.backward()  # type: ignore[no-untyped-call]
    gradient = predicted.grad
    assert gradient is not None
    assert gradient[0, 3, 3, 0] < 0
    assert gradient[0, 30, 30, 1] > 0
    assert torch.count_nonzero(gradient) == 2


# Few values, so that many are equal, and any others.
ERRORS = st.sampled_from([0.0, 0.25, 1.0, 2.0**-140]) | st.floats(0, 2.0**127, width=32)


@given(st.data())
def test_the_kth_largest_is_that_of_sorting(data: st.DataObject) -> None:
    pixels = data.draw(st.integers(1, 12))
    row = st.tuples(
        st.lists(ERRORS, min_size=pixels, max_size=pixels),
        st.sampled_from([1, pixels]) | st.integers(1, pixels),
    )
    rows, places = zip(*data.draw(st.lists(row, min_size=1, max_size=4)), strict=True)
    values, k = torch.tensor(rows, dtype=torch.float32), torch.tensor(places)
    expected = values.sort(dim=1, descending=True).values.gather(1, k[:, None] - 1)[:, 0]
    assert torch.equal(kth_largest(values, k), expected)


@given(
    rows=st.lists(st.lists(ERRORS, min_size=9, max_size=9), min_size=1, max_size=4),
    keep=st.integers(0, 9),
)
def test_the_hardest_are_kept_and_equal_ones_share_their_places(
    rows: list[list[float]], keep: int
) -> None:
    error = torch.tensor(rows, dtype=torch.float32)
    shares = hardest(error, torch.full((len(rows),), keep))
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert torch.allclose(shares.sum(dim=1), torch.tensor(float(keep)))
    for values, kept in zip(error, shares, strict=True):
        of_value = dict(zip(values.tolist(), kept.tolist(), strict=True))
        assert kept.tolist() == [of_value[value] for value in values.tolist()]
        in_order = [of_value[value] for value in sorted(of_value, reverse=True)]
        assert in_order == sorted(in_order, reverse=True)
        assert sum(0 < share < 1 for share in in_order) <= 1


def by_sorting(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """`map_loss` as it reads: a picture at a time, its hardest pixels taken by topk."""
    losses = []
    for scores, wanted, sure in zip(predicted, target, weight, strict=True):
        error = sure * (scores - wanted) ** 2
        text = error[(wanted > POSITIVE) & (sure > 0)]
        ground = error[(wanted <= POSITIVE) & (sure > 0)]
        kept = min(max(NEGATIVES_PER_POSITIVE * len(text), FEWEST_NEGATIVES), len(ground))
        hard = ground.topk(kept).values
        losses.append(sum(part.mean() for part in (text, hard) if len(part)))
    return torch.stack(losses).mean()


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_and_its_gradient_are_those_of_sorting(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    size = (5, 48, 40)
    predicted, target, weight = (torch.rand(size, generator=generator) for _ in range(3))
    # Pictures with no text, with little, much and all of it; with doubt and don't-care regions.
    share = torch.tensor([0.0, 0.05, 0.2, 0.6, 1.0])[:, None, None]
    is_text = torch.rand(size, generator=generator) < share
    target = torch.where(is_text, 0.1001 + 0.89 * target, 0.1 * target)
    weight = torch.where(weight < 0.2, 0, torch.where(weight < 0.5, weight, 1))
    gradients, losses = [], []
    for loss in (map_loss, by_sorting):
        given_scores = predicted.clone().requires_grad_()
        losses.append(loss(given_scores, target, weight))
        losses[-1].backward()  # type: ignore[no-untyped-call]
        assert given_scores.grad is not None
        gradients.append(given_scores.grad)
    assert torch.allclose(losses[0], losses[1], rtol=0, atol=1e-6)
    assert torch.allclose(gradients[0], gradients[1], rtol=0, atol=1e-6)
    assert gradients[1].abs().max() > 1e-4
