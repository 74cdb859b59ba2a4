"""An audio input is one device with one user: a saved show goes on with the one that is open."""

from __future__ import annotations

from pathlib import Path

from tests.sound import sound_card
from tests.sound.sound_card import Card
from vj.app.setup import start_values
from vj.control.session import ControlSession
from vj.core.clock import WallClock
from vj.parameters.store import Store
from vj.show.schema import Show

card = sound_card.card


def show(depth: float = 0.2, **more: object) -> Show:
    moved = {"to": "strength", "audio": "onset", "depth": depth, **more}
    return Show.model_validate({"source": ["testcard"], "modulators": [moved]})


def session_of(one: Show, messages: list[str]) -> ControlSession:
    store = Store(start_values(one), one.table())
    return ControlSession(one, store, WallClock(), messages.append)


def test_a_save_goes_on_with_the_input_that_is_open(card: Card) -> None:
    messages: list[str] = []
    session = session_of(show(), messages)
    for depth in (0.3, 0.4):
        session.adopt(show(depth))()
    assert card.messages == ["open default 2"]
    assert messages == []
    session.stop()
    assert card.messages == ["open default 2", "close"]


def test_a_save_that_is_refused_leaves_the_input_open(card: Card) -> None:
    messages: list[str] = []
    session = session_of(show(), messages)
    other = show(0.5)
    ready = session.prepare(other, Store(start_values(other), other.table()))
    session.discard(ready)
    assert card.messages == ["open default 2"]
    session.stop()
    assert card.users == 0


def test_an_input_that_is_no_longer_named_is_closed(card: Card) -> None:
    messages: list[str] = []
    session = session_of(show(), messages)
    session.adopt(Show.model_validate({"source": ["testcard"]}))()
    assert card.messages == ["open default 2", "close"]
    session.adopt(show())()
    assert card.messages == ["open default 2", "close", "open default 2"]
    session.stop()


def test_an_input_that_was_not_there_is_tried_again(card: Card) -> None:
    messages: list[str] = []
    card.users = 1  # another program has it
    session = session_of(show(), messages)
    assert any("it counts as silence" in text for text in messages)
    card.users = 0
    session.adopt(show(0.3))()
    assert card.messages == ["open default 2"]
    session.stop()


def test_a_file_is_read_again(card: Card, tmp_path: Path) -> None:
    messages: list[str] = []
    session = session_of(show(input=str(tmp_path / "gone.wav")), messages)
    session.adopt(show(0.3, input=str(tmp_path / "gone.wav")))()
    assert len([text for text in messages if "no such file" in text]) == 2
    assert card.messages == []
    session.stop()
