"""What objects hold comes back as it was, in objects that were made anew."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from vj.core import object_state
from vj.core.errors import Fault
from vj.core.object_state import restore, saved


class Held:
    """Anything, in its attributes."""

    def __init__(self, **what: Any) -> None:
        self.__dict__.update(what)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Slotted:
    __slots__ = ("__hidden", "seen")

    def __init__(self, seen: int) -> None:
        self.seen = seen
        self.__hidden = seen + 1

    def hidden(self) -> int:
        return self.__hidden


@dataclass(frozen=True)
class Frozen:
    numbers: tuple[int, ...]


class Point(NamedTuple):
    x: int
    y: float


class Way(Enum):
    LEFT = "left"


CONSTANT = Frozen((0,))


def own(thing: object) -> bool:
    return type(thing).__module__ == __name__


def again(held: object, fresh: object) -> None:
    restore(saved({"it": held}, own), {"it": fresh}, own)


def test_every_kind_of_value_comes_back() -> None:
    done: Future[int] = Future()
    done.set_result(5)
    values = {
        "numbers": [1, 2.5, float("inf"), True, None, "text", b"\x00\xff"],
        "point": Point(3, 0.1 + 0.2),
        "ways": {Way.LEFT: {1, 2}, (1, "a"): frozenset({3})},
        "ordered": OrderedDict([("b", 1), ("a", 2)]),
        "queue": deque([1, 2], maxlen=3),
        "path": Path("a/b"),
        "half": np.float16(0.1),
        "slotted": Slotted(4),
        "frozen": Frozen((1, 2)),
        "none": np.empty((0, 3), np.float32),
        "future": done,
    }
    fresh = Held(slotted=Slotted(0), more=1)
    again(Held(**values), fresh)
    got = vars(fresh)
    assert got.pop("future").result() == 5
    assert (got["slotted"].seen, got.pop("slotted").hidden()) == (4, 5)
    assert got["queue"].maxlen == 3
    assert type(got["half"]) is np.float16
    assert got.pop("none").shape == (0, 3)
    assert got == {name: values[name] for name in got}
    assert set(got) | {"future", "slotted", "none"} == set(values), "and what was new is gone"


def test_what_shares_memory_shares_it_again() -> None:
    picture = np.arange(24.0).reshape(4, 6)
    held = Held(
        picture=picture,
        part=picture[1:, ::-2],
        tensor=torch.from_numpy(picture).T,
        same=picture,
        apart=picture.copy(),
    )
    fresh = Held()
    again(held, fresh)
    assert np.array_equal(fresh.part, held.part)
    assert fresh.same is fresh.picture
    fresh.picture[1, 5] = -1
    assert fresh.part[0, 0] == fresh.tensor[5, 1] == -1
    assert fresh.apart[1, 5] == picture[1, 5]


def test_random_numbers_go_on() -> None:
    held = Held(
        of_torch=torch.Generator().manual_seed(3),
        of_numpy=np.random.default_rng(4),
        other=np.random.Generator(np.random.MT19937(5)),
    )
    torch.rand(7, generator=held.of_torch), held.of_numpy.random(3), held.other.random(2)
    fresh = Held(of_torch=torch.Generator())
    again(held, fresh)
    assert torch.equal(
        torch.rand(4, generator=held.of_torch), torch.rand(4, generator=fresh.of_torch)
    )
    for name in ("of_numpy", "other"):
        assert getattr(held, name).random() == getattr(fresh, name).random()


def test_objects_that_are_there_are_filled_and_constants_are_not() -> None:
    inner, lock = Held(count=1), threading.Lock()
    fresh = Held(inner=inner, lock=lock, way=CONSTANT, call=print)
    held = Held(inner=Held(count=9), lock=threading.Lock(), way=Frozen((8,)), call=len)
    held.inner.back = held
    again(held, fresh)
    assert fresh.inner is inner
    assert (inner.count, inner.back) == (9, fresh)
    assert (fresh.lock, fresh.call) == (lock, print), "what cannot be written is left"
    assert (fresh.way.numbers, CONSTANT.numbers) == ((8,), (0,))
    again(Held(way=CONSTANT), fresh)
    assert fresh.way is CONSTANT, "others may ask whether it is this one"


def test_a_picture_that_is_the_same_stays_the_very_one() -> None:
    """A source may be known by the array that it gives."""
    shown = np.ones((2, 2))
    fresh = Held(shown=shown, other=np.zeros(2))
    again(Held(shown=np.ones((2, 2)), other=np.ones(2)), fresh)
    assert fresh.shown is shown
    assert fresh.other.tolist() == [1, 1]


def test_tensors_of_a_card_are_written_into_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Graphs that were recorded know their addresses. The card is stood in for by the host."""
    monkeypatch.setattr(object_state, "HOST", "another")
    there, number = torch.zeros(2, 3, dtype=torch.float16), torch.tensor(4.0)
    fresh = Held(there=there, number=torch.tensor(0.0), grown=torch.zeros(1))
    grown = torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)
    tenth = torch.full((2, 3), 0.1, dtype=torch.float16)
    one = torch.full((1, 52), 0.5).T[:1]  # one number of many
    held = Held(there=tenth, number=number, grown=grown, none=torch.empty(0, 4), one=one)
    again(held, fresh)
    assert fresh.there is there
    assert torch.equal(there, tenth)
    assert fresh.number == 4
    assert torch.equal(fresh.grown, grown)
    assert fresh.grown.stride() == grown.stride(), "in its own order"
    assert fresh.none.shape == (0, 4)
    assert fresh.one.tolist() == [[0.5]]


def test_what_fits_nothing_is_a_fault() -> None:
    raw = saved({"it": Held(lock=threading.Lock())}, own)
    with pytest.raises(Fault, match="something was made while it was rendered"):
        restore(raw, {"it": Held()}, own)
    with pytest.raises(Fault, match="cannot be taken up"):
        restore(raw[:-30], {"it": Held(lock=1)}, own)
