"""What a recording's pictures become in its file: the codecs of movies, and the pictures that loop.
Names alone, so that checking a show needs no PyAV."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath

from vj.core.errors import Fault, nearest

FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".m4v": "mp4"}
"""A movie's ending -> FFmpeg's name of the container."""
LOOPS = (".gif", ".webp")
"""Endings of pictures that loop."""
ENDINGS = ", ".join((*FORMATS, *LOOPS))
"""Of everything that is one file, in words."""


@dataclass(frozen=True, slots=True, eq=False)
class Codec:
    """How the frames of a movie are written. There is one of each."""

    name: str
    """As a show file says it."""
    encoder: str
    """FFmpeg's name."""
    endings: tuple[str, ...]
    """Of the files that can hold it."""
    pixels: str
    """FFmpeg's pixel format; RGB ones are lossless here."""
    alpha_pixels: str = ""
    """The same for pictures with alpha; empty where there is none."""
    options: dict[str, str] = field(default_factory=dict)
    even: bool = True
    """Sides have to be even."""

    @property
    def intra(self) -> bool:
        """Every picture stands by itself."""
        return self.encoder != "libx264"

    @property
    def yuv(self) -> bool:
        """Colours are converted, by BT.709; else they stay as they are."""
        return self.pixels.startswith("yuv")


_PRORES = {"threads": "1", "vendor": "apl0"}
"""One thread, as for H.264; some editors look for Apple's name. FFmpeg's other encoder, prores_ks,
took four times as long for pictures that differ by half a level."""

CODECS: dict[str, Codec] = {
    codec.name: codec
    for codec in (
        Codec("h264", "libx264", tuple(FORMATS), "yuv420p"),
        Codec("prores 422 hq", "prores", (".mov",), "yuv422p10le", "", _PRORES | {"profile": "3"}),
        Codec(
            "prores 4444",
            "prores",
            (".mov",),
            "yuv444p10le",
            "yuva444p10le",
            _PRORES | {"profile": "4"},
        ),
        Codec(
            "ffv1",
            "ffv1",
            (".mkv",),
            "bgr0",
            "bgra",
            {"threads": "1", "level": "3", "slicecrc": "1", "slices": "4", "context": "0"},
            even=False,
        ),
    )
}
"""Name -> codec. ProRes is what editors cut, FFV1 what archives keep: every bit comes back."""
_SHORT = {"prores": "prores 422 hq", "proreshq": "prores 422 hq"}


def codec_named(name: str) -> Codec:
    """`prores 4444`, `ProRes-4444` or `prores4444`. Raises Fault for one that there is not."""
    plain = _squeezed(name)
    known = {_squeezed(one): one for one in CODECS} | _SHORT
    if plain not in known:
        near = nearest(name.lower().replace("-", " "), CODECS)
        raise Fault(f"codec {name!r:.60}: no such codec{near} ({', '.join(CODECS)})")
    return CODECS[known[plain]]


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def check_codec(path: str, codec: Codec) -> None:
    """Whether a file of this name can hold it. Raises Fault."""
    ending = PurePath(path).suffix.lower()
    if ending not in codec.endings:
        stem = PurePath(path).stem or "out"
        raise Fault(
            f"record:{path}: {codec.name} is written into {' or '.join(codec.endings)}; "
            f"record:{stem}{codec.endings[0]} would be right"
        )


def has_alpha(path: str, codec: Codec) -> bool:
    """A recording there keeps transparency: pictures in a folder, and some codecs."""
    ending = PurePath(path).suffix.lower()
    return bool(codec.alpha_pixels) if ending in FORMATS else ending != ".gif"
