"""Where nothing of the past is left: a part of a film that begins there is as in the whole one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest

from tests.scenes import Scene
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.packed import rgb_of
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.store import Store
from vj.parameters.table import TABLE, Value
from vj.pipeline import past
from vj.pipeline.backend import Backend, PassThrough
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.frame_range import RUN_IN
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.past import Places

SIZE, FPS = Size(32, 32), 10
FROM = 3
PLACE = FROM + RUN_IN
CLEAR: dict[str, Value] = {"prompt/a": "gold", **past.GOES_ON, **past.LASTS}  # type: ignore[dict-item]
SCENE = Scene(1, SIZE)


def test_every_parameter_says_whether_it_leaves_something() -> None:
    assert not past.UNDECLARED, (
        f"{', '.join(past.UNDECLARED)}: say in vj/pipeline/past.py what pictures leave behind with "
        "it: GOES_ON, LASTS, CHANGES, FOR_GOOD, or RUN_AHEAD where nothing"
    )
    groups = [set(past.GOES_ON), set(past.LASTS), set(past.CHANGES), set(past.FOR_GOOD)]
    assert sum(map(len, groups)) + len(past.RUN_AHEAD) == len(TABLE.rows)


def others(name: str) -> Iterator[Value]:
    """Values that a parameter might have in place of its start."""
    row = TABLE.rows[name]
    if row.kind == "bool":
        yield not row.start
    elif row.choices:
        yield from (choice for choice in row.choices if choice != row.start)
    elif row.kind in ("float", "int"):
        start, low, high = float(row.start), float(row.low), float(row.high)
        value = start + ((high if start != high else low) - start) * 0.5
        yield round(value) if row.kind == "int" else value


def played(
    backend: Backend, values: Mapping[str, Value], first: int, frames: int, scene: int = 10**6
) -> tuple[np.ndarray, Places]:
    """The last picture, and what was found of the frames before `first`, which pass by. scene: the
    frame that begins another one."""
    pipeline = FramePipeline(SIZE, "crop", Metrics(), lambda text: None, live=False)
    pipeline.exchange(backend)
    store, places = Store(dict(values)), Places()
    for number in range(frames):
        pixels = (SCENE if number < scene else Scene(2, SIZE)).at(number)
        frame, snapshot = Frame(pixels, number, number / FPS), store.sample(number / FPS)
        if number < first:
            context = pipeline.pass_by(frame, snapshot)
            places.look(number, snapshot, context, backend)
        else:
            shown = pipeline.process(frame, snapshot)
    picture = np.zeros(0, np.uint8) if first >= frames else rgb_of(shown.picture).copy()
    pipeline.release_backend()
    return picture, places


def apart(make: type[PassThrough] | None, values: Mapping[str, Value]) -> int:
    """By how much the picture at that place is another one in a part that begins there."""

    def backend() -> Backend:
        if make is not None:
            return make(SIZE)
        spec = ModelSpec("pocket", dtype="float32")
        return make_backend(spec, "stream", SIZE, Store().sample(0.0), False, lambda text: None)

    whole, _ = played(backend(), values, 0, PLACE + 1)
    found, _ = played(backend(), values, FROM, PLACE + 1)
    return int(np.abs(whole.astype(int) - found).max())


def clear(values: Mapping[str, Value]) -> bool:
    """The place is said to be clear."""
    _, places = played(PassThrough(SIZE), values, PLACE + 1, PLACE + 1)
    return PLACE in places.clear


TRIED = [name for name in sorted(past.RUN_AHEAD) if list(others(name))]


def test_where_it_is_clear_nothing_is_left_whatever_is_played() -> None:
    assert clear(CLEAR)
    for name in TRIED:
        value = next(others(name))
        assert apart(PassThrough, {**CLEAR, name: value}) == 0, (name, value)


@pytest.mark.long
@pytest.mark.parametrize("share", range(8))
def test_nor_in_the_built_in_model(share: int) -> None:
    for name in TRIED[share::8]:
        for value in others(name):
            assert apart(PassThrough, {**CLEAR, name: value}) == 0, (name, value)
            assert apart(None, {**CLEAR, name: value}) == 0, (name, value)
            assert clear({**CLEAR, name: value}), (name, value)


@pytest.mark.parametrize(
    ("name", "value"), [("feedback/amount", 0.8), ("blend/smoothing", 0.9), ("noise/hold", 0.5)]
)
def test_where_something_is_left_it_is_not_clear(name: str, value: Value) -> None:
    values = {**CLEAR, name: value}
    assert apart(None, values) > 0
    assert not clear(values)


def test_hard_cuts_are_places_and_what_lasts_ends_there() -> None:
    backend = PassThrough(SIZE)
    _, places = played(backend, {**CLEAR, "feedback/amount": 0.5}, 20, 20, scene=9)
    assert (places.cuts, places.clear) == ([9], [])
    assert places.before(8) == 0
    assert places.before(15) == 9
    assert "feedback/amount" in places.kept


def looked(values: Mapping[str, Value], backend: Backend, walk: bool = False) -> Places:
    """What is found of a film with a hard cut before frame 12, whose frame 5 has these values."""
    places, context = Places(), FrameContext.black(SIZE, ())
    picture = context.image
    step = WalkStep(picture, picture, 0.5) if walk else None
    for number in range(20):
        played = {**CLEAR, **(values if number == 5 else {})}
        snapshot = Store(played).sample(number / FPS)
        one = replace(context, number=number, scene=number >= 12, walk=step)
        places.look(number, snapshot, one, backend)
    return places


@pytest.mark.parametrize(
    ("values", "walk", "words"),
    [
        ({"walk/even": 1}, True, "walk/even"),
        ({"image/from": "output"}, False, "image/from output"),
    ],
)
def test_where_what_was_painted_leads_nothing_is_cut_any_more(
    values: Mapping[str, Value], walk: bool, words: str
) -> None:
    places = looked(values, PassThrough(SIZE), walk)
    assert words in places.lost
    assert (places.cuts, places.clear) == ([], [])
    assert looked({}, PassThrough(SIZE), walk).cuts == [12]


def test_a_walk_by_the_clock_is_cut() -> None:
    assert not looked({"walk/even": 1}, PassThrough(SIZE)).lost, "no walk is on a deck"


def test_a_model_says_what_stays_in_it() -> None:
    model = make_backend(
        ModelSpec("drawn", dtype="float32"), "stream", SIZE, Store().sample(0.0), False, print
    )
    assert looked({}, model).cuts == [12]
    model.keeps = "for good"  # type: ignore[attr-defined]
    assert "dreams on" in looked({}, model).lost
    model.keeps = "till a cut"  # type: ignore[attr-defined]
    assert looked({}, model).clear == []
    model.close()


def test_before_a_hard_cut_nobody_is_looked_for() -> None:
    """In frames that pass by: the mask after it is the same."""
    values = {**CLEAR, "mask/mode": "person", "mask/steady": 0.9, "mask/feather": 0}
    cut, frames = 9, 14

    def masks(first: int) -> tuple[list[np.ndarray], list[int]]:
        asked: list[int] = []

        def bright(image: np.ndarray) -> np.ndarray:
            asked.append(number)
            return image[..., 1].astype(np.float32) / 255

        pipeline = FramePipeline(SIZE, "crop", Metrics(), lambda text: None, bright, live=False)
        pipeline.exchange(PassThrough(SIZE))
        store, found = Store(values), []
        for number in range(frames):
            pixels = (SCENE if number < cut else Scene(2, SIZE)).at(number)
            frame, snapshot = Frame(pixels, number, number / FPS), store.sample(number / FPS)
            if number < first:
                pipeline.pass_by(frame, snapshot, None, number >= cut)
            elif (mask := pipeline.process(frame, snapshot).context.mask) is not None:
                found.append(mask)
        pipeline.close()
        return found[-(frames - cut) :], asked

    (whole, _), (found, asked) = masks(0), masks(cut - 2)
    assert asked == list(range(cut - 2, frames))
    assert len(found) == frames - cut
    assert all(map(np.array_equal, whole, found))
    assert any(not np.array_equal(one, found[0]) for one in found[1:])
