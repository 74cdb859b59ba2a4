"""What of the past a frame's picture is made of, and so where a film can be cut into parts that are
rendered apart and are to the byte what the whole one would be.

Nothing is left at a hard cut (see `vj.pipeline.scene_cut`: there `FramePipeline.reset` forgets),
and at a clear place: since the last hard cut nothing was played that lasts, and in the frames that
run in nothing that goes on from picture to picture. What goes by its own time is no past: it is run
ahead (see `vj.pipeline.frame_range`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vj.effects.header import AMOUNT, PREFIX
from vj.parameters.store import Snapshot
from vj.parameters.table import TABLE
from vj.pipeline.backend import Backend, GoesOn, PassThrough
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_range import RUN_IN
from vj.pipeline.scene_cut import has_contrast

GOES_ON: Mapping[str, object] = {"feedback/amount": 0, "blend/smoothing": 0}
"""Parameters by which a picture goes on from the one before, and the value at which it does not:
once a frame is painted so, nothing is left."""
LASTS: Mapping[str, object] = {
    "noise/hold": 1,
    "noise/ride": 0,
    "memory/amount": 0,
    "latent/morph": 0,
    "similarity": 0,
    "output/freeze": False,
    "journey": False,
}
"""Those that leave more than the last picture, till a hard cut: how often noise has boiled, where
it has ridden, what is remembered."""
CHANGES = ("steps", "model")
"""Those with which pictures fade from what was before when they become others."""
FOR_GOOD = ("walk/even", "image/from", "film/begin")
"""Those by which what was painted leads what comes, over hard cuts too: a walk's pace, a picture
that is taken of what is painted, a film that is dreamt. From there on nothing is cut."""
KEPT_ON: Mapping[str, object] = {
    name: TABLE.rows[name].start
    for name in (
        *("input/follow", "portrait/amount", "background/source", "image/from", "image/grab"),
        *("mask/learn", "subject/pick", "deck/mix", "journey"),
    )
}
"""Those by which something of the pictures themselves is kept over hard cuts: whom a view follows,
an empty room, a face at rest. Its value where nothing is."""
_NAMES = """
prompt/a prompt/b prompt/mix prompt/list prompt/scenes prompt/position palette/a palette/b
prompt/negative prompt/travel image/amount image/mix image/styles image/every image/grab
strength guidance delta control/amount control/lines control/edges control/depth control/face
control/body pocket/size pocket/relief seed/a seed/b seed/mix noise/align noise/swirl
memory/frames memory/every memory/match memory/threshold memory/forget memory/reset
feedback/zoom feedback/rotate feedback/x feedback/y feedback/yaw feedback/pitch feedback/dolly
feedback/fov feedback/edge feedback/flow journey/from journey/edge/strength blend/motion mix/wet
mix/mode mask/mode mask/threshold mask/feather mask/invert mask/steady mask/clean mask/hue
mask/near mask/far mask/soft mask/learn lines/amount lines/from lines/width lines/detail
lines/invert canvas/fade canvas/clear canvas/take subject/x subject/y subject/pick
background/source background/subject background/prompt background/strength background/every
background/seed background/drift background/speed walk/position walk/leg walk/ease walk/end
walk/way walk/keys walk/repaint picture/brightness picture/contrast picture/saturation
picture/hue picture/sharpen display/pattern output/blackout output/interpolate output/late
sound/level sound/source/level source source/start source/position source/seek source/at
source/again source/speed source/in source/out source/loop source/between deck/b deck/b/start
deck/b/position deck/b/seek deck/b/at deck/b/again deck/b/speed deck/b/in deck/b/out deck/b/loop
deck/b/between model/prepare crossfade deck/mix deck/mode deck/space cut/rate cut/go cut/order
input/mirror input/seam input/seam/soft input/zoom input/rotate input/x input/y input/follow
portrait/amount portrait/picture portrait/pose portrait/expression portrait/neutral cue/go
cue/back cue/fire cue/store cue/write mark/set mark/write timeline/play timeline/pause
timeline/position lights/amount output/step output/delay output/delay/beats
tempo/bpm tempo/tap take/start take/stop record snapshot panic
"""
RUN_AHEAD = frozenset(_NAMES.split())
"""Those of one frame, and those whose past is in the frames that come in and in time alone, which
are run ahead. Whoever adds a parameter puts it here, or says above what it leaves behind
(tests/pipeline/test_past.py asks, and tries it)."""
_DECLARED = RUN_AHEAD | {*GOES_ON, *LASTS, *CHANGES, *FOR_GOOD}
UNDECLARED = {name: row.start for name, row in TABLE.rows.items() if name not in _DECLARED}
"""Of these it is not known what they leave: while one is played nothing is clear."""


@dataclass(slots=True)
class Places:
    """Where a film can be cut, found by looking at each of its frames. Numbers count from 0."""

    cuts: list[int] = field(default_factory=list)
    """Frames that begin with a hard cut."""
    clear: list[int] = field(default_factory=list)
    """Other frames at which nothing of the past is left."""
    frames: int = 0
    kept: set[str] = field(default_factory=set)
    """What kept the rest from being clear: parameters, or words."""
    lost_at: int | None = None
    """The frame from which on nothing is cut; None where there is none."""
    lost: str = ""
    """Why nothing is cut any more; empty where something may be."""
    against: list[int] = field(default_factory=list)
    """The frames with which those in `cuts` were compared: without them they are no cuts."""
    watched: list[list[int]] = field(default_factory=list)
    """First and last frames, together, in which something of the pictures themselves is kept till
    the next hard cut: a mask, what is looked for in them, a gate."""
    kept_on: int | None = None
    """The first frame in which something of the pictures is kept over hard cuts too."""
    _before: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=RUN_IN))
    """The pictures of the last frames."""
    _scene: int = 0
    _since: int = 0
    """Frames in a row that go on from nothing."""
    _lasting: bool = False
    _steps: object = None
    _backend: Backend | None = None

    def look(
        self, number: int, snapshot: Snapshot, context: FrameContext, backend: Backend
    ) -> None:
        """The next frame; see `vj.pipeline.frame_range.Look`."""
        self.frames = number + 1
        self._watch(number, snapshot, context, backend)
        begins, self._scene = context.scene != self._scene, context.scene
        if not self.lost:
            self.lost = for_good(snapshot, context, backend)
            self.lost_at = number if self.lost else None
        if self.lost:
            return
        if begins:
            self._lasting, self._since = False, 0
        fades = not begins and self._backend not in (None, backend)
        self._backend = backend
        lasts = lasting(snapshot, context, backend) + ["model"] * fades
        goes_on = played(snapshot, GOES_ON)
        self.kept.update(lasts, goes_on)
        self._lasting = self._lasting or bool(lasts)
        steps, self._steps = self._steps, snapshot["steps"]
        self._since = 0 if goes_on or steps != self._steps else self._since + 1
        if begins and number and not snapshot["output/freeze"]:
            self.cuts.append(number)
            self.against.append(self._compared_with(number))
        elif number and not self._lasting and self._since > RUN_IN:
            self.clear.append(number)
        self._before.append(context.image)

    def _compared_with(self, number: int) -> int:
        """The last frame with contrast before one, as far as it is known; else one before it that
        had some."""
        for back, picture in enumerate(reversed(self._before), 1):
            if has_contrast(picture):
                return number - back
        return self.cuts[-2] if len(self.cuts) > 1 else 0

    def _watch(
        self, number: int, snapshot: Snapshot, context: FrameContext, backend: Backend
    ) -> None:
        if self.kept_on is None and keeps_on(snapshot, context):
            self.kept_on = number
        if not keeps_pictures(snapshot, context, backend):
            return
        if self.watched and self.watched[-1][1] == number - 1:
            self.watched[-1][1] = number
        else:
            self.watched.append([number, number])

    def before(self, number: int) -> int:
        """The last place at or before a frame, from which it has to be painted."""
        return max((place for place in (*self.cuts, *self.clear) if place <= number), default=0)


def played(snapshot: Snapshot, neutral: Mapping[str, object]) -> list[str]:
    return [name for name, value in neutral.items() if snapshot[name] != value]


def lasting(snapshot: Snapshot, context: FrameContext, backend: Backend) -> list[str]:
    """What this frame leaves till a hard cut, in parameters' names and words."""
    found = played(snapshot, LASTS) + played(snapshot, UNDECLARED)
    found += [name for name in snapshot.values if _remembers(name, snapshot)]
    if context.flight is not None:
        found.append("journey")
    if isinstance(backend, GoesOn):
        if backend.keeps == "till a cut" and snapshot["strength"] > 0:
            found.append(f"model {backend.name}")
        elif backend.keeps == "what was fed back" and snapshot["feedback/amount"] > 0:
            found.append("feedback/amount")
    return found


def keeps_pictures(snapshot: Snapshot, context: FrameContext, backend: Backend) -> bool:
    """Something of this frame's own picture, which need not be painted, is kept till a hard
    cut."""
    gates = isinstance(backend, GoesOn) and backend.keeps != "nothing" and snapshot["strength"] > 0
    looked_at = snapshot["mask/mode"] != "none" or snapshot["lines/amount"] > 0
    guides = bool(backend.guides) and snapshot["control/amount"] > 0
    found = context.mask is not None or context.lines is not None or bool(context.guides)
    return gates or looked_at or guides or found


def keeps_on(snapshot: Snapshot, context: FrameContext) -> bool:
    """Something of this frame's own picture is kept over hard cuts."""
    there = context.walk is not None or context.flight is not None or context.taken is not None
    return there or context.blank or bool(played(snapshot, KEPT_ON))


def _remembers(name: str, snapshot: Snapshot) -> bool:
    """An effect of the show's own that is seen: what it remembers goes at a hard cut alone."""
    own = name.startswith(PREFIX) and name.endswith(f"/{AMOUNT}")
    return own and snapshot[name] > 0


def for_good(snapshot: Snapshot, context: FrameContext, backend: Backend) -> str:
    """Why nothing is cut from this frame on; empty where something may be."""
    walks = context.walk is not None and context.walk.deck is not None
    if walks and snapshot["walk/even"] > 0:
        return "walk/even goes by what is painted"
    if snapshot["image/from"] == "output":
        return "image/from output takes what is painted"
    if isinstance(backend, PassThrough):
        return ""
    if not isinstance(backend, GoesOn):
        return f"{backend.name} cannot begin in the middle of a film"
    if backend.keeps == "for good":
        return f"{backend.name} dreams on from what it has painted"
    return ""
