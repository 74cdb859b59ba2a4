"""Where the generated image goes. One file a kind; a new kind is one more file and one more line in
`KINDS`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from vj.core.clock import Clock, FrameClock
from vj.core.errors import Fault, Unavailable, nearest
from vj.core.frame import Frame
from vj.sinks.codecs import CODECS, Codec
from vj.sinks.mark import Mark
from vj.sinks.rule import parse


class Sink(Protocol):
    """Takes frames. Used from one thread, its own; `close` may be called twice, and a closed sink
    can be opened again.

    A class with `final = True` is not opened again after a Fault; others are, every few seconds.
    One with `one_size` is closed and opened again when the show changes the size of its pictures.

    One that can carry sound has `send_sound(moment, samples)`: (n, 2) float32, see `vj.sound`, the
    first of them heard at this moment of the show's clock; with `sound_by_capture = True` it gets
    the moment at which they were taken, as `Frame.captured` is.
    """

    def open(self, width: int, height: int, fps: float) -> None:
        """Raises `Fault` (or `Unavailable`) with a message that names the sink and the remedy."""

    def send(self, frame: Frame) -> None:
        """Pass one frame on. A frame of another size than that given to `open` must not break it.
        Raises Fault when it can't go on."""

    def close(self) -> None: ...

    def state(self) -> str:
        """A few words for the status line, from any thread: `"2 receivers"`, `"12.3 s"`."""
        ...


@dataclass(frozen=True, slots=True)
class SinkSettings:
    """Given to every sink. clock: the show's. live: False offline, where every frame counts and no
    sink may drop one. log: takes messages for the user. spare: the folder in which a recording goes
    on when its own is lost; None: it stops. mark: what recordings say of how the pictures that come
    now were made, None where nothing is to be said; asked for every frame, by the sink's thread.
    span: offline, where frames come at varying times: from when to when the frame that comes now is
    seen, in seconds from the first; None where they come at a constant rate, and are counted.
    sound: whether there is something to be heard; asked as a recording begins.
    codec, alpha, loop_fade, pixels: of the sink's rule, see `vj.sinks.rule`; alpha: frames bring
    it."""

    clock: Clock
    live: bool = True
    log: Callable[[str], None] = lambda text: None
    spare: Path | None = None
    mark: Callable[[], Mark | None] = lambda: None
    span: Callable[[], tuple[float, float]] | None = None
    sound: Callable[[], bool] = lambda: False
    codec: Codec = CODECS["h264"]
    alpha: bool = False
    loop_fade: float = 0.0
    pixels: str = "bgrx"


KINDS: dict[str, str] = {
    "ndi": "vj.sinks.ndi:NdiSink",
    "spout": "vj.sinks.spout:SpoutSink",
    "syphon": "vj.sinks.syphon:SyphonSink",
    "record": "vj.sinks.recorder:Recorder",
    "virtualcam": "vj.sinks.virtualcam:VirtualCamera",
    "display": "vj.sinks.display:DisplaySink",
}
"""Kind -> module:class. A class takes (rest_of_the_uri, SinkSettings) and must not touch hardware
before `open`. `preview` is not here: the app feeds the page, which shows the input too."""


def split_uri(uri: str) -> tuple[str, str]:
    """`"ndi:vj"` -> `("ndi", "vj")`, without the options of its rule. Raises Fault for an unknown
    kind."""
    kind, _, rest = parse(uri).to.partition(":")
    if kind not in KINDS and kind != "preview":
        known = [*KINDS, "preview"]
        raise Fault(
            f"sink {uri!r}: unknown kind {kind!r}{nearest(kind, known)} (known: {', '.join(known)})"
        )
    return kind, rest


def check_uri(uri: str) -> None:
    """Whether a URI, with the options of its rule or without, could name a sink, without opening
    it. Raises Fault for an unknown kind, and for what its kind cannot be."""
    if split_uri(uri)[0] == "preview":
        return
    try:
        make_sink(uri, SinkSettings(FrameClock(30.0)))
    except Unavailable:
        pass  # right, on another machine


def make_sink(uri: str, settings: SinkSettings) -> Sink:
    """The sink a URI names, not yet opened. Raises Fault for an unknown kind, and for what its kind
    cannot be."""
    rule = parse(uri)
    settings = replace(
        settings,
        codec=rule.codec,
        alpha=rule.alpha == "mask",
        loop_fade=rule.loop_fade,
        pixels=rule.pixels,
    )
    kind, rest = split_uri(rule.to)
    module, _, name = KINDS[kind].partition(":")
    try:
        sink: Sink = getattr(importlib.import_module(module), name)(rest, settings)
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # a folder that may not be looked into, a home folder of nobody
        raise Fault(
            f"sink {uri[:120]!r}: cannot be used ({getattr(error, 'strerror', None) or error})"[
                :300
            ]
        ) from None
    return sink
