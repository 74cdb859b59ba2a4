"""A short run of every fuzzer. The long ones are by hand: `python -m tests.fuzz osc --packets
1000000`."""

from __future__ import annotations

import pytest

from tests.fuzz import extremes, http, osc, shows
from tests.fuzz.failure import Failed
from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.packet import Message
from vj.control.replies import Sender


def test_osc_packets_break_nothing() -> None:
    figures = osc.fuzz(1500, seed=7)
    assert figures.messages > 1000
    assert figures.refused > 500
    assert figures.answers > 100


def test_the_packet_that_breaks_something_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    on_tempo_set = Dispatcher._dispatch

    def fragile(self: Dispatcher, message: Message, sender: Sender) -> None:
        at_once = message.when is None  # else an earlier packet may have brought it
        assert not (at_once and "blackout" in message.address), "out of cheese"
        on_tempo_set(self, message, sender)

    monkeypatch.setattr(Dispatcher, "_dispatch", fragile)
    with pytest.raises(Failed, match=r"(?s)out of cheese.*seed 2.*blackout") as failed:
        osc.fuzz(3000, seed=2)
    assert str(failed.value).count("\n    b'") == 1, "one packet is enough to show it"


def test_edited_shows_play_or_are_refused_with_a_line() -> None:
    figures = shows.fuzz(40, seed=5)
    assert figures.right > 3
    assert figures.edits - figures.right > 10


def test_parameters_at_their_ends_make_a_picture() -> None:
    figures = extremes.fuzz(25, seed=4)
    assert figures.changes > 100


def test_requests_are_answered_or_refused_and_the_page_stands() -> None:
    figures = http.fuzz(100, seed=11)
    assert figures.answered - figures.refused > 5
    assert figures.websockets > 5
