"""Memory for models: said before one is prepared; those that rest give way where it is short."""

from __future__ import annotations

import pytest

from tests.app.model_stage import Stage
from vj.app.model_memory import too_large
from vj.core.frame import Size
from vj.core.free_memory import MemoryRoom
from vj.show.load import check_show


def test_how_much_it_takes_is_said_and_what_does_not_fit_is_refused(stage: Stage) -> None:
    stage.with_room(100_000_000, 40_000_000)
    stage.prepare("second")
    assert stage.said("preparing second: about 40 MB of 100 MB that are free")
    stage.with_room(100_000_000, 200_000_000)
    stage.set("model/prepare", "third")
    stage.until_said(
        "third takes about 200 MB, and of 1.0 GB 140 MB may be taken beside what plays; /vj/model "
        "loads it in spite of that; what plays goes on"
    )
    stage.show.until(lambda: stage.performance.store.get("model/prepare") == "")
    assert stage.ready() == ["second"], "nothing gave way in vain"
    stage.choose("third")
    assert stage.said("third takes about 200 MB, and 100 MB are free")
    assert stage.said("model second is let go to make room for third")


def test_the_one_that_has_rested_longest_gives_way(stage: Stage) -> None:
    stage.with_room(100_000_000, 40_000_000)
    stage.prepare("second")
    stage.prepare("third")
    free = iter((30_000_000, 70_000_000, 70_000_000, 70_000_000))
    memory = stage.performance.loader.memory
    memory._room = lambda device: MemoryRoom(next(free) + 300_000_000, 1_000_000_000)
    stage.prepare("fourth")
    assert stage.said("model second is let go to make room for fourth")
    assert stage.made[1].closed
    assert stage.ready() == ["third", "fourth"]


def test_where_memory_becomes_short_models_that_rest_give_way(stage: Stage) -> None:
    stage.prepare("second")
    memory = stage.performance.loader.memory
    memory._room = lambda device: MemoryRoom(100_000_000, 1_000_000_000)
    memory.tidy()
    assert stage.said("model second is let go since memory is short (100 MB are free)")
    assert stage.made[1].closed


def test_what_a_card_will_give_is_said_before_a_model_is_loaded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.app.model_memory.best_device_name", lambda wish: "cuda:0")
    stage.with_room(5_000_000_000, 3_000_000_000)
    stage.choose("second")
    assert stage.said(
        "second takes about 3.0 GB at 64x64 (weights, frames and CUDA graphs), and 5.0 GB of the "
        "card are free"
    )
    assert not stage.said("may not fit")
    stage.with_room(2_000_000_000, 3_000_000_000)
    stage.choose("third")
    assert stage.said("2.0 GB of the card are free; it may not fit: a smaller size: takes less")


def test_a_model_that_is_larger_than_the_card_is_told_from_one_that_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    show = check_show({"model": "large/"}, "here")
    monkeypatch.setattr("vj.app.model_memory.memory_need", lambda *_: 9_000_000_000)
    assert too_large(show, Size(512, 512)) == "", "there is no card here"
    monkeypatch.setattr("vj.app.model_memory.best_device_name", lambda wish: "cuda:0")
    room = MemoryRoom(100, 8_000_000_000)
    monkeypatch.setattr("vj.app.model_memory.room_of", lambda device: room)
    said = "large/ takes about 9.0 GB at 512x512, and the card has 8.0 GB in all; a smaller size:"
    assert too_large(show, Size(512, 512)).startswith(said)
    room = MemoryRoom(100, 10_000_000_000)
    assert too_large(show, Size(512, 512)) == "", "others may be ended"
