"""Art-Net and sACN in, by real datagrams on the loopback interface."""

from __future__ import annotations

import socket
import sys

import pytest

from tests.control.dmx.desks import ARTPOLL, Made, artdmx, e131, socket_at
from tests.waiting import until
from vj.control.dmx.artnet import poll_replies
from vj.control.dmx.streaming_acn import group
from vj.show.dmx_controls import dmx_control


def test_a_mapped_channel_is_passed_on_when_it_changes_and_nothing_else_is(wire: Made) -> None:
    played = wire("3", "1/3+4", "2/1")
    played.send(artdmx(bytes((9, 9, 128, 64))))
    assert played.taken() == [("3", 128.0), ("1/3+4", 128 * 256 + 64.0)]
    played.send(artdmx(bytes((0, 0, 128, 64))))
    assert played.taken() == [], "nobody has mapped what moved"
    played.send(artdmx(bytes((0, 0, 128, 65))))
    assert played.taken() == [("1/3+4", 128 * 256 + 65.0)]
    played.send(artdmx(bytes((7, 7)), port_address=1))
    assert played.taken() == [("2/1", 7.0)], "Art-Net's universe 1 is the second"
    played.send(artdmx(bytes((9,) * 512), port_address=5))
    assert played.taken() == []


def test_sacn_counts_universes_as_it_does(wire: Made) -> None:
    played = wire("1", "300/512", universe=4)
    played.send(e131(bytes((5,)), universe=4), "sacn")
    played.send(e131(bytes(511) + b"\xff", universe=300), "sacn")
    assert played.taken() == [("1", 5.0), ("300/512", 255.0)]


def test_a_channel_that_is_not_sent_does_not_move(wire: Made) -> None:
    played = wire("25", "24+25")
    played.send(e131(bytes(24)), "sacn")
    assert played.taken() == []


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "too few"),
        (b"Art-Net\0", "too few"),
        (b"Art-Nut\0" + artdmx(b"\1\1")[8:], "does not begin with Art-Net"),
        (artdmx(b"\1\1")[:15], "too few for ArtDmx"),
        (artdmx(b"\1\1", version=13), "version 13 is below 14"),
        (artdmx(b"\1\1\1"), "3 levels: ArtDmx has an even number"),
        (artdmx(bytes(514)), "514 levels"),
        (artdmx(b""), "0 levels"),
        (artdmx(bytes(64))[:40], "22 of 64 levels came"),
    ],
)
def test_bad_art_net_is_counted_and_said_once(wire: Made, packet: bytes, why: str) -> None:
    played = wire("1")
    for _ in range(3):
        played.send(packet)
    assert played.receiver.bad == 3
    assert [text for text in played.log if why in text] == played.log[-1:]
    assert len(played.log) == 1
    played.send(artdmx(b"\5\5"))
    assert played.taken() == [("1", 5.0)], "it goes on"


@pytest.mark.parametrize(
    ("packet", "bad"),
    [
        (e131(b"\1")[:39], True),
        (b"\1" + e131(b"\1")[1:], True),
        (e131(b"\1")[:120], True),
        (e131(bytes(513)), True),
        (e131(bytes(20))[:-1], True),
        (e131(b"\1", universe=0), True),
        (e131(b"\1", start_code=0xDD), False),
        (e131(b"\1", options=0x80), False),
        (e131(b"\1")[:18] + b"\0\0\0\x08" + e131(b"\1")[22:], False),
    ],
)
def test_what_is_no_level_of_sacn_is_left_out(wire: Made, packet: bytes, bad: bool) -> None:
    played = wire("1")
    played.send(packet, "sacn")
    assert played.taken() == []
    assert (played.receiver.bad, len(played.log)) == ((1, 1) if bad else (0, 0))


def test_lamps_of_this_very_show_are_no_desk(wire: Made) -> None:
    played = wire("1")
    lamps = socket_at("127.0.0.1")
    played.receiver.own_port = lambda: lamps.getsockname()[1]
    played.send(artdmx(bytes((9, 9))), desk=lamps)
    played.send(e131(bytes((9,))), "sacn", desk=lamps)
    assert (played.taken(), played.log) == ([], [])
    assert played.receiver.state == "universe 1: no desk yet"
    played.send(artdmx(bytes((5, 5))))
    assert played.taken() == [("1", 5.0)]
    lamps.close()


def test_a_desk_that_falls_silent_is_held_told_once_and_heard_again(wire: Made) -> None:
    played = wire("1")
    played.send(artdmx(b"\5\0"))
    played.time += 9.9
    played.receiver.turn(0.0)
    assert played.receiver.state == "universe 1: Art-Net from 127.0.0.1"
    for _ in range(50):
        played.time += 1
        played.receiver.turn(0.0)
    assert played.taken() == [("1", 5.0)], "held"
    assert played.log[1:] == [
        "dmx universe 1: Art-Net from 127.0.0.1 sends no more; its last values are held"
    ]
    assert played.receiver.state == "universe 1: the desk is lost"
    played.send(artdmx(b"\5\0"))
    assert played.taken() == [("1", 5.0)], "its level counts again, the same too"
    assert played.log[2:] == ["dmx universe 1: Art-Net from 127.0.0.1 is back"]


def test_back_to_the_start_after_the_seconds_that_the_show_says(wire: Made) -> None:
    played = wire("1", lost="start after 3 s")
    played.send(e131(b"\5", sequence=1), "sacn")
    played.time += 2.6
    played.receiver.turn(0.0)
    assert "back to the start in 3 s" in played.log[-1]
    played.time += 2.9
    played.receiver.turn(0.0)
    assert played.taken() == [("1", 5.0)]
    for _ in range(5):
        played.time += 0.2
        played.receiver.turn(0.0)
    assert played.taken() == [("1", None)], "once"
    played.send(e131(b"\5", sequence=2), "sacn")
    assert played.taken() == [("1", 5.0)]


def test_a_stream_that_is_ended_is_lost_at_once(wire: Made) -> None:
    played = wire("1", lost="start")
    played.send(e131(b"\5"), "sacn")
    played.send(e131(b"\0", options=0x40, sequence=1), "sacn")
    assert played.taken() == [("1", 5.0), ("1", None)]


def test_a_show_that_is_saved_with_another_mapping_hears_where_its_channel_stands(
    wire: Made,
) -> None:
    played = wire("1")
    played.send(artdmx(b"\5\6"))
    played.taken()
    played.asked = [*played.asked, dmx_control("1/2")]
    played.want()
    assert played.taken() == [("1/2", 6.0)], "without a packet, and the other is not moved again"
    played.asked = []
    played.want()
    assert played.receiver.addresses == {}, "nobody listens"


def test_a_desk_that_asks_finds_each_universe(wire: Made) -> None:
    played = wire("1", "18/1")
    played.desk.settimeout(60)
    played.send(ARTPOLL)
    replies = [played.desk.recv(2000) for _ in range(2)]
    for reply, (net, sub, universe) in zip(replies, ((0, 0, 0), (0, 1, 1)), strict=True):
        assert len(reply) == 239
        assert reply[:10] == b"Art-Net\0\x00\x21"
        assert reply[10:14] == bytes((127, 0, 0, 1))
        assert reply[14:16] == bytes((0x36, 0x19)), "port 6454, low byte first"
        assert (reply[18], reply[19]) == (net, sub)
        assert reply[26:44].rstrip(b"\0") == b"vj"
        assert reply[44:108].rstrip(b"\0") == b"vj: a show"
        assert (reply[172], reply[173]) == (0, 1), "one port"
        assert reply[174] == 0x80, "DMX out of the net"
        assert reply[182] == 0x80
        assert reply[190] == universe, "SwOut"


def test_while_learning_every_channel_is_offered_but_those_that_run_by_themselves(
    wire: Made,
) -> None:
    played = wire(learning=True)
    for step in range(41):  # channel 3 runs by itself; channel 1 is moved after a second
        played.time += 0.1
        played.send(artdmx(bytes((max(0, step - 10), 0, step, 0)), port_address=6))
    assert {name for name, _ in played.offers} == {"7/1"}
    assert len({level for _, level in played.offers}) > 20
    played.offers.clear()
    played.time += 1
    played.send(artdmx(bytes((30, 0, 200, 0)), port_address=6))
    played.time += 0.5
    played.receiver.turn(0.0)
    assert played.offers == [("7/3", 40), ("7/3", 200)], "it has paused; a press is a long way"
    assert played.taken() == []


def test_a_fader_of_16_bits_is_learned_as_one_and_a_colour_as_three(wire: Made) -> None:
    played = wire(learning=True)
    levels = bytearray(20)
    for step in range(20):
        played.time += 0.1
        if step >= 10:  # the fine channel moves first, and oftener
            levels[4], levels[5] = divmod((step - 10) * 100, 256)
            levels[10:13] = (step, step, step)
        played.send(artdmx(bytes(levels)))
    played.time += 1
    played.receiver.turn(0.0)
    assert {name for name, _ in played.offers} == {"1/5+6", "1/11", "1/12", "1/13"}
    assert ("1/5+6", 900.0) in played.offers


def test_a_port_that_cannot_be_had_is_told_once_and_the_other_plays(wire: Made) -> None:
    played = wire("1", artnet="203.0.113.7")
    for _ in range(3):
        played.time += 10
        played.receiver.turn(0.0)
    assert len(played.log) == 1
    assert "Art-Net cannot be heard at port 0: no address of this machine; true" in played.log[0]
    played.send(e131(b"\5"), "sacn")
    assert played.taken() == [("1", 5.0)]


@pytest.mark.skipif(sys.platform != "linux", reason="what shares a port differs")
def test_a_port_of_another_program_is_told_and_that_it_is_heard_when_that_has_ended(
    wire: Made,
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        played = wire("1", artnet=False)
        played.receiver._ports = (other.getsockname()[1], 0)
        played.want()
        played.time += 10
        played.receiver.turn(0.0)
        assert len(played.log) == 1
        assert "another program has it for itself" in played.log[0]
    played.time += 10
    played.receiver.turn(0.0)
    assert played.log[1:] == ["dmx: Art-Net is heard now"]
    played.send(artdmx(b"\5\0"))
    assert played.taken() == [("1", 5.0)]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere loopback has no multicast")
def test_multicast_is_heard_on_every_interface_not_on_the_internets_alone(wire: Made) -> None:
    played = wire("300/1", sacn=True)
    loopback = socket.inet_aton("127.0.0.1")
    played.desk.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
    port = played.receiver.addresses["sacn"][1]
    played.desk.sendto(e131(b"\x09", universe=300), (group(300), port))
    until(lambda: played.turned().packets)
    assert played.taken() == [("300/1", 9.0)]
    assert played.log == ["dmx universe 300: sACN from desk (127.0.0.1) plays"]


@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is an address on Linux alone")
def test_two_desks_are_two_by_their_addresses(wire: Made) -> None:
    played = wire("1", "2")
    with socket_at("127.0.0.2") as other:
        played.send(artdmx(bytes((10, 200))))
        played.send(artdmx(bytes((20, 100))), desk=other)
    assert played.taken() == [("1", 10.0), ("2", 200.0), ("1", 20.0)]


def test_a_desk_is_told_of_as_many_universes_as_a_device_may_have() -> None:
    replies = poll_replies("10.0.0.1", "many", [*range(1, 300), 40000])
    assert len(replies) == 255
    assert {(len(reply), reply[211]) for reply in replies} == {(239, n) for n in range(1, 256)}
    assert len(poll_replies("10.0.0.1", "sacn alone", [40000])) == 0
