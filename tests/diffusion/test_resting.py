"""Models that have rested paint what the frame asks for, as if they had just been loaded, and
nothing of what they saw before."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.diffusion.translators import a_room, entered, model_of
from tests.fetched import needs
from tests.waiting import until
from vj.core.frame import Size
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.translator_backend import LOOKED_FOR, TranslatorBackend
from vj.painters.networks import STYLES
from vj.parameters.store import Snapshot, Store
from vj.parameters.table import Value
from vj.pipeline.backend import Backend
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.mixture_travel import PromptTravel
from vj.pipeline.text_book import TextBook
from vj.translator.trackers import Found

BEFORE: dict[str, Value] = {"prompt/a": "gold leaf", "seed/a": 5, "strength": 0.9}
AFTER: dict[str, Value] = {"prompt/a": "ink drawing", "seed/a": 6, "strength": 0.9}


def at(values: dict[str, Value], time: float) -> Snapshot:
    return replace(Store(values).sample(0.0), time=time)


def made(name: str, snapshot: Snapshot) -> Backend:
    # Its own choice is by time: two of them need not compute alike.
    dtype = "float32" if name == "pocket" else "auto"
    spec = ModelSpec(name=name, dtype=dtype)
    return make_backend(spec, "stream", Size(88, 72), snapshot, True, print)


def paint(backend: Backend, room: np.ndarray, snapshot: Snapshot) -> np.ndarray:
    """The picture of one frame, (H, W, 3), in whatever numbers the backend has."""
    context = FrameContext(room, 0, snapshot.time, room)
    given = entered(room) if name_of(backend) != "styles" else room
    image = backend.paint(given, snapshot, context)
    assert image is not None
    if isinstance(image.picture, np.ndarray):
        return image.picture.astype(np.float64)
    return image.picture[0].permute(1, 2, 0).double().numpy()


def name_of(backend: Backend) -> str:
    return backend.name.split()[0]


def until_found(backend: Backend, snapshot: Snapshot) -> None:
    """Have a backend that rests find what a frame will need."""
    book = backend._book  # type: ignore[attr-defined]
    patterns = getattr(backend, "_patterns", None)

    def found() -> bool:
        backend.keep_up(snapshot)
        return snapshot["prompt/a"] in book._known and not (patterns and patterns.pending)

    until(found)


@pytest.mark.parametrize("name", ["drawn", pytest.param("styles", marks=needs(STYLES))])
def test_it_paints_the_present_prompt_and_seed_at_once(
    name: str,
) -> None:
    room = a_room()
    rested, fresh = made(name, at(BEFORE, 0)), made(name, at(AFTER, 0))
    for frame in range(3):
        paint(rested, 255 - room, at(BEFORE, frame / 30))
    rested.rest()
    fresh.rest()  # of the black frames that it was warmed with
    until_found(rested, at(AFTER, 1.0))
    wanted, found = (paint(backend, room, at(AFTER, 60.0)) for backend in (fresh, rested))
    assert np.abs(wanted - found).max() < 1e-6, "no glide, no stale picture, no old seed"
    for backend in (rested, fresh):
        backend.close()


def test_a_prompt_that_is_not_known_yet_is_travelled_to_even_after_a_rest() -> None:
    heard = threading.Event()

    def find(text: str) -> float:
        assert text != "new" or heard.wait(20)
        return {"old": 0.0, "new": 1.0}[text]

    book = TextBook(find, False)
    travel = PromptTravel(book, lambda parts: sum(value * weight for value, weight in parts))
    book.find("old")
    travels: dict[str, Value] = {"prompt/travel": 1.0, "prompt/b": "old"}
    assert travel.of(at(travels | {"prompt/a": "old"}, 0.0)) == 0.0
    travel.cut()
    asked = travels | {"prompt/a": "new"}
    assert travel.of(at(asked, 5.0)) == 0.0, "the old one stands, since there is no other"
    heard.set()
    until(lambda: book.get("new") is not None)
    assert [travel.of(at(asked, time)) for time in (6.0, 6.5, 7.0)] == [0.0, 0.5, 1.0]
    travel.cut()
    assert travel.of(at(travels | {"prompt/a": "old"}, 8.0)) == 0.0, "a known one is there at once"
    book.close()


class Looked:
    """Somebody who is found with the third look."""

    def __init__(self, found: Found) -> None:
        self.looks, self._found = 0, found

    def of(self, image: np.ndarray, time: float) -> Found | None:
        self.looks += 1
        return self._found if self.looks > 2 else None

    def forget(self) -> None:
        self.looks = 0

    def close(self) -> None: ...


def test_while_somebody_is_looked_for_after_a_rest_the_picture_before_stands() -> None:
    room = a_room()
    backend = TranslatorBackend(model_of("lines"), Size(88, 72), True)
    found = np.zeros((72, 88), np.float32)
    looked = Looked(found)  # type: ignore[arg-type]
    backend._found, backend._find = looked, looked.of  # type: ignore[assignment]
    snapshot = at({"strength": 1.0}, 0.0)

    def image(time: float) -> object:
        return backend.paint(entered(room), snapshot, FrameContext(room, 0, time, room))

    first = image(0.0)
    assert first is not None, "one that was just loaded shows its input"
    backend.rest()
    assert image(1.0) is None
    assert image(1.0 + LOOKED_FOR / 2) is None
    assert image(1.0 + 2 * LOOKED_FOR) is not None
    backend.rest()
    looked.looks = -100
    assert image(9.0) is None
    assert image(9.0 + LOOKED_FOR) is not None, "it does not stand for ever"
    assert torch.is_tensor(image(9.5 + LOOKED_FOR).picture)  # type: ignore[attr-defined]
