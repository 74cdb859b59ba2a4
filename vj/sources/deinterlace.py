"""A whole picture of two that were taken one after the other, woven into one another line by line:
FFmpeg's bwdif."""

from __future__ import annotations

from typing import Any

from vj.sources.filtering import Form, form_of, graph_of

BWDIF = ("bwdif", {"mode": "send_frame", "parity": "auto", "deint": "all"})
"""All are filtered, flagged or not: which need it is decided before."""


class Deinterlacer:
    """Gives the picture at the moment of a frame's first field. That depends on the frame and on
    its neighbours alone, whatever was asked for before. For one thread."""

    def __init__(self) -> None:
        self._graph: Any = None
        self._pushed: tuple[Any, ...] = ()
        """The last two frames that the graph has got."""

    def picture(self, before: Any, frame: Any, after: Any) -> Any:
        """All are decoded frames (`av.VideoFrame`); before, after: its neighbours in time, None at
        the ends of the file, not used where their size or form is another. One that FFmpeg cannot
        filter comes back as it is."""
        import av

        form = form_of(frame)
        before = before if before is not None and form_of(before) == form else None
        after = after if after is not None and form_of(after) == form else None
        try:
            found = self._filtered(form, before, frame, after)
        except (av.FFmpegError, OSError, ValueError):
            self._graph = found = None
        return frame if found is None else found

    def _filtered(self, form: Form, before: Any, frame: Any, after: Any) -> Any:
        if self._pushed != (before, frame) or self._graph is None:
            self._graph = graph_of(form, BWDIF)
            for pushed in (before, frame):
                if pushed is not None:
                    found = self._push(pushed)
        found = self._push(after)
        self._pushed = (frame, after)
        if after is None:
            self._graph = None  # it has been told that nothing follows
        return found

    def _push(self, frame: Any) -> Any:
        """The picture of the frame before this one; None if there was none. frame: None at the
        end."""
        import av

        self._graph.vpush(frame)
        try:
            return self._graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return None
