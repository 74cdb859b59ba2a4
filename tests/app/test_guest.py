"""The show guest: the performer is painted in the looks of what the guest shows, with the picture
model and where it is not installed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fetched import needs, nothing_fetched
from vj.commands.gallery import rendered

RATE = 2.0
PAINTERS = ("arbitrary_predict.onnx", "arbitrary_transform.onnx")


@pytest.mark.parametrize("way", [pytest.param("picture", marks=needs(*PAINTERS)), "built-in"])
def test_guest_paints_the_performer_in_the_guest_s_colours(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "built-in":
        nothing_fetched(monkeypatch)
    pictures = rendered("guest", {"size": "96x96"}, 7.4, RATE)
    colours = np.array([picture.reshape(-1, 3).mean(0) for picture in pictures])
    _, green, blue = colours[round(4 * RATE)]
    assert blue > green + 10, "the harbour is purple"
    _, green, blue = colours[round(7 * RATE)]
    assert green > blue + 10, "the meadow is green"
    before, after = round(4 * RATE), round(6.5 * RATE)
    steps = np.abs(np.diff(colours[before : after + 1], axis=0)).max(axis=1)
    assert steps.max() < 0.6 * np.abs(colours[after] - colours[before]).max(), "no jump"
