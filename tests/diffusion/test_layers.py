"""A second layer of a model paints with its own prompt and noise, and leaves no trace in the
frames."""

from __future__ import annotations

import numpy as np
import pytest

from tests.diffusion.test_resting import at, made, paint
from tests.diffusion.translators import a_room
from tests.fetched import needs
from tests.waiting import until
from vj.painters.networks import STYLES
from vj.parameters.table import Value
from vj.pipeline.backend import Backend, Layered

FRAMES: dict[str, Value] = {"prompt/a": "gold leaf", "seed/a": 5, "strength": 0.9}
BEHIND: dict[str, Value] = {"prompt/a": "ink drawing", "seed/a": 6, "strength": 0.8}


def until_it_paints(backend: Backend, values: dict[str, Value]) -> None:
    """What it needs is found beside the picture: the prompt, whoever is there."""
    room, untouched = a_room(), {**values, "strength": 0.0}

    def paints() -> bool:
        backend.keep_up(at(values, 0))
        came, made = (paint(backend, room, at(one, 0)) for one in (untouched, values))
        return bool(np.abs(came - made).max() > 0.05)

    until(paints)


@pytest.mark.parametrize("name", ["drawn", "pocket", pytest.param("styles", marks=needs(STYLES))])
def test_what_it_paints_leaves_no_trace_in_the_frames(name: str) -> None:
    room, films = a_room(), []
    for layered in (False, True):
        backend = made(name, at(FRAMES, 0))
        assert isinstance(backend, Layered)
        film, layer = [], backend.layer() if layered else None
        until_it_paints(backend, FRAMES)
        if layer is not None:
            until_it_paints(layer, BEHIND)
        for turn in range(3):
            film.append(paint(backend, room, at(FRAMES, turn / 24)))
            if layer is not None:
                behind = paint(layer, 255 - room, at(BEHIND, turn / 24))
        films.append(film)
        if layer is not None:
            layer.close()
        backend.close()
    for one, two in zip(*films, strict=True):
        assert np.array_equal(one, two)
    assert np.abs(behind - films[0][-1]).max() > 0.05, "it is another picture"
