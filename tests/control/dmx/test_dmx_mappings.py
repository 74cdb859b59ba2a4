"""A channel of a desk as a mapping's control: its range and curve, its half, takeover, and the
show's start when the desk is lost."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.control.dmx.desks import artdmx
from tests.control.harness import ControlHarness
from tests.waiting import until
from vj.control.dmx.sockets import listening
from vj.control.learning import LearnListener
from vj.control.session import ControlSession
from vj.core.clock import WallClock, pause
from vj.core.errors import Fault
from vj.show.dmx_controls import dmx_control
from vj.show.dmx_section import DmxRule
from vj.show.load import check_show, load_show
from vj.show.save import add_mapping


class Desk(ControlHarness):
    """A show whose mappings a desk plays; without the network."""

    def move(self, name: str, raw: float | None) -> None:
        self.engine.on_midi(dmx_control(name), raw, "")

    def after(self, *names: str) -> list[Any]:
        """The parameters after a second, when what glides has arrived."""
        frame = self.play(1.0)[-1]
        return [frame[name] for name in names]


def test_a_channel_plays_a_parameter_over_its_range_and_curve() -> None:
    desk = Desk(
        mappings=[
            {"dmx": "1/12", "to": "strength", "range": [0.2, 0.6]},
            {"dmx": 13, "to": "feedback/amount", "invert": True},
            {"dmx": "1/14+15", "to": "mix/wet", "curve": 2},
        ]
    )
    desk.move("1/12", 255)
    desk.move("13", 255)
    desk.move("1/14+15", 32768)
    wet = (32768 / 65535) ** 2
    assert desk.after("strength", "feedback/amount", "mix/wet") == pytest.approx([0.6, 0, wet])
    desk.move("12", 0)
    assert desk.after("strength") == pytest.approx([0.6]), (
        "of the show's universe, which is none of it"
    )


def test_a_level_is_taken_at_once_and_picked_up_only_where_the_show_says_so() -> None:
    rule: dict[str, Any] = {"dmx": 1, "to": "strength"}
    desk = Desk(mappings=[rule], start={"strength": 0.5})
    desk.move("1", 0)
    assert desk.after("strength") == [0]
    soft = Desk(mappings=[{**rule, "takeover": True}], start={"strength": 0.5})
    soft.move("1", 0)
    assert soft.after("strength") == [0.5]
    soft.move("1", 140)
    assert soft.after("strength") == pytest.approx([140 / 255])


def test_half_of_the_way_is_pressed() -> None:
    desk = Desk(
        mappings=[
            {"dmx": 1, "to": "output/freeze"},
            {"dmx": 2, "to": "similarity", "as": "momentary"},
            {"dmx": 3, "to": "cue/fire", "value": "storm"},
        ],
        cues=[{"name": "storm", "set": {"noise/hold": 0.3}}],
    )
    for raw, pressed in ((127, False), (128, True), (255, True), (127, False)):
        desk.move("1", raw)
        desk.move("2", raw)
        frame = desk.play(1 / 30)[0]
        assert (frame["output/freeze"], frame["similarity"]) == (pressed, float(pressed)), raw
    desk.move("3", 128)
    assert desk.at("noise/hold") == 0.3


def test_what_a_lost_desk_holds_goes_back_and_what_another_hand_has_set_stays() -> None:
    desk = Desk(
        mappings=[{"dmx": 1, "to": "strength"}, {"dmx": 2, "to": "mix/wet"}],
        start={"strength": 0.3, "mix/wet": 0.8},
    )
    desk.move("1", 255)
    desk.move("2", 0)
    desk.play(0.1)
    desk.store.set("mix/wet", 0.4)
    desk.play(0.1)
    desk.move("1", None)
    desk.move("2", None)
    assert desk.after("strength", "mix/wet") == pytest.approx([0.3, 0.4])


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("1/600", "channel 600: a universe has 1 .. 512"),
        ("0", "channel 0: a universe has 1 .. 512"),
        ("0/1", "universe 0: they are 1 .. 63999; the first is Art-Net's 0"),
        ("70000/1", "universe 70000"),
        ("1/12+513", "channel 513"),
        ("12+12", "coarse and fine are one channel"),
        ("cc 12", "write dmx: 12, dmx: 1/12 (universe/channel)"),
        (True, "no such control"),
        (1.5, "no such control"),
    ],
)
def test_a_channel_that_there_is_not_is_a_fault_with_its_line(
    written: object, right: str, tmp_path: Path
) -> None:
    show = tmp_path / "mine.yaml"
    show.write_text(f"mappings:\n  - {{dmx: {written!s}, to: strength}}\n")
    with pytest.raises(Fault) as caught:
        load_show(show)
    assert f"{show}:2" in str(caught.value)
    assert right in str(caught.value)


@pytest.mark.parametrize(
    ("section", "right"),
    [
        ("{universe: 0}", "universes count from 1; 1 is Art-Net's universe 0"),
        ("{lost: hald}", "hold or start after 5 s would be right"),
        ("{lost: start after 2 bars}", "seconds are wanted"),
        ("{artnet: my desk}", "an address of this machine"),
        ("{univers: 2}", "universe"),
    ],
)
def test_faults_of_the_section_have_their_line(section: str, right: str, tmp_path: Path) -> None:
    show = tmp_path / "mine.yaml"
    show.write_text(f"show: mine\ndmx: {section}\n")
    with pytest.raises(Fault) as caught:
        load_show(show)
    assert f"{show}:2" in str(caught.value)
    assert right in str(caught.value)


def test_two_mappings_may_have_one_channel_and_lost_is_read_in_words() -> None:
    show = check_show(
        {"mappings": [{"dmx": "1/1", "to": name} for name in ("strength", "mix/wet")]}, "test"
    )
    assert len(show.mappings) == 2
    assert DmxRule(lost="start after 500 ms").lost.after == 0.5
    assert DmxRule(lost="start").lost.after == 0.0
    assert show.dmx.lost.after is None


def test_a_fader_that_is_learned_is_written_with_its_universe(tmp_path: Path) -> None:
    listener = LearnListener()
    for raw in (0, 100, 200):
        listener.on_midi(dmx_control("3/12"), raw)
    found = listener.found.get_nowait()
    assert found == {"dmx": "3/12"}
    path = tmp_path / "mine.yaml"
    path.write_text("show: mine\n")
    for _ in range(2):
        add_mapping(path, {**found, "to": "strength"})
    assert [rule.dmx for rule in load_show(path).mappings] == [dmx_control("3/12")]


def test_a_desk_on_the_net_moves_a_show_that_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    """One real packet through the session: the port is any free one, since others may run here."""
    show = check_show({"mappings": [{"dmx": "1/2", "to": "strength"}]}, "test")
    desk = Desk(**show.model_dump(include={"start"}))
    messages: list[str] = []
    session = ControlSession(show, desk.store, WallClock(), messages.append)
    monkeypatch.setattr(session.ports.dmx, "_ports", (0, 0))
    session.start()
    try:
        until(lambda: "artnet" in session.ports.dmx.addresses, lambda: str(messages))
        with listening("127.0.0.1", 0) as sender:
            port = session.ports.dmx.addresses["artnet"][1]
            sender.sendto(artdmx(bytes((0, 255))), ("127.0.0.1", port))
            until(
                lambda: desk.store.sample(0.0) and desk.store.get("strength") == 1.0,
                lambda: str(messages),
            )
        assert session.ports.dmx.state == "universe 1: Art-Net from 127.0.0.1"
        assert session.mappings()[0]["control"] == "dmx 1/2"
        until(lambda: session.recent_controls() == {"dmx 1/2": 255.0}, session.recent_controls)
    finally:
        session.stop()


def test_a_fader_of_a_desk_is_learned_in_a_show_that_plays_and_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    written: list[dict[str, Any]] = []

    def write(mapping: dict[str, Any]) -> str:
        written.append(mapping)
        return "written"

    session = ControlSession(
        desk.show,
        desk.store,
        WallClock(),
        lambda text: None,
        write_mapping=write,
    )
    desks = session.ports.dmx
    monkeypatch.setattr(desks, "_ports", (0, 0))
    monkeypatch.setattr("vj.control.dmx.learn_offers.FIRST", 0.0)
    session.start()
    try:
        session.learn("strength")
        until(lambda: "artnet" in desks.addresses)
        with listening("127.0.0.1", 0) as sender:
            levels = cycle(range(0, 256, 2))

            def moved() -> bool:
                packet = artdmx(bytes((0, next(levels))), port_address=2)
                sender.sendto(packet, ("127.0.0.1", desks.addresses["artnet"][1]))
                return bool(written) or pause(0.02) is None

            until(moved)
        assert written == [{"dmx": "3/2", "to": "strength"}]
    finally:
        session.stop()


def test_a_show_without_a_channel_opens_nothing() -> None:
    desk = Desk(mappings=[{"osc": "/a", "to": "strength"}])
    session = ControlSession(desk.show, desk.store, WallClock(), lambda text: None)
    session.start()
    assert session.ports.dmx.addresses == {}
    assert session.ports.dmx._thread is None
    session.stop()
