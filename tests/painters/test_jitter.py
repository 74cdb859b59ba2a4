"""Seeds of painters: a faint grain that lies still, mixes with its variance kept, or boils."""

from __future__ import annotations

import numpy as np
import pytest

from vj.painters.jitter import AMOUNT, Jitter
from vj.parameters.store import Snapshot, Store


def asked(**values: object) -> Snapshot:
    return Store({name.replace("_", "/"): value for name, value in values.items()}).sample(0.0)  # type: ignore[misc]


def correlation(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), two.ravel())[0, 1])


def test_a_seed_is_the_same_grain_every_frame_and_in_every_run() -> None:
    jitter = Jitter(96, 128)
    snapshot = asked(seed_a=7)
    assert np.array_equal(jitter.at(snapshot), jitter.at(snapshot))
    assert np.array_equal(jitter.at(snapshot), Jitter(96, 128).at(snapshot))
    assert abs(correlation(jitter.at(snapshot), jitter.at(asked(seed_a=8)))) < 0.1


@pytest.mark.parametrize("mix", [0.0, 0.3, 0.5, 1.0])
def test_between_two_seeds_the_grain_is_as_strong_as_they_are(mix: float) -> None:
    grain = Jitter(96, 128).at(asked(seed_a=1, seed_b=2, seed_mix=mix))
    assert grain.std() == pytest.approx(AMOUNT, rel=0.12)


def test_the_way_between_two_seeds_begins_at_one_and_ends_at_the_other() -> None:
    jitter = Jitter(96, 128)
    one, two = jitter.at(asked(seed_a=1)), jitter.at(asked(seed_a=2))
    near = [
        correlation(jitter.at(asked(seed_a=1, seed_b=2, seed_mix=mix / 4)), one) for mix in range(5)
    ]
    assert near == sorted(near, reverse=True)
    assert np.array_equal(jitter.at(asked(seed_a=1, seed_b=2, seed_mix=1.0)), two)


def test_it_boils_where_noise_hold_is_below_one_and_keeps_its_strength() -> None:
    jitter, snapshot = Jitter(96, 128), asked(noise_hold=0.8)
    frames = [jitter.at(snapshot).copy() for _ in range(60)]
    assert correlation(frames[-2], frames[-1]) == pytest.approx(0.8, abs=0.1)
    assert abs(correlation(frames[0], frames[-1])) < 0.15
    assert frames[-1].std() == pytest.approx(AMOUNT, rel=0.15)
    again = Jitter(96, 128)
    assert np.array_equal([again.at(snapshot).copy() for _ in range(60)][-1], frames[-1])
