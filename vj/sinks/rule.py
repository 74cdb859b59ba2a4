"""What one sink shows of the picture, and how: its rule. In a show file it is a mapping,
`{to: ndi:key, show: mask}`; everywhere else the same as one text, `ndi:key?show=mask`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePath
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault, nearest
from vj.core.frame import VIEWS, Frame, OutputFrame, Size
from vj.core.packed import Order
from vj.sinks.codecs import CODECS, LOOPS, Codec, check_codec, codec_named, has_alpha
from vj.sinks.crop import WHOLE, Box, crop_in_words, pixels_of, read_crop
from vj.sinks.fit import fitted

SHOWN = ("final", *VIEWS)
"""Values of `show`."""
ALPHA = ("none", "mask")
"""Values of `alpha`."""
PIXELS = ("bgrx", "uyvy")
"""Values of `pixels`."""
WITH_ALPHA = ("ndi", "spout", "syphon", "record")
"""Kinds of sinks that can pass alpha on; of recordings, some."""
LONGEST_FADE = 5.0
"""Seconds of `loop_fade`, at most: its pictures wait in memory."""
_OPTIONS = re.compile(r"\?(\w+=[^?&]*(?:&\w+=[^?&]*)*)$")
"""The end of a URI that is options; a file's name may hold a question mark too."""


@dataclass(frozen=True, slots=True)
class SinkRule:
    """Checked: `read` and `parse` make them.

    to: the URI. show: which picture. crop: the part of it. size: scaled to so many pixels, whole
    into the middle; None as it is. alpha: `mask` adds it as straight alpha. codec: of a movie.
    loop_fade: seconds over which the end of a loop is faded into its beginning. pixels: in which
    order NDI is given them, `bgrx` or `uyvy`.
    """

    to: str
    show: str = "final"
    crop: Box = WHOLE
    size: Size | None = None
    alpha: str = "none"
    codec: Codec = CODECS["h264"]
    loop_fade: float = 0.0
    pixels: str = "bgrx"

    @property
    def kind(self) -> str:
        return self.to.partition(":")[0]

    @property
    def painted(self) -> bool:
        """It shows what the model has painted: recordings of the input, of a mask or of lines are
        not marked."""
        return self.show in ("final", "generated")

    @property
    def views(self) -> frozenset[str]:
        """The pictures besides the final one that it needs."""
        wanted = {self.show, "mask" if self.alpha == "mask" else "final"}
        return frozenset(wanted - {"final"})

    @property
    def whole(self) -> bool:
        """It shows the final picture as it is."""
        final = (self.show, self.alpha) == ("final", "none")
        return final and self.crop == WHOLE and not self.size

    @property
    def order(self) -> Order | None:
        """In which it sends what a card has packed; None where it takes RGB."""
        if self.kind != "ndi":
            return None
        return "UYVY" if self.pixels == "uyvy" else "BGRX"

    @property
    def opened_as(self) -> SinkRule:
        """What of it has to be known when the sink is opened: where this is the same, an open sink
        goes on with another rule."""
        alpha = self.alpha if self.kind == "record" else "none"
        return SinkRule(
            self.to,
            alpha=alpha,
            codec=self.codec,
            loop_fade=self.loop_fade,
            pixels=self.pixels,
        )

    def options(self) -> dict[str, str]:
        """What is not as usual, by its key, as texts."""
        found = {
            "show": self.show if self.show != "final" else "",
            "crop": crop_in_words(self.crop) if self.crop != WHOLE else "",
            "size": str(self.size or ""),
            "alpha": self.alpha if self.alpha != "none" else "",
            "codec": self.codec.name if self.codec.name != "h264" else "",
            "loop_fade": f"{self.loop_fade:g}" if self.loop_fade else "",
            "pixels": self.pixels if self.pixels != "bgrx" else "",
        }
        return {key: text for key, text in found.items() if text}

    def __str__(self) -> str:
        """`ndi:key?show=mask&crop=left-third`, which is also its identity."""
        options = "&".join(
            f"{key}={text.replace(' ', '-')}" for key, text in self.options().items()
        )
        return f"{self.to}?{options}" if options else self.to

    @property
    def words(self) -> str:
        """`mask, left third`: what is not as usual, for people; may be empty."""
        plain = ("show", "crop", "codec")
        options = self.options().items()
        return ", ".join(text if key in plain else f"{key} {text}" for key, text in options)

    def at(self, to: str) -> SinkRule:
        """The same somewhere else."""
        return replace(self, to=to)

    def picture(self, frame: Frame) -> Frame | None:
        """What the sink gets of a frame: (h, w, 3) or, with alpha, (h, w, 4). None where a picture
        that it shows is not there, since nobody had asked for it when the frame was made."""
        if self.whole:
            return frame
        views = frame.views if isinstance(frame, OutputFrame) else {}
        pixels = frame.pixels if self.show == "final" else views.get(self.show)
        if pixels is None:
            return None
        rows, columns = pixels_of(self.crop, Size(pixels.shape[1], pixels.shape[0]))
        pixels = pixels[rows, columns]
        if self.alpha == "mask":
            mask = views.get("mask")
            if mask is None:
                return None
            rgba = np.empty((*pixels.shape[:2], 4), np.uint8)
            cv2.mixChannels([pixels, mask[rows, columns]], [rgba], [0, 0, 1, 1, 2, 2, 3, 3])
            pixels = rgba
        if self.size is not None:
            pixels = fitted(pixels, self.size)
        return Frame(np.ascontiguousarray(pixels), frame.number, frame.captured)


def read(to: str, given: dict[str, Any]) -> SinkRule:
    """A rule of its keys as texts or values. to: the URI. Raises Fault."""
    for key in given:
        if key not in KEYS:
            raise Fault(f"{key}: no such key{nearest(key, KEYS)} ({', '.join(KEYS)})")
    show = _one_of("show", given.get("show", "final"), SHOWN)
    alpha = _one_of("alpha", given.get("alpha", "none"), ALPHA)
    codec = codec_named(str(given.get("codec", "h264")))
    rule = SinkRule(
        to,
        show,
        read_crop(given.get("crop")),
        _size(given.get("size")),
        alpha,
        codec,
        _seconds(given.get("loop_fade", 0)),
        _one_of("pixels", given.get("pixels", "bgrx"), PIXELS),
    )
    _check(rule)
    return rule


KEYS = ("show", "crop", "size", "alpha", "codec", "loop_fade", "pixels")


@lru_cache(maxsize=256)
def parse(text: str) -> SinkRule:
    """`ndi:key?show=mask`, or a URI alone. Raises Fault."""
    found = _OPTIONS.search(text)
    if found is None:
        return SinkRule(text)
    pairs = [part.partition("=") for part in found[1].split("&")]
    try:
        return read(text[: found.start()], {key: value for key, _, value in pairs})
    except Fault as fault:
        raise Fault(f"sink {text[:200]!r}: {fault}") from None


def _one_of(key: str, value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise Fault(
            f"{key}: {value!r:.60}: no such choice{nearest(str(value)[:60], known)} "
            f"({', '.join(known)})"
        )
    return str(value)


def _size(value: object) -> Size | None:
    if value is None or isinstance(value, Size):
        return value
    try:
        return Size.parse(str(value))
    except ValueError as error:
        raise Fault(f"size: {error}") from None


def _seconds(value: object) -> float:
    text = str(value).strip().lower()
    found = re.fullmatch(r"(\d*\.?\d+)[\s-]*(s|ms)?", text)
    seconds = float(found[1]) * (0.001 if found[2] == "ms" else 1) if found else -1.0
    if not 0 <= seconds <= LONGEST_FADE:
        raise Fault(
            f"loop_fade: {value!r:.60}: 0 to {LONGEST_FADE:g} s would be right, such as 0.5 s"
        )
    return seconds


def _check(rule: SinkRule) -> None:
    """Whether its parts go together. Raises Fault."""
    kind, _, rest = rule.to.partition(":")
    ending = PurePath(rest).suffix.lower()
    if kind == "preview" and rule != SinkRule(rule.to):
        raise Fault("preview: the page shows the picture by itself, and takes no options")
    if rule.codec.name != "h264":
        if kind != "record":
            raise Fault(f"codec: is for recordings; {rule.to} has none")
        check_codec(rest, rule.codec)
    if rule.loop_fade and (kind != "record" or ending not in LOOPS):
        raise Fault("loop_fade: is for pictures that loop: record:loop.gif or record:loop.webp")
    if rule.pixels != "bgrx" and (kind != "ndi" or rule.alpha != "none"):
        why = f"{rule.to} has no such choice" if kind != "ndi" else "has no alpha"
        raise Fault(f"pixels: {rule.pixels}: {why}; it is for ndi: without alpha")
    if rule.alpha == "mask" and not (
        kind in WITH_ALPHA and (kind != "record" or has_alpha(rest, rule.codec))
    ):
        raise Fault(
            f"alpha: {rule.to} has none; ndi:, spout:, syphon:, record:FOLDER/, and recordings "
            "with codec: prores 4444 (.mov) or ffv1 (.mkv), and .webp have"
        )
