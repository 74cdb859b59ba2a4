"""Where a clip stands at a moment: what follows from the moments at which it was read and what its
control said at each, live those of the wall clock, offline those of the frames."""

from __future__ import annotations

from copy import copy

from vj.sources.transport import At, Place, Transport, TransportControl

LONGEST = 0.0065
"""Seconds by which a place is taken further on, at most: frames that are seen for long do not come
earlier."""
EXACT = 2e-7
"""Seconds by which a moment may be off that was computed from a picture's own."""
LATE = 0.5
"""Seconds without a look at the live clock after which a clip goes on from where it was: the
machine was suspended, or a picture took long to find."""


class Playhead:
    """Where a clip stands at a moment. For one thread, that of the source's `read`.

    It stands at its beginning until the first `at`, or until the moment that `begin` is called
    with. Inside, `way` is how far it has come from the beginning of the part that plays, in seconds
    of the clip, counted on over the rounds of a loop; it follows from a moment, the way at that
    moment and the speed since, so that nothing adds up over hours. A place is taken for a small
    tolerance further on, since moments and timestamps are rounded: frame 2 of 30 a second is due at
    0.0667 s, and its file may say 0.067.
    """

    def __init__(
        self,
        control: TransportControl,
        length: float,
        step: float,
        live: bool,
        ends: tuple[float, float] | None = None,
    ) -> None:
        """length: of the clip, in seconds, its last frame's time included. step: seconds that a
        frame lasts, on average. live: long pauses are not caught up. ends: seconds that the first
        frame lasts, and the last; None: as the others."""
        self._control, self._live = control, live
        self.length, self.step = max(length, step), step
        self._ends = ends or (step, step)
        self._first, self._last = self._ends
        """Seconds of the frames at the ends of the part that plays."""
        self._tolerance = min(max(step / 16, 0.0006), step / 4, LONGEST)
        self._seeks = control.seeks
        self._seen: float | None = None
        """The moment of the last look; None while it has not begun."""
        self._anchor = self._way = self.place = 0.0
        self._turned = False
        self.begun = 0.0
        """The moment at which it stood at its beginning."""
        self._over: float | None = None
        self._adopt(control.now())
        self._to_start()

    def be_exact(self) -> None:
        """From the beginning: it is looked at only at the moments of its pictures (`due`), and none
        is left out however short it is seen."""
        self._tolerance = EXACT
        self._to_start()

    def begin(self, moment: float) -> None:
        """It stands at its beginning at `moment`, and runs from then on. A seek that was made
        meanwhile follows at the next look."""
        self._adopt(self._control.now())
        self._to_start()
        self._anchor = self._seen = self.begun = moment
        self._over = self._control.over = None

    def at(self, now: float) -> float:
        """The place at this moment, in seconds of the clip: the picture to show is the one that
        begins there or before. Reads the control, and says there when the clip is over."""
        if self._seen is None:
            self.begin(now)
        last = now if self._seen is None else self._seen
        if self._live and now - last > LATE:
            self._anchor += now - last
            last = now
        transport = self._control.now()
        if transport != self._transport:
            self._change(transport, last)
        seeks, position = self._control.sought
        if seeks != self._seeks:
            self._seeks, self._anchor = seeks, now
            if position is None:
                self._to_start()
            else:
                self._to(position)
        self._seen = now
        self._look(self._way_at(now))
        self._over = self._control.over = self._end()
        return self.place

    def ahead(self, moment: float) -> Playhead | None:
        """A copy that looks at a later moment, where nothing is set or sought until then; None
        before it runs."""
        if self._seen is None or self._seeks != self._control.seeks:
            return None
        found = copy(self)
        found._look(self._way_at(moment))
        return found

    @property
    def position(self) -> float:
        """The place at the last look as a share of the clip, 0..1."""
        return min(max((self.place - self._tolerance) / self.length, 0.0), 1.0)

    @property
    def velocity(self) -> float:
        """Seconds of the clip in a second of the clock: negative while it runs backwards, 0 while
        it holds or is over."""
        speed = 0.0 if self._over is not None else self._transport.speed
        return -speed if self._turned else speed

    @property
    def turned(self) -> bool:
        """It runs against its speed, on the way back of a ping-pong."""
        return self._turned

    @property
    def insets(self) -> tuple[float, float]:
        """Seconds at both ends of the part that plays that the way back leaves out."""
        return self._first, self._last

    @property
    def exact(self) -> float:
        """The place at the last look without the tolerance, which it was taken further on in the
        direction in which it runs."""
        return self.place + (self._tolerance if self.velocity < 0 else -self._tolerance)

    @property
    def slack(self) -> float:
        """Seconds of the clip by which `exact` may jump where it turns."""
        return 2 * self._tolerance

    def seen(self, now: float) -> bool:
        """The last look was at this moment."""
        return self._seen == now

    @property
    def over(self) -> float | None:
        """See `TransportControl.over`."""
        return self._over

    @property
    def loop(self) -> str:
        """The mode at the last look."""
        return self._transport.loop

    @property
    def left(self) -> float:
        """Seconds of the clip up to the end that it runs towards."""
        bottom, top = self._limits()
        return top - self.place if self.velocity > 0 else self.place - bottom

    @property
    def onward(self) -> tuple[float, bool] | None:
        """The place at which it goes on after that end, and whether it runs backwards from there;
        None where it goes no further."""
        if self._transport.loop == "loop":
            back = self.velocity < 0
            return (self.high if back else self.low) + (-1 if back else 1) * self._tolerance, back
        if self._transport.loop == "ping-pong" and self.velocity > 0:
            return self.high - self._last - self._tolerance, True
        return None

    def due(self, first: float, last: float) -> float | None:
        """The moment at which a picture that is seen from `first` to `last` (seconds of the clip)
        gives way to another one; None while it stays."""
        velocity = self.velocity
        if not velocity or self._seen is None:
            return None
        bottom, top = self._limits()
        far = min(last, top) - self.place if velocity > 0 else self.place - max(first, bottom)
        return self._seen + max(far + self._tolerance, self._tolerance) / abs(velocity)

    def _limits(self) -> tuple[float, float]:
        """The places between which it runs in this direction: a picture at which it turns is not
        shown twice."""
        if not self._turned:
            return self.low, self.high
        return self.low + self._first, self.high - self._last

    def _adopt(self, transport: Transport) -> None:
        """The part that plays, cut where frames begin if they are all of one length."""
        self._transport = transport
        low, high = sorted(share * self.length for share in (transport.start, transport.end))
        if abs(self.length / self.step - round(self.length / self.step)) < 1e-3:
            low, high = (round(end / self.step) * self.step for end in (low, high))
        high = min(max(high, low + self.step), self.length)
        self.low, self.high = max(0.0, min(low, high - self.step)), high
        self._first = self._ends[0] if self.low <= 0 else self.step
        self._last = self._ends[1] if self.high >= self.length else self.step

    def _change(self, transport: Transport, moment: float) -> None:
        """It goes on from where it was at this moment, inside the part that plays now."""
        before = self.low, self.high, self._transport.loop
        way = self._way_at(moment)
        self._look(way)
        place, turned = self.place, self._turned
        self._adopt(transport)
        most = self.high - self.low
        if transport.speed <= 0:
            most -= 2 * self._tolerance
        if before != (self.low, self.high, transport.loop):
            if turned and transport.loop == "ping-pong":
                place = min(max(place, self.low + self._first), self.high - self._last)
                way = self._round() + self._first - (place - self.low) - self._tolerance
            else:
                way = min(max(place - self._tolerance - self.low, 0.0), most)
        elif transport.loop in ("once", "next"):
            way = min(max(way, -2 * self._tolerance), self.high - self.low)
        self._anchor, self._way = moment, way

    def _to_start(self) -> None:
        back = self._transport.speed < 0
        self._way = self.high - self.low - 2 * self._tolerance if back else 0.0
        self.run = object()  # another one after each jump, see `PicturePlace`
        self._look(self._way)

    def _to(self, position: Place) -> None:
        """To a place of the clip; beyond the part that plays, to its first or last frame."""
        place = position.seconds if isinstance(position, At) else position * self.length
        most = self.high - (2 * self._tolerance if self._transport.speed < 0 else self.step)
        self._way, self.run = max(min(place, most) - self.low, 0.0), object()

    def _way_at(self, moment: float) -> float:
        return self._way + (moment - self._anchor) * self._transport.speed

    def _round(self) -> float:
        """Seconds of the clip from there to there and back, each turn shown once."""
        return 2 * (self.high - self.low) - (self._first + self._last)

    def _look(self, way: float) -> None:
        """The place that a way leads to, and whether it runs against its speed there."""
        span, way = self.high - self.low, way + self._tolerance
        self._turned, self.way = False, way
        if self._transport.loop == "loop":
            way %= span
        elif self._transport.loop == "ping-pong":
            way %= max(self._round(), span)
            self._turned = way >= span
            if self._turned:
                way = self._round() + self._first - way
        else:
            way = min(max(way, 0.0), span - self._tolerance)
        self.place = self.low + way

    def _end(self) -> float | None:
        """The moment at which it came to the end of what plays once."""
        speed = self._transport.speed
        if self._transport.loop not in ("once", "next") or not speed or self._seen is None:
            return None
        way, span = self._way_at(self._seen), self.high - self.low
        if speed > 0 and way + self._tolerance >= span:
            return self._anchor + (span - self._way) / speed
        if speed < 0 and way + self._tolerance < 0:
            return self._anchor - (self._way + 2 * self._tolerance) / speed
        return None
