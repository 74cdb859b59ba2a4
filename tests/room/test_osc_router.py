"""One OSC port for a room: a message goes to the piece that it names, or to all, and what a piece
answers comes back with its name."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until
from vj.control.osc.packet import pack, unpack
from vj.room.osc_router import OscRouter
from vj.room.osc_split import DEEPEST, prefixed, split
from vj.room.strangers import Strangers
from vj.show.load import check_show

HOST = "127.0.0.1"
NAMES = ["left", "lamp", "right"]


def got(packet: bytes) -> dict[str, list[tuple[str, tuple[Any, ...]]]]:
    """What each piece gets of a datagram, read again."""
    return {
        name: [(one.address, one.arguments) for one in unpack(part).messages]
        for name, part in split(packet, NAMES).items()
    }


def bundle(*elements: bytes, when: int = 1) -> bytes:
    return b"".join(
        (
            b"#bundle\0",
            struct.pack(">Q", when),
            *(struct.pack(">i", len(one)) + one for one in elements),
        )
    )


@pytest.mark.parametrize(
    ("address", "to", "names"),
    [
        ("/vj/left/strength", "/vj/strength", "left"),
        ("/vj/left/feedback/amount", "/vj/feedback/amount", "left"),
        ("/vj/strength", "/vj/strength", "left lamp right"),
        ("/vj/panic", "/vj/panic", "left lamp right"),
        ("/vj/feedback/amount", "/vj/feedback/amount", "left lamp right"),
        ("/vj/*/strength", "/vj/strength", "left lamp right"),
        ("/vj/l*/strength", "/vj/strength", "left lamp"),
        ("/vj/{left,right}/prompt/a", "/vj/prompt/a", "left right"),
        ("/vj/{feedback,zoom}/amount", "/vj/{feedback,zoom}/amount", "left lamp right"),
        ("/vj/left/*/amount", "/vj/*/amount", "left"),
        ("/left/1/fader1", "/1/fader1", "left"),
        ("/1/fader1", "/1/fader1", "left lamp right"),
        ("/vj/*", "/vj/*", "left lamp right"),
        ("/vj/left", "", ""),
        ("/vj/left/", "", ""),
    ],
)
def test_an_address_means_one_piece_some_or_all(address: str, to: str, names: str) -> None:
    packet = pack(address, [0.5, "two", 3])
    assert got(packet) == {name: [(to, (0.5, "two", 3))] for name in names.split()}


def test_a_bundle_is_parted_and_keeps_its_time() -> None:
    packet = bundle(
        pack("/vj/left/strength", [0.25]),
        bundle(pack("/vj/right/seed", [4]), pack("/vj/left/seed", [5]), when=2 << 32),
        pack("/vj/freeze", [1]),
        when=1 << 32,
    )
    assert got(packet) == {
        "left": [("/vj/strength", (0.25,)), ("/vj/seed", (5,)), ("/vj/freeze", (1,))],
        "lamp": [("/vj/freeze", (1,))],
        "right": [("/vj/seed", (4,)), ("/vj/freeze", (1,))],
    }
    assert all(part[8:16] == packet[8:16] for part in split(packet, NAMES).values())


def test_an_address_below_vj_that_no_show_has_is_nobodys() -> None:
    strange: list[str] = []
    packet = bundle(pack("/vj/lefft/strength", [0.5]), pack("/vj/left/seed", [5]))
    known = {"feedback/amount", "strength"}.__contains__
    parts = split(packet, NAMES, known, strange)
    assert [unpack(part).messages[0].address for part in parts.values()] == ["/vj/seed"]
    assert (list(parts), strange) == (["left"], ["/vj/lefft/strength"])
    for meant in ("/vj/feedback/amount", "/vj/strength", "/1/fader1", "/vj/{a,b}/amount"):
        assert len(split(pack(meant, [0.5]), NAMES, known)) == 3


DAMAGED = {
    "nothing": b"",
    "no OSC": b"x",
    "a bundle's first word": b"#bundle",
    "an address without an end": b"/" + 2000 * b"x",
    "a bundle of no messages": bundle(b"abcd"),
    "a bundle that is cut short": bundle(b"/a") + b"\1",
}


@pytest.mark.parametrize("packet", DAMAGED.values(), ids=DAMAGED)
def test_what_is_damaged_is_nobodys(packet: bytes) -> None:
    assert split(packet, NAMES) == {}
    assert unpack(prefixed(packet, "left")).messages == []


def test_of_a_bundle_with_something_damaged_the_rest_arrives() -> None:
    packet = bundle(b"/" + 7 * b"x", pack("/vj/left/strength", [0.25]))
    assert got(packet) == {"left": [("/vj/strength", (0.25,))]}


def test_bundles_in_bundles_end_somewhere() -> None:
    packet = pack("/vj/strength", [1.0])
    for _ in range(DEEPEST + 1):
        packet = bundle(packet)
    assert split(packet, NAMES) == {}


def test_what_a_piece_says_bears_its_name() -> None:
    said = bundle(pack("/vj/status/fps", [24.0]), pack("/1/fader1", [0.5]), when=3 << 32)
    assert prefixed(said, "left")[:16] == said[:16]
    assert [one.address for one in unpack(prefixed(said, "left")).messages] == [
        *("/vj/left/status/fps", "/left/1/fader1")
    ]


class Heard:
    """A socket that hears OSC, as a piece or a tablet."""

    def __init__(self) -> None:
        self.link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.link.bind((HOST, 0))
        self.link.settimeout(60)
        self.port: int = self.link.getsockname()[1]
        self.sender: Any = None

    def next(self) -> tuple[str, tuple[Any, ...]]:
        packet, self.sender = self.link.recvfrom(65536)
        (message,) = unpack(packet).messages
        return message.address, message.arguments

    def send(self, port: int, address: str, *values: Any) -> None:
        self.link.sendto(pack(address, values), (HOST, port))

    def answer(self, address: str, *values: Any) -> None:
        """To whom the last message came from."""
        self.link.sendto(pack(address, values), self.sender)


class Wired:
    """A router between two pieces and two tablets."""

    def __init__(self) -> None:
        self.pieces = {"left": Heard(), "right": Heard()}
        self.one, self.other = Heard(), Heard()
        self.gone: set[str] = set()
        self.said: list[str] = []
        self.shows: list[Path] = []
        self.router = OscRouter(
            (HOST, 0),
            list(self.pieces),
            lambda name: None if name in self.gone else self.pieces[name].port,
            lambda address, arguments: [("/vj/room/status/left", ["playing", *arguments])],
            self.said.append,
            lambda: self.shows,
        )
        self.router.start()
        self.port = self.router.address[1]

    def close(self) -> None:
        self.router.stop()
        for heard in (*self.pieces.values(), self.one, self.other):
            heard.link.close()


@pytest.fixture
def wired() -> Iterator[Wired]:
    made = Wired()
    yield made
    made.close()


def test_each_sender_gets_its_own_answers_with_the_pieces_name(wired: Wired) -> None:
    left = wired.pieces["left"]
    wired.one.send(wired.port, "/vj/left/strength")
    assert left.next() == ("/vj/strength", ())
    first = left.sender
    wired.other.send(wired.port, "/vj/left/seed")
    assert left.next() == ("/vj/seed", ())
    assert left.sender != first
    left.answer("/vj/seed", 7)
    left.link.sendto(pack("/vj/strength", [0.5]), first)
    assert wired.one.next() == ("/vj/left/strength", (0.5,))
    assert wired.other.next() == ("/vj/left/seed", (7,))
    assert wired.one.sender == (HOST, wired.port), "a tablet hears from where it sends to"


def test_who_subscribes_at_a_port_of_its_own_hears_there_also_after_a_piece_has_died(
    wired: Wired,
) -> None:
    wired.one.send(wired.port, "/vj/subscribe", wired.other.port)
    for name, piece in wired.pieces.items():
        assert piece.next() == ("/vj/subscribe", ()), "the port is the room's matter"
        piece.answer("/vj/strength", 0.25)
        assert wired.other.next() == (f"/vj/{name}/strength", (0.25,))
    left = wired.pieces["left"]
    wired.router.started_again("left")
    assert left.next() == ("/vj/subscribe", ())
    wired.one.send(wired.port, "/vj/left/unsubscribe", wired.other.port)
    assert left.next() == ("/vj/unsubscribe", ())
    wired.router.started_again("left")
    wired.one.send(wired.port, "/vj/left/seed", 3)
    assert left.next() == ("/vj/seed", (3,)), "and is not subscribed again"


def test_one_piece_that_is_gone_does_not_keep_the_others_from_playing(wired: Wired) -> None:
    wired.gone.add("left")
    wired.one.send(wired.port, "/vj/strength", 0.75)
    assert wired.pieces["right"].next() == ("/vj/strength", (0.75,))


def test_a_piece_that_there_is_not_is_told_once_with_those_that_there_are(
    wired: Wired, tmp_path: Path
) -> None:
    for value in (0.1, 0.2, 0.3):  # a fader of which every place comes
        wired.one.send(wired.port, "/vj/lefft/strength", value)
    wired.one.send(wired.port, "/vj/left/strength", 0.25)
    words = (
        "/vj/lefft/strength: no piece is called lefft; did you mean left? (there are left, right)"
    )
    assert wired.one.next() == ("/vj/error", (words,))
    assert wired.pieces["left"].next() == ("/vj/strength", (0.25,)), "and got nothing before"
    wired.other.send(wired.port, "/vj/lefft/strength", 0.1)
    assert wired.other.next() == ("/vj/error", (words,)), "each who sends it is told"
    assert wired.said == [f"OSC from {HOST}:{wired.one.port}: {words}"]
    for wrong, words in (
        ("/vj/left", "/vj/left: is a piece; /vj/left/strength would be right"),
        ("/vj/strenght", "/vj/strenght: no show has this address; did you mean /vj/strength?"),
        (
            "/vj/noise/hlod",
            "/vj/noise/hlod: no show has this address; did you mean /vj/noise/hold?",
        ),
        ("/vj/steps/2", "/vj/steps/2: no show has this address; did you mean /vj/steps?"),
    ):
        wired.one.send(wired.port, wrong, 0.5)
        assert wired.one.next() == ("/vj/error", (words,))
    wired.shows.append(tmp_path / "own.yaml")
    wired.shows[0].write_text("mappings: [{osc: /vj/lefft/strength, to: steps}]")
    wired.one.send(wired.port, "/vj/lefft/strength", 0.5)
    assert wired.pieces["right"].next() == ("/vj/lefft/strength", (0.5,)), "a show maps it"


def test_what_only_one_show_may_know_goes_to_all(wired: Wired, tmp_path: Path) -> None:
    show, faders = tmp_path / "own.yaml", tmp_path / "faders.yaml"
    show.write_text("osc: {ignore: [/vj/input/]}\ninclude: faders.yaml\n")
    faders.write_text("mappings: [{osc: /vj/noise/hlod, to: steps}]\n")
    wired.shows.append(show)
    for known in ("macro/heat", "sound/bass/level", "noise/hlod", "input/x", "noise/*", "step"):
        wired.one.send(wired.port, f"/vj/{known}", 0.5)
        assert wired.pieces["right"].next() == (f"/vj/{known}", (0.5,))
    faders.write_text("mappings: []\n")
    wired.one.send(wired.port, "/vj/noise/hlod", 0.5)
    assert wired.one.next()[0] == "/vj/error", "it is no longer in the show's files"


def test_every_parameter_that_a_show_may_have_is_known() -> None:
    show = check_show(
        {
            "model": {"name": "none", "loras": ["ink.safetensors"]},
            "macros": {"heat": {"drives": {"strength": [0.2, 0.8]}}},
            "modulators": [
                {"lfo": "sine", "rate": "2 s", "to": "delta", "depth": 0.1, "name": "breath"}
            ],
            "effects": ["kaleidoscope"],
            "sounds": {"bass": {"file": "bass.wav"}},
        },
        "here",
    )
    strangers = Strangers(list, list, print)
    assert [row for row in show.table().rows if not strangers.known(row)] == []


def test_the_room_itself_answers_and_hears_no_strangers(wired: Wired) -> None:
    wired.one.send(wired.port, "/vj/left/seed", 1)
    assert wired.pieces["left"].next() == ("/vj/seed", (1,))
    wired.other.link.sendto(pack("/vj/error", ["no piece"]), wired.pieces["left"].sender)
    wired.one.send(wired.port, "/vj/room/status", 5)
    assert wired.one.next() == ("/vj/room/status/left", ("playing", 5))


def test_many_senders_do_not_take_all_sockets(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.room.osc_router.ROUTES", 4)
    for number in range(6):
        heard = Heard()
        heard.send(wired.port, "/vj/left/seed", number)
        assert wired.pieces["left"].next() == ("/vj/seed", (number,))
        heard.link.close()
    until(lambda: len(wired.router._routes) == 4)
