"""Lamps by real datagrams on the loopback interface: how often, how smooth, and what a lamp gets
when the show ends or is saved without it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.shows import ROOT
from tests.waiting import until
from vj.app.live import Performance
from vj.control.dmx import artnet, streaming_acn
from vj.control.dmx.artnet import ArtDmx
from vj.control.dmx.sender import SacnStream, sacn_is_missing
from vj.core.errors import Fault
from vj.core.supervisor import Supervisor
from vj.lights.output import KEEP_ALIVE, PERIOD, LightsOutput, plan_of
from vj.show.lights_section import Destination
from vj.show.load import check_show, load_show

RED = np.full((16, 16, 3), (255, 0, 0), np.uint8)
WHITE = np.full((16, 16, 3), 255, np.uint8)


class Stage:
    """A show's lights, turned by the test on a clock that it moves, and the lamps on a socket."""

    def __init__(self) -> None:
        self.time = 50.0
        self.log: list[str] = []
        self.lamps = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.lamps.bind(("127.0.0.1", 0))
        self.lamps.settimeout(0.0)
        self.to = f"artnet:127.0.0.1:{self.lamps.getsockname()[1]}"
        self.output = LightsOutput(self.log.append, Supervisor(self.log.append), lambda: self.time)
        self.output._box.close()  # no thread of its own

    def use(self, *lights: dict[str, Any]) -> None:
        show = check_show({"lights": [{"to": self.to, **light} for light in lights]}, "test")
        self.output.use(plan_of(show.lights, show.dmx, show.show))
        self.turn(0.0)

    def turn(self, seconds: float, picture: np.ndarray | None = None) -> list[ArtDmx]:
        """What comes of a turn after so much time."""
        self.time += seconds
        self.output.turn(picture)
        return self.received()

    def received(self) -> list[ArtDmx]:
        found: list[ArtDmx] = []
        while True:
            try:
                packet = artnet.read(self.lamps.recv(2000))
            except BlockingIOError:
                return found
            assert isinstance(packet, ArtDmx)
            found.append(packet)


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.lamps.close()


def test_lamps_of_a_universe_go_in_one_packet_and_again_when_nothing_changes(stage: Stage) -> None:
    stage.use(
        {"dmx": 1, "smooth": 0},
        {"dmx": 7, "smooth": 0, "channels": "dim"},
        {"dmx": "3/1", "smooth": 0},
    )
    packets = stage.turn(PERIOD, RED)
    assert [(one.universe, len(one.levels)) for one in packets] == [(1, 8), (3, 4)]
    assert packets[0].levels == bytes((255, 0, 0, 0, 0, 0, 54, 0)), "an even number"
    assert stage.turn(PERIOD, RED) == [], "the same"
    again = stage.turn(KEEP_ALIVE)
    assert [one.levels for one in again] == [one.levels for one in packets]
    assert [one.sequence for one in again] == [one.sequence + 1 for one in packets]


@pytest.mark.parametrize("steps", [3, 30])
def test_a_change_takes_its_time_however_many_pictures_come(stage: Stage, steps: int) -> None:
    stage.use({"dmx": 1, "smooth": "0.3 s"})
    stage.turn(0.0, WHITE)
    seen = [packet.levels[0] for _ in range(steps) for packet in stage.turn(0.3 / steps, WHITE)]
    assert seen == sorted(seen)
    assert seen[-1] == round(255 * 0.9502)
    stage.turn(2.0)
    assert stage.output._lamps[0][0].moving is False, "it comes to rest"


def test_the_amount_is_at_once_and_the_sequence_never_zero(stage: Stage) -> None:
    stage.use({"dmx": 1, "smooth": 0})
    stage.turn(PERIOD, WHITE)
    stage.output.amount = 0.0
    assert [packet.levels for packet in stage.turn(PERIOD)] == [bytes(4)]
    numbers = []
    for step in range(260):
        stage.output.amount = step % 2
        numbers += [packet.sequence for packet in stage.turn(PERIOD)]
    assert 0 not in numbers
    assert max(numbers) == 255


def test_a_saved_show_keeps_what_it_still_has_and_puts_out_what_it_has_not(stage: Stage) -> None:
    stage.use({"dmx": 1}, {"dmx": "2/1"})
    stage.turn(10.0, WHITE)
    stage.time += PERIOD
    stage.use({"dmx": 1}, {"dmx": 11})
    assert stage.output._lamps[0][0].now.min() == 1, "where it was"
    packets = stage.received()
    stage.use({"dmx": 1})
    show = check_show({}, "test")
    stage.output.use(plan_of(show.lights, show.dmx, "test"))
    out = stage.turn(PERIOD)
    assert [(one.universe, set(one.levels)) for one in out] == [(1, {0})] * 3
    assert not packets or {one.universe for one in packets} <= {1, 2}


def test_a_net_that_is_gone_is_told_and_tried_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.use({"dmx": 1, "smooth": 0, "to": "artnet:127.0.0.1"})

    class Unplugged:
        def sendto(self, packet: bytes, target: object) -> None:
            raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(stage.output, "_socket", Unplugged())
    for _ in range(30):
        stage.turn(KEEP_ALIVE / 3, WHITE)
    assert stage.output.failed > 5
    assert 1 <= len(stage.log) <= 3
    assert "artnet:127.0.0.1: cannot be sent (Network is unreachable)" in stage.log[0]


@pytest.mark.skipif(sacn_is_missing(), reason="sacn is not installed: launch.py add sacn")
def test_sacn_is_as_the_standard_says() -> None:
    stream = SacnStream(Destination("sacn"), 258, "Lamps of " + "ö" * 40)
    assert stream.target == ("239.255.1.2", 5568)
    first, last = stream.packet(b"\1\2\3"), stream.packet(bytes(3), ended=True)
    found, end = streaming_acn.read(first), streaming_acn.read(last)
    assert found is not None
    assert end is not None
    assert (found.universe, found.priority, found.levels[:4]) == (258, 100, b"\1\2\3\0")
    assert found.name.startswith("vj: Lamps of ö")
    assert (found.ended, end.ended) == (False, True)
    assert end.sequence == found.sequence + 1
    assert found.cid == end.cid
    again = streaming_acn.read(SacnStream(Destination("sacn"), 1, "Lamps").packet(b""))
    assert again is not None
    assert again.cid != found.cid, "another show is another sender"
    stream.prefer(50)
    behind = streaming_acn.read(stream.packet(b""))
    assert behind is not None
    assert (behind.priority, behind.sequence) == (50, end.sequence + 1)


def test_without_its_library_sacn_is_left_out_and_art_net_plays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.control.dmx.sender.sacn_is_missing", lambda: True)
    stage.use({"dmx": 1, "smooth": 0}, {"dmx": 1, "to": "sacn"})
    assert [packet.levels for packet in stage.turn(1.0, RED)] == [b"\xff\0\0\0"]
    assert stage.log == [
        "lights: to: sacn needs the package sacn: python3 launch.py add sacn; Art-Net needs none"
    ]


@pytest.mark.parametrize(
    ("light", "right"),
    [
        ("{dmx: 511, to: sacn}", "begin at 510 at most"),
        ("{dmx: 1, to: sacn, grid: [200, 1]}", "a universe has 512"),
        ("{dmx: 1+2, to: sacn}", "8 bits a channel; dmx: 1"),
        ("{dmx: 1, to: artnet}", "artnet: to which address?"),
        ("{dmx: 1, to: artnet:desk}", "no address to send to"),
        ("{dmx: 1, to: artnot:10.0.0.1}", "did you mean artnet"),
        ("{dmx: 1, to: sacn:10.0.0.1:7}", "no address to send to"),
        ("{dmx: 1, to: sacn, zone: [0.5, 0, 0.6, 1]}", "beyond the picture"),
        ("{dmx: 1, to: sacn, zone: 3}", "[x, y, width, height]"),
        ("{dmx: 1, to: sacn, grid: 8}", "[8, 1] for a bar of 8 lamps"),
        ("{dmx: 1, to: sacn, channels: rbg}", "rgb"),
        ("{dmx: 1, to: sacn, smooth: 1 bar}", "seconds are wanted"),
        ("{dmx: 40000/1, to: artnet:10.0.0.1}", "Art-Net has 32768"),
        ("{to: sacn}", "dmx"),
        ("{dmx: 1}", "to"),
    ],
)
def test_faults_have_their_line(light: str, right: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"show: mine\nlights:\n  - {light}\n")
    with pytest.raises(Fault) as caught:
        load_show(path)
    assert f"{path}:3" in str(caught.value)
    assert right in str(caught.value)


def test_what_the_manual_shows_is_a_show(tmp_path: Path) -> None:
    blocks = (ROOT / "docs" / "lights.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    assert len(blocks) == 2
    for block in blocks:
        path = tmp_path / "mine.yaml"
        path.write_text(block.partition("```")[0], encoding="utf-8")
        show = load_show(path)
        assert show.lights or (len(show.mappings) > 14 and show.dmx.lost.after == 5)


def test_two_lamps_on_one_channel_are_a_fault_that_names_a_free_one() -> None:
    with pytest.raises(Fault, match=r"another of lights: has 1 \.\. 6; 7 is free"):
        check_show(
            {"lights": [{"dmx": 1, "grid": [2, 1], "to": "sacn"}, {"dmx": "1/4", "to": "sacn"}]},
            "t",
        )
    lights = [
        {"dmx": 1, "to": "sacn"},
        {"dmx": 1, "to": "artnet:10.0.0.1"},
        {"dmx": "2/1", "to": "sacn"},
    ]
    assert len(check_show({"lights": lights}, "test").lights) == 3, "others' channels are others'"


def test_a_show_that_plays_lights_its_lamps_and_puts_them_out(stage: Stage, tmp_path: Path) -> None:
    """The whole way: the picture of a real show, by its own thread, to a lamp; lights/amount; the
    end."""
    show = check_show(
        {
            "source": "testcard",
            "model": "none",
            "size": "64x64",
            "sinks": [],
            "midi": "off",
            "osc": "127.0.0.1:0",
            "page": "off",
            "start": {"strength": 0},
            "lights": [{"dmx": 1, "to": stage.to, "smooth": 0}],
        },
        "test",
    )
    performance = Performance(show, stage.log.append)
    performance.start()
    seen: list[bytes] = []

    def comes(true: Callable[[bytes], bool]) -> None:
        def look() -> bool:
            seen.extend(packet.levels for packet in stage.received())
            return any(true(levels) for levels in seen)

        until(look, lambda: f"{seen[-3:]} {stage.log}")
        seen.clear()

    try:
        comes(lambda levels: max(levels) > 40)
        assert performance.report.status().lights == f"universe 1 to {stage.to}"
        assert performance.session.ports.dmx.own_port() == performance.outputs.lights.port > 0
        performance.store.set("lights/amount", 0.0)
        comes(lambda levels: max(levels) == 0)
        performance.store.set("lights/amount", 1.0)
        comes(lambda levels: max(levels) > 40)
    finally:
        performance.stop()
    assert [packet.levels for packet in stage.received()][-3:] == [bytes(4)] * 3
