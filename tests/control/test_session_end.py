"""A session that ends leaves no device open."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.waiting import PATIENCE, until
from vj.control import session as module
from vj.control.session import ControlSession
from vj.core.clock import FrameClock
from vj.parameters.store import Store
from vj.show.load import check_show


def test_midi_that_is_being_opened_as_the_session_ends_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opening, opened, closed = threading.Event(), threading.Event(), threading.Event()

    class SlowPorts:
        """Devices whose driver takes its time."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            opening.set()
            opened.wait(PATIENCE)

        def start(self) -> None:
            pass

        def adopt(self, mappings: object) -> None:
            pass

        def stop(self, timeout: float) -> None:
            closed.set()

    monkeypatch.setattr(module, "MidiPorts", SlowPorts)
    show = check_show({"midi": {"devices": ["nano"]}}, "here")
    session = ControlSession(
        show, Store({}, show.table()), FrameClock(30.0), print, write_mapping=lambda one: ""
    )
    session.learn("strength")
    assert opening.wait(PATIENCE)
    ending = threading.Thread(target=session.stop)
    ending.start()
    until(lambda: session.learn_state() is None)  # the first thing that ends
    opened.set()
    ending.join(PATIENCE)
    assert closed.is_set()
    assert session.midi is None
