"""Takes: the parameters of a performance, recorded frame by frame, and replayed.

A take is text. The first line is `# vj take 1`, other lines that begin with # are remarks; `#
painted at WIDTHxHEIGHT` gives the render size of what follows, `# ends at SECONDS` the end of the
last frame where frames are not all of one length. Every further line is a frame on
which a parameter changed: seconds since the take began, then `name=value` for each parameter that
changed, values as JSON without spaces outside of strings. The first frame names them all; the last
line is the time of the last frame. When a constant number jumps, its old value is written on the
frame before, too, so that a step can be told from a ramp. The values are those of the frame after
cues, macros and modulators: nothing else is needed to render it again.

    0.000000 strength=0.35 prompt/a="two faces" ...
    0.033333 strength=0.3512
"""

from __future__ import annotations

import json
import queue
from bisect import bisect_right
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.picture_place import PicturePlace
from vj.core.supervisor import Supervisor
from vj.parameters.fit import fit
from vj.parameters.store import Snapshot
from vj.parameters.table import Table, Value

FIRST_LINE = "# vj take 1"
NOT_PLAYED = (
    *("record", "panic", "cue/", "mark/", "take/", "tempo/tap", "timeline/", "macro/", "mod/"),
    "display/",
)
"""Parameters that a take does not contain: buttons, and controls whose effect is in the other
values."""
PAINTED_AT = "# painted at "
ENDS_AT = "# ends at "
SAME = 2e-6
"""Seconds: times this near are the same, since they are written with six decimals."""
GAP = 0.2
"""Seconds. Between two frames nearer than that, a changing number is interpolated; over a longer
gap it is constant and jumps."""
WAITING = 20_000
"""Frames in the queue to the disk, at most; with more the take ends."""


def _played(name: str) -> bool:
    return not name.startswith(NOT_PLAYED)


def _number(value: Value) -> str:
    return json.dumps(round(value, 6) if isinstance(value, float) else value, ensure_ascii=False)


def _new_file(path: Path) -> tuple[TextIO, Path]:
    """Create a file under the name or the next free one: set-2.take. Raises OSError, also when the
    name is a folder's or a device's."""
    if path.exists() and not path.is_file():
        raise OSError(0, "is a folder" if path.is_dir() else "is no file")
    for number in range(1, 1000):
        free = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            return free.open("x", encoding="utf-8"), free
        except FileExistsError:
            continue
    raise FileExistsError(17, "a thousand of that name are there", str(path))


class TakeWriter:
    """Writes a take on a thread of its own; `record` is an observer of the store and never
    blocks."""

    def __init__(
        self,
        path: Path,
        show: str,
        log: Callable[[str], None],
        render_size: Callable[[], Size],
        supervisor: Supervisor | None = None,
        fired: Mapping[str, int] | None = None,
    ) -> None:
        """render_size: the current render size, asked with every frame. supervisor: for its thread.
        fired: how often triggers were fired before, which the take does not count. Raises Fault
        when the file cannot be created."""
        self._log, self._fired = log, fired or {}
        self._render_size, self._size = render_size, Size(0, 0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file, self.path = _new_file(path)
        except OSError as error:
            raise Fault(f"take {path}: cannot be written ({error.strerror})") from None
        if self.path != path:
            log(f"take {path}: is there already; this one goes into {self.path}")
        self._file.write(f"{FIRST_LINE}\n# {show}\n")
        self._queue: queue.SimpleQueue[tuple[float, Mapping[str, Value]] | Size | str | None] = (
            queue.SimpleQueue()
        )
        self._last: Mapping[str, Value] = {}
        self._begin: float | None = None
        self._end = 0.0
        self._since: dict[str, float] = {}
        """The time of each parameter's last change."""
        self.frames = 0
        self.ended = ""
        """Why the take has ended early; empty while it is being written."""
        self._supervisor = supervisor or Supervisor(log)
        self._thread = self._supervisor.start("take", self._run)

    def record(self, snapshot: Snapshot) -> None:
        """A frame's values."""
        if self.ended:
            return
        if self._queue.qsize() > WAITING:
            self._stop("the disk is too slow")
            return
        last = self._last
        changed = {
            name: value
            for name, value in snapshot.values.items()
            if last.get(name) != value and _played(name)
        }
        if self._begin is None:
            self._begin = snapshot.time
        before, now = self._end, snapshot.time - self._begin
        stood = {
            name: last[name]
            for name, value in changed.items()
            if isinstance(value, int | float)
            and not isinstance(value, bool)
            and name in last
            and name not in self._fired
            and self._since.get(name, 0.0) < before - SAME
        }
        self._since.update(dict.fromkeys(changed, now))
        self._last, self._end = snapshot.values, now
        self.frames += 1
        if (size := self._render_size()) != self._size:
            self._size = size
            self._queue.put(size)
        if stood:
            self._queue.put((before, stood))
        for name in self._fired.keys() & changed.keys():
            changed[name] = int(changed[name]) - self._fired[name]
        if changed:
            self._queue.put((now, changed))

    def _stop(self, reason: str) -> None:
        """End the take early."""
        self.ended = reason
        self._supervisor.count("take")
        self._log(f"take {self.path}: {reason}; it ends here")

    def _run(self) -> None:
        try:
            while (item := self._queue.get()) is not None:
                if isinstance(item, Size | str):
                    self._file.write(item if isinstance(item, str) else f"{PAINTED_AT}{item}")
                    self._file.write("\n")
                    continue
                moment, changed = item
                self._file.write(
                    f"{moment:.6f} "
                    + " ".join(f"{name}={_number(value)}" for name, value in changed.items())
                    + "\n"
                )
                if self._queue.empty():
                    self._file.flush()
        except OSError as error:
            self._stop(error.strerror or str(error))
        except Exception as error:  # a value that cannot be written
            self._stop(f"{type(error).__name__}: {error}")
        finally:
            with suppress(OSError):  # a full disk has no room for the buffer, either
                self._file.close()

    def close(self, timeout: float = 2.0, end: float | None = None) -> None:
        """Write the rest and the time of the last frame, and end. May be called twice. end: when
        the last frame ends, on the clock, where they are not all of one length."""
        if not self.ended:
            self._queue.put((self._end, {}))
            if end is not None and self._begin is not None:
                self._queue.put(f"{ENDS_AT}{end - self._begin:.6f}")
        self._queue.put(None)
        self._thread.join(timeout)


class Take:
    """A take to be replayed: an `Automation` of the store, like the control engine."""

    def __init__(self, path: Path, table: Table) -> None:
        """Raises Fault with file and line."""
        self.path = path
        self._tracks: dict[str, tuple[list[float], list[Value]]] = {}
        self._begin: float | None = None
        self.waits = False
        """It stays at its start: the model is still loading."""
        self._float = {name for name, row in table.rows.items() if row.kind == "float"}
        self.seconds = 0.0
        self.end: float | None = None
        """When its last frame ends, where that is said."""
        self.unknown: set[str] = set()
        self.size: Size | None = None
        """The render size at its end; before that the model was loading."""
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except OSError as error:
            raise Fault(f"take {path}: cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise Fault(f"take {path}: is not UTF-8 text") from None
        if lines[0].strip() != FIRST_LINE:
            raise Fault(f"{path}:1: is no take; its first line would be {FIRST_LINE!r}")
        for number, line in enumerate(
            lines[1:-1], 2
        ):  # a last line without an end was cut off when the program was killed
            if line.startswith(PAINTED_AT):
                with suppress(ValueError):
                    self.size = Size.parse(line.removeprefix(PAINTED_AT))
            if line.startswith(ENDS_AT):
                with suppress(ValueError):
                    self.end = float(line.removeprefix(ENDS_AT))
            if line.strip() and not line.startswith("#"):
                self._read(line, f"{path}:{number}", table)
        if not self._tracks:
            raise Fault(f"{path}: holds no frame")

    def _read(self, line: str, where: str, table: Table) -> None:
        word, _, rest = line.partition(" ")
        try:
            moment = float(word)
        except ValueError:
            raise Fault(
                f"{where}: {word!r} is no time; a line is SECONDS name=value name=value"
            ) from None
        if moment < self.seconds:
            raise Fault(f"{where}: {moment:g} s lies before the line above it")
        self.seconds = moment
        decoder = json.JSONDecoder()
        while rest := rest.strip():
            name, equals, rest = rest.partition("=")
            try:
                if not equals:
                    raise ValueError("no =")
                value, end = decoder.raw_decode(rest)
            except ValueError:
                raise Fault(f"{where}: {name!r} is not followed by =VALUE, a JSON value") from None
            rest = rest[end:]
            if name not in table.rows:
                self.unknown.add(name)
                continue
            try:
                row = table.rows[name]
                if row.kind == "trigger" and not isinstance(value, int):
                    raise Fault(f"{name}: {value!r} is not a count of how often it was fired")
                if row.choices and row.kind == "text" and value not in ("", *row.choices):
                    self.unknown.add(f"{name} {value!r:.60}")  # found on another machine
                    continue
                fitted = int(value) if row.kind == "trigger" else fit(row, value)[0]
            except Fault as fault:
                raise Fault(f"{where}: {fault}") from None
            times, values = self._tracks.setdefault(name, ([], []))
            times.append(moment)
            values.append(fitted)

    def values(self, name: str) -> tuple[Value, ...]:
        """All that a parameter was set to in the take, in that order."""
        return tuple(self._tracks.get(name, ((), ()))[1])

    def where(self, name: str, value: str) -> str:
        """In words, where a parameter is first set to this: ` (night.take asks for it at 11.02
        s)`."""
        times, values = self._tracks.get(name, ([], []))
        moment = next((t for t, one in zip(times, values, strict=True) if str(one) == value), None)
        at = "" if moment is None else f" at {moment:g} s"
        return f" ({self.path.name} asks for it{at})"

    def at(self, name: str, time: float) -> Value | None:
        """A parameter's value so many seconds after the take began; None if it is not in the
        take."""
        track = self._tracks.get(name)
        if track is None:
            return None
        times, values = track
        index = bisect_right(times, time + SAME) - 1
        if index < 0:
            return values[0]
        if time - times[index] <= SAME:
            return values[index]
        if name in self._float and self._on_ramp(times, values, index):
            share = min(1.0, max(0.0, (time - times[index]) / (times[index + 1] - times[index])))
            return float(values[index]) + share * (float(values[index + 1]) - float(values[index]))
        return values[index]

    def coming(self, name: str, time: float, seconds: float) -> list[Value]:
        """What a parameter is set to within so many seconds after a moment of the store's
        clock."""
        times, values = self._tracks.get(name, ([], []))
        time -= self._begin or 0.0
        first, last = (bisect_right(times, end + SAME) for end in (time, time + seconds))
        return values[first:last]

    @staticmethod
    def _on_ramp(times: list[float], values: list[Value], index: int) -> bool:
        """Whether a number is on a ramp after this point: it changes here, and before or after.
        Else it is constant, and jumps."""

        def moves(at: int) -> bool:
            return (
                0 <= at < len(times) - 1
                and times[at + 1] - times[at] <= GAP
                and values[at] != values[at + 1]
            )

        return moves(index) and (moves(index - 1) or moves(index + 1))

    def update_base(self, time: float) -> None:
        """A take does not change base values; it starts with the first frame."""
        if self._begin is None or self.waits:
            self._begin = time

    def follow_picture(self, place: PicturePlace | None, time: float) -> bool:
        """Nothing in a take follows the clip: it has what was played."""
        return False

    def modulate(self, values: dict[str, Any], time: float) -> None:
        """Replace this frame's values by the take's."""
        for name in self._tracks:
            value = self.at(name, time - (self._begin or 0.0))
            if value is not None:
                values[name] = value
