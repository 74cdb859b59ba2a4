"""Memory for models: said before one is prepared; those that rest give way where it is short."""

from __future__ import annotations

from tests.app.model_stage import Stage
from vj.core.free_memory import MemoryRoom


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
