"""Whatever comes on the ports of Art-Net and sACN is read or left out; nothing else is raised."""

from __future__ import annotations

import contextlib
import random

import pytest

from tests.control.dmx.desks import ARTPOLL, artdmx, e131
from vj.control.dmx import artnet, streaming_acn
from vj.control.dmx.artnet import BadPacket

WHOLE = (artdmx(bytes(range(64))), ARTPOLL, e131(bytes(range(64))))


@pytest.mark.parametrize("read", [artnet.read, streaming_acn.read])
def test_broken_packets_are_no_errors(read: object) -> None:
    chance = random.Random(3)
    assert callable(read)
    understood = 0
    for _ in range(4000):
        packet = bytearray(chance.choice(WHOLE))
        for _ in range(chance.randrange(4)):
            packet[chance.randrange(len(packet))] = chance.randrange(256)
        cut = bytes(
            packet[: chance.randrange(len(packet) + 1)] if chance.random() < 0.3 else packet
        )
        with contextlib.suppress(BadPacket):
            found = read(cut)
            understood += found is not None
            levels = getattr(found, "levels", b"")
            assert len(levels) <= 512
            assert 1 <= getattr(found, "universe", 1) <= 63999
    assert understood > 300
