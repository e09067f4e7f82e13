"""Bootstrap intervals: against what is known of simple cases."""

import numpy as np
import pytest

from craftlite.evaluate.bootstrap import hmeans, interval
from craftlite.evaluate.score import Tally


def test_pictures_that_are_all_alike_leave_no_doubt() -> None:
    values = hmeans([Tally(2, 2, 1, 1)] * 5)
    assert interval(values) == (0.5, 0.5)


def test_the_interval_is_that_of_a_mean_of_independent_pictures() -> None:
    # One word and one detection a picture: H-mean is the share of hits, a binomial proportion.
    tallies = [Tally(1, 1, hit, hit) for hit in [1.0] * 60 + [0.0] * 40]
    low, high = interval(hmeans(tallies))
    spread = 1.96 * np.sqrt(0.6 * 0.4 / 100)
    assert low == pytest.approx(0.6 - spread, abs=0.015)
    assert high == pytest.approx(0.6 + spread, abs=0.015)


def test_pairing_takes_out_what_both_share() -> None:
    rng = np.random.default_rng(0)
    hits = rng.random(100) < 0.5
    one = [Tally(2, 2, float(hit), float(hit)) for hit in hits]
    other = [Tally(2, 2, float(hit) + 0.2, float(hit) + 0.2) for hit in hits]
    assert interval(hmeans(other) - hmeans(one)) == pytest.approx((0.1, 0.1))
    low, high = interval(hmeans(one))
    assert high - low > 0.05


def test_no_pictures_and_nothing_found() -> None:
    assert interval(hmeans([])) == (0, 0)
    assert interval(hmeans([Tally(3, 0, 0, 0)] * 4)) == (0, 0)
