"""Spout and Syphon in, each against a stand-in with its library's calls: neither can run here."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.sources.camera_pictures import COLOURS, in_quarters, quarters
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.sources import Source, SourceSettings, make_source, spout

SIZE = Size(32, 16)
BGRA8, RGBA8 = 80, 70
"""MTLPixelFormatBGRA8Unorm, MTLPixelFormatRGBA8Unorm."""


def module(monkeypatch: pytest.MonkeyPatch, name: str, **content: object) -> None:
    made = ModuleType(name)
    vars(made).update(content)
    monkeypatch.setitem(sys.modules, name, made)


class Texture:
    def __init__(self, form: int) -> None:
        self.form = form

    def pixelFormat(self) -> int:
        return self.form

    def image(self) -> np.ndarray:
        """Its bytes, the bottom row first."""
        colours = quarters(SIZE)[::-1]
        order = [2, 1, 0] if self.form == BGRA8 else [0, 1, 2]
        alpha = np.full((16, 32, 1), 128, np.uint8)
        return np.concatenate([colours[:, :, order], alpha], axis=2)


class Server:
    """A program that publishes, and the client that is connected to it."""

    app_name, name = "Resolume", "Main"
    there = True
    textures: list[Texture | None]
    clients = 0

    def __init__(self, server: type[Server]) -> None:
        Server.clients += 1

    @property
    def is_valid(self) -> bool:
        return Server.there

    @property
    def has_new_frame(self) -> bool:
        return bool(Server.textures)

    @property
    def new_frame_image(self) -> Texture | None:
        return Server.textures.pop(0)

    def stop(self) -> None: ...


@pytest.fixture
def syphon(monkeypatch: pytest.MonkeyPatch) -> Source:
    class Directory:
        @property
        def servers(self) -> list[type[Server]]:
            return [Server] if Server.there else []

    monkeypatch.setattr(Server, "there", True)
    monkeypatch.setattr(Server, "textures", [], raising=False)
    module(monkeypatch, "syphon", SyphonServerDirectory=Directory, SyphonMetalClient=Server)
    module(monkeypatch, "syphon.utils")
    module(monkeypatch, "syphon.utils.numpy", copy_mtl_texture_to_image=Texture.image)
    module(monkeypatch, "objc", autorelease_pool=nullcontext)
    return make_source("syphon:resolume", SourceSettings(FrameClock(25)))


@pytest.mark.parametrize("form", [BGRA8, RGBA8])
def test_syphon_is_upright_and_its_blue_is_blue(syphon: Source, form: int) -> None:
    syphon.open()
    Server.textures = [None, Texture(form)]
    assert syphon.read() is None, "announced, and not there yet"
    frame = syphon.read()
    assert frame is not None
    assert frame.pixels.flags.c_contiguous
    assert in_quarters(frame.pixels) == [(*colour, 128) for colour in COLOURS.values()]


def test_a_program_that_is_started_again_is_found_again(syphon: Source) -> None:
    syphon.open()
    Server.there = False
    with pytest.raises(Fault, match="syphon:resolume: the server has gone"):
        syphon.read()
    with pytest.raises(Fault, match="no such server"):
        syphon.open()
    Server.there, clients = True, Server.clients
    syphon.open()
    assert Server.clients == clients + 1
    Server.textures = [Texture(BGRA8)]
    assert syphon.read() is not None


class Receiver:
    """SpoutGL's, of a sender that has what `sender` says."""

    sender: dict[str, Any]

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None: ...
    def setReceiverName(self, name: str) -> None: ...
    def waitFrameSync(self, name: str, milliseconds: int) -> bool:
        return False  # at once, as without a sender

    def receiveImage(self, buffer: np.ndarray | None, form: int, invert: bool, host: int) -> bool:
        assert (form, invert) == (0x1908, False)
        if buffer is not None and buffer.size:
            buffer.reshape(16, 32, 4)[:, :, :3] = quarters(SIZE)
        return bool(self.sender["there"])

    def isUpdated(self) -> bool:
        return bool(self.sender.pop("updated", False))

    def isFrameNew(self) -> bool:
        return bool(self.sender["new"])

    def getSenderWidth(self) -> int:
        return int(self.sender["size"][0])

    def getSenderHeight(self) -> int:
        return int(self.sender["size"][1])


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    made = {"there": True, "updated": True, "new": True, "size": SIZE}
    monkeypatch.setattr(Receiver, "sender", made, raising=False)
    module(monkeypatch, "SpoutGL", SpoutReceiver=Receiver)
    return made


def test_spout_waits_for_a_sender_without_taking_a_processor(sender: dict[str, Any]) -> None:
    sender["there"] = False
    source = make_source("spout:td", SourceSettings(FrameClock(25)))
    source.open()
    begun = time.monotonic()
    for _ in range(5):
        assert source.read() is None
    assert time.monotonic() - begun >= 5 * spout.POLL


def test_spout_gives_pictures_that_the_library_does_not_call_new(sender: dict[str, Any]) -> None:
    sender["new"] = False
    source = make_source("spout:td", SourceSettings(FrameClock(25)))
    source.open()
    assert source.read() is None, "a new size"
    frames = [source.read() for _ in range(20)]
    found = [frame for frame in frames if frame is not None]
    assert 2 <= len(found) < 20
    assert in_quarters(found[0].pixels[:, :, :3]) == list(COLOURS.values())
    source.close()


def test_a_sender_that_has_not_drawn_yet_gives_nothing(sender: dict[str, Any]) -> None:
    sender["size"] = (0, 0)
    source = make_source("spout:td", SourceSettings(FrameClock(25)))
    source.open()
    assert [source.read() for _ in range(3)] == [None] * 3
    sender["size"], sender["updated"] = SIZE, True
    assert source.read() is None
    frame = source.read()
    assert frame is not None
    assert frame.size == SIZE
