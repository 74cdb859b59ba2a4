"""Work beside the picture, of which the newest is done."""

from __future__ import annotations

import threading

from tests.waiting import until
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker


def test_the_newest_is_done_and_what_came_in_between_is_passed_over() -> None:
    done: list[int] = []
    begun, gate = threading.Event(), threading.Event()

    def do(item: int) -> None:
        begun.set()
        gate.wait(20)
        done.append(item)

    supervisor = Supervisor(print)
    worker = NewestWorker(supervisor, "counting", do)
    assert not supervisor.threads, "it begins with the first"
    worker.put(0)
    assert begun.wait(20)
    for item in (1, 2, 3):
        worker.put(item)
    gate.set()
    until(lambda: 3 in done)
    assert done == [0, 3]
    worker.close()
    worker.put(4)
    until(lambda: not supervisor.threads)
    assert 4 not in done


def test_one_that_fails_goes_on_with_the_next() -> None:
    said: list[str] = []
    done: list[int] = []

    def do(item: int) -> None:
        done.append(1 // item)

    worker = NewestWorker(Supervisor(said.append), "dividing", do)
    worker.put(0)
    until(lambda: bool(said))
    until(lambda: (worker.put(1), bool(done))[1])
    worker.close()
    assert "dividing" in said[0]
