"""A show that is saved while it plays, with other lamps and other channels of a desk."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from tests.app.test_adopt import SavedShow
from tests.waiting import PATIENCE


def test_saved_lamps_and_channels_of_a_desk_are_as_the_file_says_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as lamps, contextlib.ExitStack() as end:
        lamps.bind(("127.0.0.1", 0))
        lamps.settimeout(PATIENCE)
        light = f"{{to: 'artnet:127.0.0.1:{lamps.getsockname()[1]}', smooth: 0, dmx: "
        show = SavedShow(tmp_path, start="{strength: 0}")
        end.callback(show.performance.stop)
        assert "changed: lights" in show.save(lights=f"[{light}3}}]")
        assert len(lamps.recv(2000)) == 18 + 6, "channels 1 to 5, and one to make it even"
        assert "changed: lights" in show.save(lights=f"[{light}3, channels: dim}}]")
        while len(lamps.recv(2000)) != 18 + 4:
            pass
        assert "a universe has 512" in show.save(lights=f"[{light}511}}]")
        assert show.performance.report.status().lights, "what plays goes on"
        show.save(lights="[]")
        show.until(lambda: not show.performance.report.status().lights)
        dmx = "{artnet: 127.0.0.1, sacn: false, universe: 7}"
        assert "what moves them" in show.save(mappings="[{dmx: 12, to: strength}]", dmx=dmx)
        desks = show.performance.session.ports.dmx
        show.until(lambda: desks.state == "universe 7: no desk yet")
        show.save(mappings="[]")
        show.until(lambda: desks.addresses == {})
