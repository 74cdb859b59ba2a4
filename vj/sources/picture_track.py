"""A video file, opened: which of its streams is its picture, and whether a seek leads back to the
first one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vj.core.errors import Fault
from vj.core.media_file import opened
from vj.core.packets import packets_of
from vj.sources.missing import missing
from vj.sources.moving_picture import as_movie

STILLS = ("mjpeg", "png", "bmp", "gif", "webp", "tiff")
"""Codecs in which covers are kept, also by programs that do not mark them as covers."""


def open_film(path: Path) -> tuple[Any, Any]:
    """The open container of a video file, and the stream that is its picture. Raises Fault for a
    file that is missing or holds no picture."""
    import av

    name = f"video:{path}"
    _check_there(path)
    try:
        container = opened(as_movie(path) or path)
    except (av.FFmpegError, OSError) as error:
        raise Fault(f"{name}: {_why_not(path, error.strerror or str(error))}") from None
    try:
        return container, picture_track(container, name)
    except Fault:
        container.close()
        raise


def _why_not(path: Path, error: str) -> str:
    """Why FFmpeg does not open a file. error: its own words."""
    if path.is_file():
        with open(path, "rb") as file:
            head = file.read(8)
        if not head:
            return "is empty; copy or save it once more"
        if head[4:] == b"ftyp":
            return (
                f"is an MP4 or MOV without an index ({error}): its recording or copying was cut "
                "off. Copy it once more; untrunc repairs it by a whole one from the same camera"
            )
    return f"is not a video that FFmpeg can read ({error})"


def _check_there(path: Path) -> None:
    try:
        there = path.exists()
    except (
        OSError,
        ValueError,
    ) as error:  # a name too long for the file system, or a folder without permission
        raise Fault(
            f"video:{str(path)[:120]}: cannot be opened "
            f"({getattr(error, 'strerror', None) or error})"
        ) from None
    if not there:
        raise missing("video", path)
    if path.is_dir():
        raise Fault(f"video:{path}: is a folder; name a file in it")


def is_cover(stream: Any) -> bool:
    """A picture that belongs to a file as a cover or a thumbnail, as it says itself."""
    from av.stream import Disposition

    marks = Disposition.attached_pic | Disposition.timed_thumbnails
    return bool(stream.disposition & marks)


def _may_be_still(stream: Any) -> bool:
    """One picture that is not marked as a cover, beside a film, as far as is known."""
    from av.stream import Disposition

    if stream.disposition & Disposition.still_image:
        return True
    return stream.codec_context.name in STILLS and stream.frames <= 1


def picture_track(container: Any, name: str) -> Any:
    """The stream that players show: never a cover; the one that the file marks as its default, else
    the largest, of those the one with the most frames, of those the first. name: of the source, for
    messages. Raises Fault for a file without one."""
    from av.stream import Disposition

    video = list(container.streams.video)
    if not video:
        tracks = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise Fault(f"{name}: holds no picture, only {tracks}")
    films = [stream for stream in video if not is_cover(stream)]
    if not films:
        raise Fault(
            f"{name}: holds no picture but a cover; name a file with a video, or save the cover "
            "as a picture and name that"
        )
    readable = [stream for stream in films if stream.codec_context is not None]
    if not readable:
        raise Fault(f"{name}: its picture has a codec that this FFmpeg cannot decode")
    moving = [stream for stream in readable if not _may_be_still(stream)] or readable
    default = [stream for stream in moving if stream.disposition & Disposition.default] or moving
    return max(default, key=lambda s: (s.width * s.height, s.frames, -s.index))


def place_of(packet: Any) -> tuple[int | None, int | None]:
    """What tells a packet from the others of its file."""
    return packet.pos, packet.pts


def leads_to(beginning: Any, container: Any, stream: Any) -> bool:
    """Whether a seek to 0 leads to the first packet of a file. It does not where an index leaves it
    out, or where an edit list hides pictures that those after them need. beginning: of that packet,
    see `place_of`. Raises `av.FFmpegError`."""
    container.seek(0, backward=True)
    first = next(packets_of(container, stream), None)
    return first is not None and place_of(first) == beginning
