"""The marks of a show's clips while it plays: those of its file, and those that are set by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vj.core.errors import Fault
from vj.core.picture_place import PicturePlace
from vj.show.clip_names import OWN, ClipNames
from vj.show.marks_section import check_name, marks_of
from vj.show.save_marks import written

WriteMarks = Callable[[dict[str, dict[str, float]]], str]
"""Writes marks, {clip: {name: seconds}}, into the show file; returns a message. Raises Fault."""
MOST = 999
"""Marks that are set by hand, at most: a script that sets one a frame must not fill the memory."""


class ClipMarks:
    """Belongs to the render thread; `unwritten` and `write` are for another."""

    def __init__(self, names: ClipNames, marks: Mapping[str, Mapping[str, float]]) -> None:
        """marks: the show's section."""
        self.names = names
        self._marks = {clip: dict(own) for clip, own in marks.items()}
        self._set: dict[tuple[str, str], float] = {}
        """What was set by hand and is not written yet. Replaced, never changed."""

    def take_over(self, old: ClipMarks) -> None:
        """Keep what was set and is not written, over what the file says."""
        self._set = old._set
        for (clip, name), at in self._set.items():
            self._marks.setdefault(clip, {})[name] = at

    def of(self, place: PicturePlace) -> dict[str, float]:
        """The marks of the clip that a picture is of, in seconds of it."""
        return marks_of(self._marks, self.names.of(place.uri, place.clip))

    def called(self, source: str) -> dict[str, float]:
        """The same of a source of the show, by its name."""
        return marks_of(self._marks, self.names.called(source))

    def set(self, name: str, place: PicturePlace) -> str:
        """Set one where a picture stands. Returns words for the log. Raises Fault."""
        check_name(name)
        if len(self._set) >= MOST:
            raise Fault(f"mark {name}: {MOST} are set and not written; /vj/mark/write writes them")
        called = self.names.of(place.uri, place.clip)
        if not called:
            raise Fault(
                f"mark {name}: what plays on deck A now is no source of this show; a clip in "
                "source: or sources: has marks"
            )
        there = next((clip for clip in called if name in self._marks.get(clip, {})), None)
        clip = self.names.home(place.uri, place.clip) if there is None else there
        at = round(place.seconds, 3)
        self._marks.setdefault(clip, {})[name] = at
        self._set = {**self._set, (clip, name): at}
        whose = clip if clip != OWN else next(iter(called))
        return f"mark {name} is set at {written(at)} of {whose}; /vj/mark/write writes it"

    def unwritten(self) -> dict[str, dict[str, float]]:
        """Those that were set and are not written yet."""
        found: dict[str, dict[str, float]] = {}
        for (clip, name), at in self._set.items():
            found.setdefault(clip, {})[name] = at
        return found

    def write(self, write: WriteMarks | None) -> str:
        """Write them. write: None for a show without a file. Returns a message. Waits for the disk.
        Raises Fault."""
        kept = self._set
        if not kept:
            return "no mark is set; /vj/mark/set NAME sets one where the clip on deck A stands"
        if write is None:
            return "this show has no file"
        report = write(self.unwritten())
        # what was set anew meanwhile stays
        self._set = {key: at for key, at in self._set.items() if kept.get(key) != at}
        return report
