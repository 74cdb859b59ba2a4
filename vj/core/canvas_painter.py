"""What people draw, as a picture: the strokes kept as points, and the pixels that they make.

Belongs to one thread at a time; `vj.core.canvas.Canvas` sees to that.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vj.core.brush import NOWHERE, Area, everything
from vj.core.frame import Size
from vj.core.ink import InkSheet, WetStroke
from vj.core.strokes import STROKE_POINTS, Colour, Stroke, StrokePart

KEPT_STROKES, KEPT_POINTS = 2000, 400_000
"""So many are kept as points, to be taken back and drawn anew at another size; older ones stay as
pixels."""
OPEN_STROKES = 64
"""Strokes that may be under way at a time; with one more the oldest ends."""
FADE_STEPS = 128
"""Pictures that a stroke's fade is made of, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """The canvas at one moment; nobody writes into its arrays.

    picture: (H, W, 3) uint8, strokes on paper. cover: (H, W) uint8, 255 where strokes are. version:
    rises with every change. blank: nothing is drawn and no picture imported; since: when that was
    so first, in seconds on the clock, or when it ended.
    """

    picture: np.ndarray
    cover: np.ndarray
    version: int
    blank: bool
    since: float

    @property
    def size(self) -> Size:
        return Size(self.picture.shape[1], self.picture.shape[0])


class CanvasPainter:
    """Takes strokes in and makes drawings of them. Times are seconds on the canvas' clock."""

    def __init__(self, size: Size, paper: Colour) -> None:
        self.size, self.paper = size, paper
        self._done: list[Stroke] = []
        self._open: dict[tuple[int, int], WetStroke] = {}
        self._imported: np.ndarray | None = None
        self._taken = False
        """What is imported is drawn as strokes are, and rubbed out like them."""
        self._under = self._fitted()
        self._sheet = InkSheet.empty(size)
        """All strokes that are done."""
        self._old: InkSheet | None = None
        """Those that are no longer kept as points."""
        self._old_times = (0.0, 0.0)
        """Of the oldest and the newest of them."""
        self._dirty = everything(size)
        self._faded = (0.0, 0.0)
        """Moment and seconds of the fade that was drawn last."""
        self._version, self._since, self._was_blank = 0, 0.0, True

    # What people do.

    def add(self, part: StrokePart, time: float) -> None:
        """A part of a stroke has come."""
        key = (part.person, part.number)
        wet = self._open.get(key)
        if wet is None:
            if not len(part.points):
                return
            wet = self._begin(key, part)
        points = part.points
        while len(points):
            room = STROKE_POINTS - len(wet.stroke.points)
            wet.stroke.add(points[:room], time)
            points = points[room:]
            self._dirty |= wet.end_box
            self._dirty |= wet.grow() | wet.end_box
            if len(points):
                # It goes on as another one: what is drawn at a time must not grow without end.
                last = wet.stroke.points[-1:]
                self._end(key)
                wet = self._begin(key, part)
                points = np.concatenate([last, points])
        if part.end:
            self._end(key)

    def _begin(self, key: tuple[int, int], part: StrokePart) -> WetStroke:
        while len(self._open) >= OPEN_STROKES:
            self._end(next(iter(self._open)))
        ink: Colour = (0, 0, 0) if sum(self.paper) > 382 else (255, 255, 255)
        colour, eraser = ink if part.colour is None else part.colour, part.eraser
        if eraser and self._taken:  # down to the paper: ink of its colour, so that it can be undone
            colour, eraser = self.paper, False
        stroke = Stroke(*key, colour, eraser)
        wet = self._open[key] = WetStroke(stroke, self.size)
        return wet

    def _end(self, key: tuple[int, int]) -> None:
        wet = self._open.pop(key)
        self._dirty |= wet.finish()
        wet.stroke.box = wet.box
        self._done.append(wet.stroke)
        _lay(self._sheet, wet, wet.box)
        while self._done and (
            len(self._done) > KEPT_STROKES
            or sum(len(stroke.points) for stroke in self._done) > KEPT_POINTS
        ):
            self._make_old(self._done.pop(0))

    def _make_old(self, stroke: Stroke) -> None:
        if self._old is None:
            self._old = InkSheet.empty(self.size)
            self._old_times = (stroke.parts[0][1], 0.0)
        self._old_times = (self._old_times[0], max(self._old_times[1], stroke.parts[-1][1]))
        _lay(self._old, WetStroke.whole(stroke, self.size), stroke.box)

    def undo(self, person: int) -> None:
        """The person's last whole stroke goes."""
        for index in range(len(self._done) - 1, -1, -1):
            if self._done[index].person == person:
                self._draw_anew(self._done.pop(index).box)
                return

    def clear(self) -> None:
        """Everything goes: strokes, also those under way, and the imported picture."""
        self._done.clear()
        self._open.clear()
        self._old = self._imported = None
        self._taken = False
        self._sheet = InkSheet.empty(self.size)
        self._under = self._fitted()
        self._dirty = everything(self.size)

    def import_picture(self, picture: np.ndarray) -> None:
        """Put a picture under the strokes, whole and in the middle. (H, W, 3) uint8."""
        self._imported, self._taken = picture, False
        self._under = self._fitted()
        self._dirty = everything(self.size)

    def take(self, picture: np.ndarray) -> None:
        """A picture in place of all that there is. (H, W, 3) uint8."""
        self.clear()
        self.import_picture(picture)
        self._taken = True

    def set_paper(self, paper: Colour) -> None:
        """Draw on paper of another colour."""
        if paper != self.paper:
            self.paper = paper
            self._under = self._fitted()
            self._dirty = everything(self.size)

    def resize(self, size: Size) -> None:
        """Draw everything anew at another size."""
        if size == self.size:
            return
        self.size = size
        self._under = self._fitted()
        self._old = None if self._old is None else self._old.resized(size)
        self._sheet = InkSheet.empty(size)
        for stroke in self._done:
            wet = WetStroke.whole(stroke, size)
            stroke.box = wet.box
        self._draw_anew(everything(size))
        for key, wet in list(self._open.items()):
            self._open[key] = anew = WetStroke(wet.stroke, size)
            anew.grow()

    def _draw_anew(self, box: Area) -> None:
        """Make a part of the sheet of the strokes' points again."""
        if box.empty:
            return
        part = InkSheet.empty(Size(box.right - box.left, box.bottom - box.top))
        if self._old is not None:
            part = self._old.part(box)
        self._sheet.paste(part, box)
        for stroke in self._done:
            if not (stroke.box & box).empty:
                _lay(self._sheet, WetStroke.whole(stroke, self.size), stroke.box & box)
        self._dirty |= box

    def _fitted(self) -> np.ndarray:
        """(H, W, 3) uint8: the paper, and the imported picture on it."""
        width, height = self.size
        out = np.empty((height, width, 3), np.uint8)
        out[:] = self.paper
        if (picture := self._imported) is not None:
            scale = min(width / picture.shape[1], height / picture.shape[0])
            across = max(1, round(picture.shape[1] * scale))
            down = max(1, round(picture.shape[0] * scale))
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            left, top = (width - across) // 2, (height - down) // 2
            out[top : top + down, left : left + across] = cv2.resize(
                picture, (across, down), interpolation=way
            )
        return out

    # The picture.

    def fades(self, seconds: float) -> bool:
        """There is ink that goes by itself. seconds: after which it has gone, 0 for never."""
        return seconds > 0 and bool(self._done or self._open or self._old is not None)

    def drawing(self, last: Drawing | None, now: float, fade: float) -> Drawing | None:
        """What is to be seen now; None when that is what was seen last. last: what this method gave
        before. fade: seconds after which ink has gone, 0 for never."""
        self._fade(now, fade)
        box = self._dirty
        if box.empty and last is not None:
            return None
        if last is None or last.size != self.size:
            box = everything(self.size)
            picture, cover = self._under.copy(), np.zeros(self._under.shape[:2], np.uint8)
        else:
            picture, cover = last.picture.copy(), last.cover.copy()
        ink = self._sheet.part(box)
        for wet in self._open.values():
            if not ((wet.box | wet.end_box) & box).empty:
                ink.lay(wet, box, end=True)
        if fade > 0:
            ink.fade(now, fade)
        cover[box.place] = alpha = ink.pixels[..., 3]
        rest = cv2.merge([cv2.bitwise_not(alpha)] * 3)
        colour = cv2.cvtColor(ink.pixels, cv2.COLOR_RGBA2RGB)
        paper = cv2.multiply(self._under[box.place], rest, scale=1 / 255)
        picture[box.place] = cv2.add(paper, colour)
        for array in (picture, cover):
            array.setflags(write=False)
        blank = self._imported is None and not cover.any()
        if blank != self._was_blank:
            self._was_blank, self._since = blank, now
        self._version += 1
        self._dirty = NOWHERE
        return Drawing(picture, cover, self._version, blank, self._since)

    def _fade(self, now: float, seconds: float) -> None:
        """Let ink go that has faded, and see what has to be drawn again."""
        moment, before = self._faded
        if seconds != before and (seconds > 0 or before > 0):
            self._dirty = everything(self.size)
        elif not self.fades(seconds) or now - moment < seconds / FADE_STEPS:
            return
        self._faded = (now, seconds)
        if not self.fades(seconds):
            return
        strokes = [*self._done, *(wet.stroke for wet in self._open.values())]
        oldest = min((stroke.parts[0][1] for stroke in strokes), default=now)
        if self._old is not None:
            oldest = min(oldest, self._old_times[0])
        if now - oldest < seconds / 2:
            return
        fading = [stroke.box for stroke in self._done if now - stroke.parts[0][1] >= seconds / 2]
        fading += [wet.box | wet.end_box for wet in self._open.values()]
        for box in fading if self._old is None else [everything(self.size)]:
            self._dirty |= box
        if any(now - stroke.parts[-1][1] >= seconds for stroke in self._done):
            self._sheet.drop(now, seconds)
            self._done = [stroke for stroke in self._done if now - stroke.parts[-1][1] < seconds]
        for key in [k for k, wet in self._open.items() if now - wet.stroke.parts[-1][1] >= seconds]:
            del self._open[key]
        if self._old is not None and now - self._old_times[1] >= seconds:
            self._old = None
            self._sheet.drop(now, seconds)


def _lay(sheet: InkSheet, wet: WetStroke, box: Area) -> None:
    """Lay a stroke on a sheet of the whole canvas, within a box."""
    if not box.empty:
        part = sheet.part(box)
        part.lay(wet, box)
        sheet.paste(part, box)
