"""The timeline follows a timecode: it chases it, freewheels where none comes, and stands or goes on
where it is lost. On the frame's time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from vj.control.mtc import FULL, QUARTER, MtcReader, TimecodeReading
from vj.control.tempo import Tempo
from vj.control.timecode_line import TimecodeLine
from vj.control.timeline import STOPPED, Timeline
from vj.parameters.store import Store
from vj.show.timecode_section import TimecodeRule

JUMP = 0.1
"""Seconds between timeline and timecode from which on it jumps there; what is less, two or three
frames, is caught up with by going a little faster or slower, which is not seen."""
CAUGHT = 0.3
"""Seconds in which most of such a difference is made up."""
BEND = 0.1
"""How much faster or slower, at most, as a share of real time."""
PASSED = 0.5
"""Seconds up to which a jump forwards fires what lies between with its fades, as playing does;
a longer one, or one backwards, sets it as `timeline/position` does."""
PATIENCE = 0.15
"""Seconds without a reading after which it freewheels. The slowest jog that is followed without
that sends 7 quarter frames a second."""
LEADS = 0.5
"""Seconds without a reading after which another sender may lead."""
EVENTS = 4096
"""Readings that wait for the next frame, at most."""

WAITING, CHASING, FREEWHEEL = "waiting", "chasing", "freewheel"
LOST, STANDING = "lost", "standing"


class Led(Protocol):
    """The sequencer whose timeline follows."""

    timeline: Timeline

    def seek(self, seconds: float, store: Store, time: float, tempo: Tempo) -> None: ...


class Chase:
    """Of one show. `hear` is called by the threads of MIDI ports, all else by the render
    thread."""

    def __init__(self, rule: TimecodeRule | None, log: Callable[[str], None]) -> None:
        """rule: None: nothing is followed, and nothing is done."""
        self.rule, self._log = rule, log
        self._readers: dict[str, MtcReader] = {}
        self._heard: deque[tuple[str, TimecodeReading]] = deque(maxlen=EVENTS)
        self._line = TimecodeLine()
        self._device = ""
        self._ignored: set[str] = set()
        """Second senders that were reported."""
        self.state = WAITING
        self._shown = ""
        self._at: float | None = None
        """Where the timeline was led to in the last frame, in seconds, loops aside; None where it
        was not led."""
        self._time = 0.0
        self._after_panic = False
        self._released = False
        """The timecode is lost, and somebody has had the timeline play on."""

    def take_over(self, old: Chase) -> None:
        """Go on from that of another version of the show."""
        if self.rule is None or old.rule is None or self.rule.device != old.rule.device:
            return
        self._readers, self._heard, self._line = old._readers, old._heard, old._line
        self._device, self._ignored, self.state = old._device, old._ignored, old.state
        self._shown, self._time, self._released = old._shown, old._time, old._released
        self._after_panic = old._after_panic
        if self.rule.start == old.rule.start:
            self._at = old._at

    def hear(self, what: str, time: float, device: str, position: int) -> bool:
        """A message of a MIDI clock or of timecode. False for one that is no timecode. From any
        thread, one for each device."""
        if what not in (QUARTER, FULL):
            return False
        if self.rule is not None and self.rule.device.casefold() in device.casefold():
            reader = self._readers.setdefault(device, MtcReader())
            read = reader.quarter if what == QUARTER else reader.full
            self._heard.extend((device, reading) for reading in read(position, time))
        return True

    # What is said of it; from any thread.

    @property
    def leads(self) -> bool:
        """It says where the timeline stands."""
        return self.state in (CHASING, FREEWHEEL, STANDING)

    @property
    def stands(self) -> bool:
        """The timeline is held where it is: nothing is due."""
        if self.rule is None or self._released:
            return False
        return self.state == STANDING or (
            self.state in (WAITING, LOST) and self.rule.lost == "stop"
        )

    @property
    def holds(self) -> bool:
        """It is held in the middle of the show: follow times of cues wait too."""
        return self.stands and self.state != WAITING

    @property
    def text(self) -> str:
        """`01:02:03:04 25 fps chasing`; empty for a show without timecode."""
        if self.rule is None:
            return ""
        return f"{self._shown} {self.state}".strip()

    # Once a frame.

    def release(self) -> None:
        """Somebody has had the timeline play: without timecode it does."""
        self._released = not self.leads

    def step(self, led: Led, store: Store, time: float, tempo: Tempo) -> None:
        """Lead the timeline to where the timecode stands in the frame at `time`."""
        if self.rule is None:
            return
        self._read(time)
        passed, self._time = max(0.0, time - self._time), time
        self.state = self._state(time)
        timeline = led.timeline
        if timeline.waits or timeline.stopped or self.state in (WAITING, LOST):
            self._at, self._after_panic = None, timeline.state == STOPPED
            if self.stands and not timeline.waits and not timeline.stopped:
                timeline.move(0.0, passed, time, tempo)
            return
        speed = self._line.speed()
        wanted = self._line.seconds(time, self.rule.start) + speed * self.rule.ahead.seconds
        at, self._at = self._at, wanted
        if at is None and self._after_panic:  # what a hand has set since then stays
            timeline.seek(wanted, time, tempo)
            self._after_panic = False
            return
        if at is None or abs(wanted - at - speed * passed) > JUMP:
            if at is not None and 0 < wanted - at <= PASSED:
                timeline.move(wanted - at, passed, time, tempo)
            elif at is None or wanted != at:
                led.seek(wanted, store, time, tempo)
            return
        if speed == 0:
            way = wanted - at
        else:
            bent = (wanted - at - speed * passed) * min(1.0, passed / CAUGHT)
            way = speed * passed + min(BEND * passed, max(-BEND * passed, bent))
            way = max(0.0, way) if speed > 0 else min(0.0, way)
        self._at = at + way
        if timeline.passes_back(way, passed, time, tempo):
            led.seek(self._at, store, time, tempo)
        else:
            timeline.move(way, passed, time, tempo)

    def _read(self, time: float) -> None:
        while self._heard:
            device, reading = self._heard.popleft()
            last = self._line.last
            if device != self._device and last is not None and reading.time - last.time <= LEADS:
                if device not in self._ignored:
                    self._ignored.add(device)
                    self._log(
                        f"MIDI {device}: a second timecode, beside that of {self._device}; it is "
                        "ignored"
                    )
                continue
            self._device, self._released = device, False
            self._line.add(reading)
        rate = self._line.rate
        if rate is not None and self.state != LOST:
            self._shown = f"{rate.write(int(self._line.frames(time) + 1e-6))} {rate.name} fps"

    def _state(self, time: float) -> str:
        last, rule = self._line.last, self.rule
        if last is None or rule is None:
            return WAITING
        if last.way == 0:
            return STANDING
        since = time - last.time
        if since <= PATIENCE:
            return CHASING
        return FREEWHEEL if since <= rule.freewheel.seconds else LOST
