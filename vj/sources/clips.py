"""A playlist of clips."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.picture_place import PicturePlace
from vj.sources import EndOfSource, SourceSettings, make_source
from vj.sources.clip_place import ClipPlace
from vj.sources.clip_stretches import Stretches
from vj.sources.clip_times import ClipTimes, one_after_another
from vj.sources.opening import Opening
from vj.sources.transport import Transport, TransportControl

LATE = 0.5
"""Seconds of delay beyond which a clip begins now instead of catching up: the machine was suspended
meanwhile."""


OPENING = 3.0
"""Seconds that a clip gets to open before it is skipped: a share may not answer, a pipe may have no
writer."""


@dataclass(frozen=True, slots=True)
class Coming:
    """A clip of the list that is being opened. control: what plays it; None where the list has no
    transport."""

    index: int
    opening: Opening
    control: TransportControl | None


class Clips:
    """`clips:A.mp4,B.mp4,drawn:drive`: each to its end, then the next; after the last the first
    again when the show loops.

    The next one is opened in advance, in the background, and begins exactly when the last one ends,
    so that curves over all of them stay in sync for hours. Live, one that does not open is skipped
    and logged; offline that is a Fault before the first frame. Movies and drawn scenes have an end;
    other sources do not and cannot be used here. `fps` is that of the clip it begins with.

    With a transport, speed, position and the part that plays are those of each clip; backwards the
    one before follows. What comes at the end is meant of the list: again from the first (ping-pong
    as well), or no further. It begins with the first one, backwards with the last, and so does it
    again when it is told to begin again.
    """

    live = False
    ends = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        """Raises Fault for an empty list, or something in it that has no end."""
        self._names = [name.strip() for name in rest.split(",") if name.strip()]
        if not self._names:
            raise Fault(f"clips:{rest}: name clips: clips:A.mp4,B.mp4")
        self._settings = settings
        for name in self._names:
            if not getattr(self._make(name, None), "ends", False):
                raise Fault(
                    f"clips:{rest}: {name} has no end; movies and moving drawn: scenes have one"
                )
        self.fps: float | None = None
        self.frames: int | None = None
        """The total, not known before the last clip has been opened."""
        self._index = 0
        self._clip: Any = None
        self._control: TransportControl | None = None
        """Of the clip that plays."""
        self._next: Coming | None = None
        self._seeks = 0
        self._follows_pictures = False

    @property
    def length(self) -> float | None:
        """Seconds of the clip that plays; None where it plays without a transport."""
        return getattr(self._clip, "length", None)

    def position(self) -> float | None:
        """Where the clip that plays is, as a share of its length, 0..1; None where it plays without
        a transport. From any thread."""
        clip = self._clip
        found: float | None = None if clip is None else clip.position()
        return found

    @property
    def heard(self) -> ClipPlace | None:
        """Where the sound of the clip that plays is to be read. From any thread."""
        found: ClipPlace | None = getattr(self._clip, "heard", None)
        return found

    def stretches(self, now: float, seconds: float) -> Stretches | None:
        """What of the clip that plays goes by from now on; None where it was not read now, or has
        no sound to follow."""
        ahead = getattr(self._clip, "stretches", None)
        found: Stretches | None = None if ahead is None else ahead(now, seconds)
        return found

    def times(self) -> ClipTimes | None:
        """When the pictures of all of them begin, one clip after the other; None where one of them
        does not know. Raises Fault."""
        found = [self._make(name, None) for name in self._names]
        times = [clip.times() if hasattr(clip, "times") else None for clip in found]
        known = [one for one in times if one is not None]
        return one_after_another(known) if len(known) == len(times) else None

    def follow_pictures(self) -> None:
        """See `vj.sources.video.Video.follow_pictures`."""
        self._follows_pictures = True
        if hasattr(self._clip, "follow_pictures"):
            self._clip.follow_pictures()

    def following(self) -> float | None:
        """See `vj.sources.video.Video.following`."""
        found: float | None = None
        if hasattr(self._clip, "following"):
            found = self._clip.following()
        return found

    def _make(self, name: str, control: TransportControl | None) -> Any:
        return make_source(
            name, replace(self._settings, loop=control is not None, transport=control)
        )

    def _open_ahead(self, index: int) -> Coming:
        whole = self._settings.transport
        control = None
        if whole is not None:

            def transport() -> Transport:
                return replace(whole.now(), loop="next")

            control = TransportControl(transport)
        name = self._names[index]
        return Coming(index, Opening(name, self._make(name, control)), control)

    def open(self) -> None:
        """Open the first clip that opens. Raises its Fault when none does; offline when one does
        not."""
        self.close()
        if not self._settings.clock.live:
            for name in self._names:
                clip = self._make(name, None)
                clip.open()
                clip.close()
        whole = self._settings.transport
        self._seeks = 0 if whole is None else whole.seeks
        self._index = -1 if self._step() > 0 else 0
        self._open_next(None)
        self.fps = getattr(self._clip, "fps", None)

    def begin(self, moment: float) -> None:
        """The first frame of the clip that plays is due then."""
        self._clip.begin(moment)

    def _step(self) -> int:
        """To the clip after this one, or, backwards, to the one before."""
        whole = self._settings.transport
        return -1 if whole is not None and whole.now().speed < 0 else 1

    def _after(self, index: int) -> int:
        return (index + self._step()) % len(self._names)

    def read(self) -> Frame | None:
        """The next frame; None while the next clip is still being opened. Raises EndOfSource after
        the last one when they play once."""
        if self._clip is None:
            raise Fault("clips: is not open")
        self._pass_seeks_on()
        frame: Frame | None = None
        for _ in self._names:
            if self._settings.clock.live:
                self._look_ahead()
            frame, over = self._read_clip()
            if self._ends_at(over) or over is None:
                return self._named(frame)
            coming = self._next.opening if self._next is not None else None
            if coming is not None and not coming.done.wait(0.2) and coming.age() < OPENING:
                return self._named(frame)
            self._open_next(over)
        return self._named(self._clip.read())

    def ahead(self, moment: float) -> PicturePlace | None:
        """See `vj.sources.clip_place.place_ahead`; of the clip that plays."""
        ahead = getattr(self._clip, "ahead", None)
        found: PicturePlace | None = None if ahead is None else ahead(moment)
        return None if found is None else replace(found, clip=self._names[self._index])

    def _named(self, frame: Frame | None) -> Frame | None:
        """A frame that says which clip of the list it is of."""
        if frame is None or frame.place is None:
            return frame
        return replace(frame, place=replace(frame.place, clip=self._names[self._index]))

    def _read_clip(self) -> tuple[Frame | None, float | None]:
        """Of the clip that plays: its next frame, and the moment at which it came to its end."""
        try:
            frame: Frame | None = self._clip.read()
        except EndOfSource:
            return None, self._clip.due
        return frame, None if self._control is None else self._control.over

    def _ends_at(self, over: float | None) -> bool:
        """Whether the clip that plays is over, and the list with it. Raises EndOfSource where
        nothing comes after it."""
        whole = self._settings.transport
        last = self._index == (len(self._names) - 1 if self._step() > 0 else 0)
        loops = self._settings.loop if whole is None else whole.now().loop in ("loop", "ping-pong")
        ends = over is not None and last and not loops
        if ends and not self._settings.loop and (whole is None or whole.now().loop == "once"):
            raise EndOfSource
        if whole is not None:
            whole.over = over if ends else None
        return ends

    def _pass_seeks_on(self) -> None:
        """A seek is of the clip that plays; to begin again is of the list."""
        whole = self._settings.transport
        if whole is None or self._control is None or whole.seeks == self._seeks:
            return
        self._seeks, position = whole.sought
        if position is not None:
            self._control.seek(position)
            return
        first = 0 if self._step() > 0 else len(self._names) - 1
        if self._index == first:
            self._control.restart()
        else:
            self._drop_next()
            self._index = first - self._step()
            self._open_next(None)

    def _look_ahead(self) -> None:
        """The clip that comes next is being opened, also when the direction has turned."""
        index = self._after(self._index)
        if self._next is None or self._next.index != index:
            self._drop_next()
            self._next = self._open_ahead(index)

    def _open_next(self, due: float | None) -> None:
        """Go on to the next clip that opens; its first frame is due at `due`, or when it is read.
        Raises the last Fault when none opens."""
        fault: Fault | None = None
        late = LATE
        for _ in self._names:
            self._index = self._after(self._index)
            coming, self._next = self._next or self._open_ahead(self._index), None
            fault = coming.opening.wait(OPENING if self._settings.clock.live else None)
            if fault is None:
                break
            if not coming.opening.done.is_set():
                late = 0.0  # the time spent waiting for it is not caught up
            self._settings.log(f"{fault}; the next clip plays")
        if fault is not None:
            raise fault
        if self._clip is not None:
            self._clip.close()
        self._clip, self._control = coming.opening.source, coming.control
        if self._follows_pictures:
            self.follow_pictures()
        now = self._settings.clock.now()
        if due is not None or self._control is None:
            self._clip.begin(due if due is not None and now - due < late else now)

    def _drop_next(self) -> None:
        if self._next is not None:
            self._next.opening.abandon()
            self._next = None

    def close(self) -> None:
        if self._clip is not None:
            self._clip.close()
        self._drop_next()
        self._clip = self._control = None
