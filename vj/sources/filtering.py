"""Decoded frames through FFmpeg's filters, one frame at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

UNKNOWN = range(28, 40)
"""Types of side data that FFmpeg has and PyAV has no names for, so that it can give none at all:
EXIF, the view of a spatial film."""


class Form(NamedTuple):
    """What a filter graph is made for."""

    width: int
    height: int
    pixels: str
    colorspace: int
    range: int


def form_of(frame: Any) -> Form:
    return Form(
        frame.width,
        frame.height,
        frame.format.name,
        int(frame.colorspace),
        int(frame.color_range),
    )


def graph_of(form: Form, *filters: tuple[str, dict[str, str]]) -> Any:
    """An `av.filter.Graph` ready to take frames. filters: their names and options, one after the
    other. Raises av.FFmpegError."""
    from av.filter import Graph

    graph = Graph()
    graph.threads = 1
    first = graph.add(
        "buffer",
        video_size=f"{form.width}x{form.height}",
        pix_fmt=form.pixels,
        time_base="1/1000",
        pixel_aspect="1/1",
        colorspace=str(form.colorspace),
        range=str(form.range),
    )
    between = (graph.add(name, **options) for name, options in filters)
    graph.link_nodes(first, *between, graph.add("buffersink")).configure()
    return graph


def readable(frame: Any) -> Any:
    """The same frame, or one of the same pixels without side data that PyAV cannot name."""
    import av

    try:
        _all_side_data(frame)
        return frame
    except ValueError:
        deleted = [("sidedata", {"mode": "delete", "type": str(number)}) for number in UNKNOWN]
    try:
        graph = graph_of(form_of(frame), *deleted)
        graph.vpush(frame)
        return graph.vpull()
    except (av.FFmpegError, OSError, ValueError):
        return frame


def _all_side_data(frame: Any) -> Any:
    """`frame.side_data`, which the frame does not keep: it keeps the frame, and such a ring of two
    stays, with all its pixels, until Python looks for rings. Raises ValueError for what PyAV
    cannot name."""
    from av.sidedata.sidedata import SideDataContainer

    container: Any = SideDataContainer  # its stub lacks the argument
    return container(frame)


def side_data(frame: Any, name: str) -> bytes | None:
    """What a frame carries besides its pixels, by the name of its `av.sidedata.sidedata.Type`."""
    try:
        found = _all_side_data(readable(frame)).get(name)
    except ValueError:
        return None
    return None if found is None else bytes(found)
