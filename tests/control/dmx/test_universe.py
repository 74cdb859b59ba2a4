"""Desks on one universe: merged by level and priority, out of order, gone and back."""

from __future__ import annotations

import random

from vj.control.dmx.artnet import ArtDmx
from vj.control.dmx.streaming_acn import DataPacket
from vj.control.dmx.universe import Universe

ONE, TWO = b"1" * 16, b"2" * 16


def acn(
    levels: bytes, cid: bytes = ONE, priority: int = 100, sequence: int = 0, ended: bool = False
) -> DataPacket:
    return DataPacket(1, cid, cid[:1].decode(), priority, sequence, levels, ended)


def test_the_highest_level_of_two_desks_wins_in_each_channel() -> None:
    random.seed(1)
    first, second = random.randbytes(512), random.randbytes(100)
    universe = Universe()
    assert universe.take_artnet(ArtDmx(1, 0, first), "a", 0.0)
    assert universe.take_artnet(ArtDmx(1, 0, second), "b", 0.0)
    assert universe.levels[:100] == bytes(map(max, first, second))
    assert universe.levels[100:] == first[100:]
    assert not universe.take_artnet(ArtDmx(1, 0, bytes(2)), "c", 0.0), "a third"
    assert not universe.take_artnet(ArtDmx(1, 0, bytes(2)), "c", 0.1)
    assert [text for text in universe.news if "one sender too many" in text] == [
        "Art-Net from c is one sender too many and is left out; Art-Net from a and Art-Net from b "
        "play"
    ]
    assert universe.expire(11.0) is False
    assert universe.sources == []


def test_the_higher_priority_alone_counts_and_the_lower_stands_in_when_it_ends() -> None:
    universe = Universe()
    universe.take_sacn(acn(b"\xff\x01"), "a", 0.0)
    assert universe.take_sacn(acn(b"\x10\x20", TWO, priority=150), "b", 0.0)
    assert universe.levels == b"\x10\x20"
    assert not universe.take_sacn(acn(b"\xfe\x01", sequence=1), "a", 1.0)
    assert universe.take_sacn(acn(b"", TWO, ended=True), "b", 1.0)
    assert universe.levels == b"\xfe\x01"
    assert universe.lost_at is None


def test_packets_that_were_overtaken_are_dropped_and_a_desk_that_began_anew_is_heard() -> None:
    universe = Universe()
    for sequence, level, counts in (
        (250, 1, True),
        (253, 2, True),
        (252, 3, False),
        (253, 4, False),
        (2, 5, True),  # after 255 comes 0
        (240, 6, False),
        (238, 7, True),  # by 20: another counts from here
    ):
        assert universe.take_sacn(acn(bytes((level,)), sequence=sequence), "a", 0.0) is counts, (
            level
        )
    art = Universe()
    assert art.take_artnet(ArtDmx(1, 9, b"\1\1"), "a", 0.0)
    assert not art.take_artnet(ArtDmx(1, 8, b"\2\2"), "a", 0.0)
    assert art.take_artnet(ArtDmx(1, 9, b"\3\3"), "a", 0.0), "one that does not count on"
    assert art.take_artnet(ArtDmx(1, 0, b"\4\4"), "a", 0.0), "0: it does not count"


def test_each_desk_counts_by_itself() -> None:
    universe = Universe()
    for step in range(6):
        assert universe.take_sacn(acn(bytes((step + 1, 0)), ONE, sequence=step), "a", 0.0)
        assert universe.take_sacn(acn(bytes((0, step + 1)), TWO, sequence=100 + step), "b", 0.0)
    assert universe.levels == b"\6\6"


def test_art_net_times_out_after_ten_seconds_and_sacn_after_two_and_a_half() -> None:
    universe = Universe()
    universe.take_artnet(ArtDmx(1, 0, b"\5\0"), "a", 0.0)
    universe.take_sacn(acn(b"\0\7"), "b", 0.0)
    assert not universe.expire(2.5)
    assert universe.expire(2.6)
    assert universe.levels == b"\5\0"
    assert not universe.expire(10.0)
    assert universe.lost_at is None
    universe.expire(10.1)
    assert universe.lost_at == 10.1
    assert universe.levels == b"\5\0", "held"
    assert universe.take_sacn(acn(b"\0\7"), "b", 20.0)
    assert universe.lost_at is None
