"""Video inputs. One file a kind; a new kind is one more file and one more line in `KINDS`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from vj.core.canvas import Canvas
from vj.core.clock import Clock, FrameClock
from vj.core.errors import Fault, Unavailable, nearest
from vj.core.frame import Frame, Size
from vj.sources.between_pictures import Making
from vj.sources.file_names import PICTURES, exists, is_sequence
from vj.sources.network import SCHEMES, is_address, names_a_clip, scheme_of
from vj.sources.transport import TransportControl


class Source(Protocol):
    """An input. Used from one thread; `close` may be called twice, and a closed source can be
    opened again."""

    live: bool
    """True when pictures come at their own pace (camera, NDI, Spout), so that offline rendering
    makes no sense."""

    def open(self) -> None:
        """Raises `Fault` (or `Awaited`, or `Unavailable`) with a message that names the source and
        the remedy. May take long."""

    def read(self) -> Frame | None:
        """The next frame, or None when none came within about a quarter of a second. Raises
        `EndOfSource` at the end of a clip played once, `Fault` when the source is lost and has to
        be opened again."""

    def close(self) -> None: ...


class EndOfSource(Exception):
    """There are no more frames, and that is as it should be."""


class Awaited(Fault):
    """The source does not exist now and may appear: a camera that is not plugged in, a USB stick, a
    network share. Another `Fault` from `open` means that what was asked for looks wrong, and a show
    with nothing else does not begin; `Unavailable`, that it will not appear while the show
    plays."""

    retry: float | None = None
    """Seconds until it is tried again, where that costs nothing; None: longer each time."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Given to every source. clock: stamps frames and paces clips; offline it never waits. fps: the
    show's rate, for sources without one of their own. size: the render size, for sources that draw.
    loop: clips start again at their end. addresses: hosts to ask for NDI sources, besides
    discovery. log: takes messages for the user. own: full names of the NDI senders that are this
    show's own outputs, asked for at each scan. canvas: what people draw; None where nobody can.
    listed: the show's sources, in their order. transport: how a source that has a length is played;
    `loop` says then only whether the show ends with it: what plays once raises `EndOfSource` at its
    end if False, and stands on its last picture else. None: forwards at its own speed, offline
    every frame once whatever the clock says. between: makes what makes pictures between those of a
    slow clip, for the source's own thread; None: there are none. said: what `once` has said."""

    clock: Clock
    fps: float = 30.0
    size: Size = Size(512, 512)
    loop: bool = True
    addresses: tuple[str, ...] = ()
    log: Callable[[str], None] = lambda text: None
    own: Callable[[], Collection[str]] = tuple
    canvas: Canvas | None = None
    listed: Callable[[], Sequence[str]] = tuple
    transport: TransportControl | None = None
    between: Callable[[], Making] | None = None
    said: set[str] = field(default_factory=set, compare=False)

    def once(self, text: str) -> None:
        """A message for the user that is not repeated when a source is opened again."""
        if text not in self.said:
            self.said.add(text)
            self.log(text)


KINDS: dict[str, str] = {
    "testcard": "vj.sources.testcard:TestCard",
    "video": "vj.sources.video:Video",
    "clips": "vj.sources.clips:Clips",
    "walk": "vj.sources.walk:Walk",
    "drawn": "vj.sources.drawn:Drawn",
    "draw": "vj.sources.draw:Draw",
    "image": "vj.sources.image:Image",
    "camera": "vj.sources.camera:Camera",
    "screen": "vj.sources.screen:ScreenSource",
    "stream": "vj.sources.stream:Stream",
    "download": "vj.sources.download:Download",
    "ndi": "vj.sources.ndi:NdiSource",
    "spout": "vj.sources.spout:SpoutSource",
    "syphon": "vj.sources.syphon:SyphonSource",
    "none": "vj.sources.none:Nothing",
}
"""Kind -> module:class. A class takes (rest_of_the_uri, SourceSettings) and must not touch hardware
before `open`."""

BARE_KINDS = ("testcard", "none", "draw", "camera", "screen", "ndi", "spout", "syphon")
"""Kinds that may stand alone, without a colon: `camera`."""


def split_uri(uri: str) -> tuple[str, str]:
    """`"video:clip.mp4"` -> `("video", "clip.mp4")`. A bare path is a video, also of pictures
    that are named as a sequence, or an image by its ending where that does not move; an address
    in the network a clip to download by its ending, else a stream. Raises Fault."""
    kind, colon, rest = uri.partition(":")
    address = rest if kind in ("video", "image") else uri
    if is_address(address):
        return "download" if names_a_clip(address) else "stream", address
    if kind in KINDS and (colon or kind in BARE_KINDS):
        return kind, rest
    if (scheme := scheme_of(uri)) and not exists(uri):
        raise Fault(
            f"source {uri!r}: no source has an address with {scheme}://{nearest(scheme, SCHEMES)} "
            f"(known: {', '.join(SCHEMES)}; a file by its path)"
        )
    if is_sequence(uri):
        return "video", uri
    if Path(uri).suffix.lower() in PICTURES:
        return "video" if _moves(uri) else "image", uri
    if "/" in uri or "\\" in uri or Path(uri).suffix or exists(uri):
        return "video", uri
    raise Fault(
        f"source {uri!r}: unknown kind {kind!r}{nearest(kind, KINDS)} (known: {', '.join(KINDS)}, "
        "or a path to a file)"
    )


def _moves(path: str) -> bool:
    from vj.sources.moving_picture import moves

    return moves(path)


def check_uri(uri: str) -> None:
    """Whether a URI could name a source, without opening it. Raises Fault for an unknown kind, and
    for what its kind cannot be."""
    try:
        make_source(uri, SourceSettings(FrameClock(30.0)))
    except Unavailable:
        pass  # right, on another machine; a show may name another source after it


def make_source(uri: str, settings: SourceSettings) -> Source:
    """The source a URI names, not yet opened. Raises Fault for an unknown kind, and for what its
    kind cannot be."""
    kind, rest = split_uri(uri)
    module, _, name = KINDS[kind].partition(":")
    try:
        source: Source = getattr(importlib.import_module(module), name)(rest, settings)
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # a home folder of nobody, a name that no file system takes
        raise Fault(
            f"source {uri[:120]!r}: cannot be used ({getattr(error, 'strerror', None) or error})"[
                :300
            ]
        ) from None
    return source
