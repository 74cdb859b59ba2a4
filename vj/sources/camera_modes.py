"""What a camera can be asked for, what a show wishes of it, and which of its modes is the right
one. Numbers and names only: no camera is touched here."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from vj.core.errors import Fault, nearest
from vj.core.frame import Size

FORMATS = {
    **dict.fromkeys(("YUYV", "UYVY", "YVYU", "NV12", "NV21", "YU12", "YV12", "BGR3", "RGB3"), 0.0),
    "MJPG": 1.0,
    **dict.fromkeys(("BGR4", "XR24", "AR24"), 2.0),
    "GREY": 10.0,
    **dict.fromkeys(("Y16", "Y12", "Y10"), 11.0),
}
"""Formats that can be played, and what they cost: nothing uncompressed, decoding for MJPG, more
data for four bytes a pixel, the colours for those that have none. H.264 and raw Bayer pictures are
not among them."""

COLOURLESS = 10.0
"""The cost from which a format has no colours."""

_SAME = {
    **dict.fromkeys(("YUY2", "YUNV", "YUVS", "2YUY"), "YUYV"),
    **dict.fromkeys(("2VUY", "HDYC", "Y422", "YVUY"), "UYVY"),
    **dict.fromkeys(("MJPEG", "JPEG", "GPJM"), "MJPG"),
    **dict.fromkeys(("GRAY", "Y800", "Y8", "L8"), "GREY"),
    **dict.fromkeys(("I420", "IYUV", "YUV420"), "YU12"),
    **dict.fromkeys(("420V", "420F"), "NV12"),
    **dict.fromkeys(("BGR24", "24BG"), "BGR3"),
    **dict.fromkeys(("RGB24",), "RGB3"),
}
"""Other names of these formats, on Windows, on macOS and with people."""

LEAST = Size(640, 480)
"""What is asked for at least: the input can be looked at closer than a small show shows it."""
NEARLY = 0.9
"""Of a side, or of a rate, that is as good as the whole: 480 lines for 512, 29.97 pictures for
30."""
TOO_SMALL = 0.5
"""Of a side: smaller pictures are taken only when the camera has no others, whatever their rate."""
STANDARD = (Size(640, 480), Size(1280, 720), Size(1920, 1080), Size(2560, 1440), Size(3840, 2160))
"""Sizes that are tried where a camera's own cannot be listed."""


@dataclass(frozen=True, slots=True)
class Mode:
    """What a camera says that it can give. format: a FOURCC as in `FORMATS`, or another. rates:
    pictures a second, rising; empty where it does not say."""

    format: str
    size: Size
    rates: tuple[float, ...] = ()

    def rate_for(self, wanted: float) -> float:
        """The lowest of its rates that is enough, else its highest; as wanted where it does not
        say. A lower rate leaves more time for the light."""
        enough = [rate for rate in self.rates if rate >= wanted * 0.995]
        return min(enough) if enough else max(self.rates, default=wanted)


@dataclass(frozen=True, slots=True)
class Wanted:
    """size: of the picture. fps: pictures a second. format: only this one; empty: whichever is
    best. exact: somebody has named the size."""

    size: Size
    fps: float
    format: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address of a camera says after its name; None and empty where it says nothing."""

    size: Size | None = None
    fps: float | None = None
    format: str = ""

    def wanted(self, size: Size, fps: float) -> Wanted:
        """In a show of that size and rate."""
        least = Size(max(LEAST.width, size.width), max(LEAST.height, size.height))
        return Wanted(self.size or least, self.fps or fps, self.format, self.size is not None)


_WISHES = re.compile(r"\?(\w+=[^?&]*(?:&\w+=[^?&]*)*)$")
"""The end of an address that is wishes, as sinks have their options."""
KEYS = ("size", "fps", "format")


def read_address(rest: str) -> tuple[str, Wish]:
    """`"HD Pro?size=1280x720&fps=60&format=MJPG"` -> the name and the wishes. Without a name it is
    `"0"`. Raises Fault."""
    found = _WISHES.search(rest)
    size, fps, form = None, None, ""
    for key, _, value in [part.partition("=") for part in (found[1] if found else "").split("&")]:
        if found is None:
            break
        if key == "size":
            try:
                size = Size.parse(value)
            except ValueError as error:
                raise Fault(f"camera:{rest[:120]}: size: {error}") from None
        elif key == "fps":
            fps = _rate(rest, value)
        elif key == "format":
            form = format_name(value)
            if form not in FORMATS:
                raise Fault(
                    f"camera:{rest[:120]}: format: {value!r:.60}: no such format"
                    f"{nearest(value.upper(), FORMATS)} ({', '.join(FORMATS)})"
                )
        else:
            raise Fault(
                f"camera:{rest[:120]}: {key}: no such key{nearest(key, KEYS)} ({', '.join(KEYS)})"
            )
    return name_of(rest), Wish(size, fps, form)


def name_of(rest: str) -> str:
    """The name alone; the wishes are not looked at."""
    return _WISHES.sub("", rest).strip() or "0"


def _rate(rest: str, value: str) -> float:
    try:
        fps = float(value)
    except ValueError:
        fps = 0.0
    if not 1 <= fps <= 1000:  # NaN, too
        raise Fault(
            f"camera:{rest[:120]}: fps: {value!r:.60}: 1 to 1000 pictures a second would be right"
        )
    return fps


def format_name(fourcc: str | float) -> str:
    """One name of a format: of `"yuy2"`, or of the number that a driver gives. Empty for none."""
    if isinstance(fourcc, str):
        text = fourcc
    elif not 0 < fourcc < 2**32:
        return ""
    else:
        # the highest bit says "big-endian", and is no letter
        text = bytes(b & 0x7F for b in int(fourcc).to_bytes(4, "little")).decode("ascii")
    text = "".join(letter for letter in text if letter.isprintable()).strip().upper()
    return _SAME.get(text, text)


def number_of(name: str) -> int:
    """`"MJPG"` -> its FOURCC, as drivers take it."""
    return int.from_bytes(name.ljust(4)[:4].encode("ascii", "replace"), "little")


def choose(modes: Sequence[Mode], wanted: Wanted) -> Mode | None:
    """The mode to ask for; None where none of them can be played.

    One with colours; of a usable size; whose rate is enough, or else the highest; that is as large
    as wanted but not larger than need be, and of its shape; and that costs least to decode.
    """
    fitting = [mode for mode in modes if mode.format in FORMATS]
    if wanted.format:
        fitting = [mode for mode in fitting if mode.format == wanted.format] or fitting

    def key(mode: Mode) -> tuple[object, ...]:
        cost = FORMATS[mode.format]
        rate = max(mode.rates, default=wanted.fps)
        lacks = 0.0 if rate >= wanted.fps * NEARLY else 1 / rate
        named = wanted.exact and mode.size != wanted.size
        usable = covers(mode.size, wanted.size, TOO_SMALL)
        return (cost >= COLOURLESS, named, not usable, lacks, *_distance(mode.size, wanted), cost)

    return min(fitting, key=key, default=None)


def covers(size: Size, wanted: Size, share: float = NEARLY) -> bool:
    """Whether a picture is as large as wanted, in both directions; a share of it is enough."""
    return size.width >= share * wanted.width and size.height >= share * wanted.height


def _distance(size: Size, wanted: Wanted) -> tuple[bool, float]:
    """How far a size is from the one wanted: too small or not, then by its area, which counts more
    the less its shape is that of the wanted one."""
    shape = abs(math.log(size.width * wanted.size.height / (size.height * wanted.size.width)))
    area = size.width * size.height
    small = not covers(size, wanted.size)
    return small, -area / (1 + shape) if small else area * (1 + shape)


def in_words(modes: Sequence[Mode]) -> list[str]:
    """`"YUYV 30/s: 640x480, 800x600"`, one line for each format and rate, sizes rising."""
    groups: dict[tuple[str, float], list[Size]] = {}
    for mode in modes:
        groups.setdefault((mode.format, max(mode.rates, default=0.0)), []).append(mode.size)
    lines = []
    for (name, rate), sizes in sorted(
        groups.items(), key=lambda group: (FORMATS.get(group[0][0], 99), group[0][0], -group[0][1])
    ):
        several = dict.fromkeys(sorted(sizes, key=lambda size: (size.width * size.height, size)))
        unplayed = "" if name in FORMATS else " (not played)"
        at = f" {rate:.3g}/s" if rate else ""
        lines.append(f"{name}{unplayed}{at}: {', '.join(map(str, several))}")
    return lines
