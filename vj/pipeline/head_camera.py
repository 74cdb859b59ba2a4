"""A virtual camera that keeps a head in the picture (`input/follow: head`).

Heads are found in the whole input, live beside the picture, which gets the newest and never waits,
offline on the spot. The camera moves as one on a tripod with a heavy arm: not for what stays near
the middle, critically damped (it never swings beyond), and no faster than a person pans.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vj.core.errors import told
from vj.core.frame import Frame, Size
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.parameters.store import Snapshot
from vj.pipeline.input_view import View
from vj.pipeline.landmarks.heads import Head, HeadFinder, missing
from vj.pipeline.preprocess import Fit, placed

NAME = "head following"
"""Of the thread."""
SHARE = 0.36
"""Of the picture's height that a head takes at input/zoom 1."""
ABOVE = 0.06
"""How far over the picture's middle a head stands, in its heights."""
EDGE, CLOSER = 0.36, 1.45
"""A head at the edge of the input cannot come to the middle. So far from the picture's edge it
shall stand, a share of its size, and for that the camera goes so many times closer at most."""
CLOSEST = 5.0
"""The most that the camera itself zooms in, for a head that is far away."""
DEAD, DEAD_SIZE = 0.1, 0.2
"""How far off a head may be without the camera moving: in halves of the picture, and in octaves of
its size."""
SECONDS, SECONDS_OF_ZOOM = 0.35, 0.6
"""Of the damping: how slowly the camera follows a head, and its size."""
HURRY = 5.0
"""How much quicker it follows a head that is half a picture off: who walks past covers the close
picture twice a second, and shall stay in it."""
FASTEST, FASTEST_ZOOM = 6.0, 1.5
"""Halves of the picture, and octaves, a second."""
WIDEN = 0.3
"""Halves of the picture: where the head is further off, the camera opens up, too."""
HOLD = 1.5
"""Seconds for which the camera stays where a head was lost, before it opens up to all."""
JUMP, DOUBT = 1.0, 0.25
"""Heads: what is suddenly so many of its heights away is another one, or a mistake, and is believed
after so many seconds."""
ENTRY = 0.8
"""Seconds in which following begins and ends."""


class Damped:
    """A number that is led to another, critically damped."""

    def __init__(self, value: float = 0.0) -> None:
        self.value, self.speed = value, 0.0

    def toward(self, goal: float, seconds: float, slowness: float, fastest: float) -> None:
        """A step of so many seconds, exact whatever the frame rate. fastest: a second."""
        rate = 2 / slowness
        # No goal is further away than what is reached at full speed.
        far = max(-fastest * slowness, min(fastest * slowness, self.value - goal))
        goal = self.value - far
        push = self.speed + rate * far
        left = math.exp(-rate * seconds)
        self.value = goal + (far + push * seconds) * left
        self.speed = (self.speed - rate * push * seconds) * left


@dataclass(frozen=True, slots=True)
class InputField:
    """What of an input is painted at zoom 1, as shares of its width and height. aspect: its width
    by its height."""

    across: float
    down: float
    aspect: float

    @classmethod
    def of(cls, came: Size, painted: Size, fit: Fit) -> InputField:
        cut, inner = placed(came, painted, fit)
        return cls(
            painted.width * cut.width / inner.width / came.width,
            painted.height * cut.height / inner.height / came.height,
            came.width / came.height,
        )

    def apart(self, one: Head, other: Head) -> float:
        """How far away a head is from another, in its heights, or how much larger or smaller, in
        octaves and a half."""
        tall = max(other.height, 1e-3)
        away = math.hypot((one.x - other.x) * self.aspect, one.y - other.y)
        return max(away / tall, 1.5 * abs(math.log2(max(one.height, 1e-3) / tall)))

    def goal(self, head: Head) -> tuple[float, float, float]:
        """Where a head wants the camera: x, y as in `View`, and octaves of zoom."""
        zoom = SHARE * self.down / max(head.height, 1e-3)
        near = min(
            min(head.x, 1 - head.x) / self.across, min(head.y, 1 - head.y) / self.down
        )  # its way to the edge
        zoom *= min(CLOSER, max(1.0, EDGE / max(near * zoom, 1e-3)))
        zoom = min(CLOSEST, max(1.0, zoom))
        return 2 * head.x - 1, 2 * head.y - 1 + 2 * ABOVE * self.down / zoom, math.log2(zoom)

    def inside(self, x: float, y: float, zoom: float) -> tuple[float, float]:
        """The nearest place to look at from which nothing beyond the input is seen."""
        room = max(0.0, 1 - self.across / zoom), max(0.0, 1 - self.down / zoom)
        return max(-room[0], min(room[0], x)), max(-room[1], min(room[1], y))


class HeadCamera:
    """The camera's motion. Belongs to the render thread."""

    def __init__(self) -> None:
        self._time: float | None = None
        self._rest()

    def _rest(self) -> None:
        self._x, self._y, self._zoom = Damped(), Damped(), Damped()
        self._share = Damped()
        """How far it is followed, 0..1."""
        self._seen = -math.inf
        """When there was a head last."""
        self._believed: Head | None = None
        self._placed = False
        """There has been one."""
        self._goal = (0.0, 0.0, 0.0)

    @property
    def idle(self) -> bool:
        """It neither follows nor is on its way back."""
        return not self._placed

    def view(
        self,
        by_hand: View,
        head: Head | None,
        field: InputField,
        on: bool,
        at_once: bool,
        time: float,
    ) -> View:
        """What is seen now. by_hand: as the parameters say. head: the newest; None where none is
        known. at_once: following begins with the first head, not with a glide."""
        passed = 0.0 if self._time is None else min(0.5, max(0.0, time - self._time))
        self._time = time
        if head is not None and self._is_believed(head, field, time):
            self._goal, self._seen = field.goal(head), time
            if not self._placed:
                self._x, self._y, self._zoom = map(Damped, self._goal)
                self._placed = True
                if at_once:
                    self._share = Damped(1.0)
        elif time - self._seen > HOLD:
            self._goal = (0.0, 0.0, 0.0)
        self._move(field, passed)
        self._share.toward(float(on and self._placed), passed, ENTRY / 2, 10.0)
        if not on and self._share.value < 1e-3:
            self._rest()
        return self._mixed(by_hand, field) if self._placed else by_hand

    def _is_believed(self, head: Head, field: InputField, time: float) -> bool:
        last = self._believed
        if last is None or field.apart(head, last) < JUMP or time - self._seen > DOUBT:
            self._believed = head
            return True
        return False

    def _move(self, field: InputField, passed: float) -> None:
        size = 2**self._zoom.value
        x, y, zoom = self._goal
        most = 0.0
        for axis, goal, half in (
            (self._x, x, field.across / size),
            (self._y, y, field.down / size),
        ):
            wanted = _beyond(axis.value, goal, DEAD * half)
            off = abs(wanted - axis.value) / half
            axis.toward(wanted, passed, SECONDS / (1 + HURRY * off), FASTEST * half)
            most = max(most, off)
        zoom = max(0.0, zoom - math.log2(max(1.0, most / WIDEN)))
        wanted = _beyond(self._zoom.value, zoom, DEAD_SIZE)
        self._zoom.toward(wanted, passed, SECONDS_OF_ZOOM, FASTEST_ZOOM)

    def _mixed(self, by_hand: View, field: InputField) -> View:
        share = min(1.0, max(0.0, self._share.value))
        zoom = by_hand.zoom * 2 ** (share * self._zoom.value)
        zoom = min(8.0, max(0.25, zoom))
        x, y = field.inside(self._x.value, self._y.value, zoom)
        # Heads are found in the input as it came, and a view looks at what is mirrored.
        x = -x if by_hand.mirror in ("across", "both") else x
        y = -y if by_hand.mirror in ("down", "both") else y
        # By hand the head is moved off the middle: at 1 it stands at the edge.
        x += by_hand.x * field.across / zoom
        y += by_hand.y * field.down / zoom
        return by_hand.moved(
            zoom, by_hand.x + share * (x - by_hand.x), by_hand.y + share * (y - by_hand.y)
        )


def _beyond(value: float, goal: float, dead: float) -> float:
    """The goal, moved towards the value by what may be off."""
    off = goal - value
    return value if abs(off) <= dead else goal - math.copysign(dead, off)


class _Asked(NamedTuple):
    pixels: np.ndarray
    time: float


class FollowedInput:
    """The views of one deck's frames. Belongs to the render thread."""

    def __init__(
        self,
        on_message: Callable[[str], None],
        supervisor: Supervisor,
        live: bool,
        finder: HeadFinder | None = None,
    ) -> None:
        """live: heads are looked for beside the picture."""
        self._log, self._supervisor, self._live = on_message, supervisor, live
        self._finder = finder or HeadFinder()
        self._given = finder is not None
        self._camera = HeadCamera()
        self._worker = NewestWorker(supervisor, NAME, self._answer)
        self._head: Head | None = None
        self._last: np.ndarray | None = None
        """The pixels that were looked at last."""
        self._was_on = False
        self._there = False
        self._at_once = True
        """Followed from the first frame on."""
        self._told: set[str] = set()

    def view(self, frame: Frame, snapshot: Snapshot, painted: Size, fit: Fit) -> View:
        """What of the frame is seen. To be called with every frame."""
        by_hand = View.of(snapshot)
        on = snapshot["input/follow"] == "head"
        if on and not self._was_on:
            why = "" if self._given else missing()
            self._there = not why
            if why:
                self._tell(f"input/follow head: {why}; the input stays as it is")
        self._was_on = on
        if not on:
            self._at_once = False
            self._head = self._last = None
            if self._camera.idle:
                return by_hand
        elif self._there:
            self._look(frame)
        field = InputField.of(frame.size, painted, fit)
        return self._camera.view(
            by_hand, self._head, field, on and self._there, self._at_once, snapshot.time
        )

    def _look(self, frame: Frame) -> None:
        if frame.pixels is self._last:
            return
        self._last = frame.pixels
        look = self._worker.put if self._live else self._answer
        look(_Asked(frame.pixels, frame.captured))

    def _answer(self, asked: _Asked) -> None:
        try:
            pixels = np.ascontiguousarray(asked.pixels[..., :3])
            self._head = self._finder.find(pixels, asked.time)
        except Exception as error:  # foreign networks: the picture goes on
            self._head = None
            self._supervisor.count(NAME)
            self._tell(f"input/follow head: {told(error)}; the input stays as it is")

    def _tell(self, message: str) -> None:
        if message not in self._told:  # the same words once
            self._told.add(message)
            self._log(message)

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._worker.close()
