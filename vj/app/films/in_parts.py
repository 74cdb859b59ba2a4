"""A piece of a film that goes on where it was killed.

Its recordings are written in parts of some seconds. At the end of each all that frames have left is
written down beside it (`vj.app.picture_state`): who goes on reads the film up to there, takes it
up, and paints the same pictures. At the end the parts are put together as they are.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vj.app.films.checksums import Held, held_in, is_whole
from vj.app.films.looking import read_json, write_json
from vj.app.offline import Rendering
from vj.app.picture_state import PictureState
from vj.core.errors import Fault
from vj.pipeline.frame_range import FrameRange
from vj.sinks.joined import JoinedFolder, JoinedMovie
from vj.sinks.recorder import Recorder
from vj.sinks.rule import parse

SECONDS = 4.0
"""Of film in a part: so much is painted again at most."""
STANDING, PART, SCRAP = "standing.json", "part-", "scrap"
STATE = ".npz"
"""The ending of files with what frames have left, of which there are no more as a film gets
longer."""
LEFT = 512 << 20
"""Bytes of what frames have left at the ends of parts that are kept, about, besides the newest."""


class NotTakenUp(Fault):
    """What frames had left does not fit; the piece begins anew the next time."""


@dataclass(frozen=True, slots=True)
class EndedPart:
    """came: frames that had been read at its end. held: its recordings. state: the file with what
    frames had left there, empty where it is not kept any more, and digest: of its bytes,
    SHA-256."""

    came: int
    held: Held
    state: str
    digest: str


class PieceInParts:
    """Follows one rendering, whose recordings go into `place`: of what is still to paint, or first
    of a part that is damaged. Belongs to its thread."""

    def __init__(self, folder: Path, key: str) -> None:
        """folder: of the piece while it is rendered. key: of all that its pictures are made of; of
        what was rendered with another one nothing is kept. Reads what is there. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key = folder, key
        self._raw = b""
        """What frames had left where it goes on."""
        self._parts = self._found()
        self._move_back()
        self.damaged = next((n for n in range(len(self._parts)) if not self._is_whole(n)), None)
        """The part that is rendered again, before anything else is; None where all are whole."""
        begins = len(self._parts) if self.damaged is None else self.damaged
        while begins and not self._read_state(begins - 1):
            begins -= 1  # from there on nothing can be gone on with
        if begins != self.damaged:
            self.lost, self._parts = len(self._parts) - begins, self._parts[:begins]
            self.damaged = None
        else:
            self.lost = 0
        """Parts at the end that are left out."""
        self._begins, self._ends = begins, len(self._parts)
        kept = {STANDING, *(one.state for one in self._parts)}
        kept |= {self._part(number).name for number in range(self._ends)}
        for old in folder.iterdir():  # half there, or of something else
            if old.name not in kept or old == self.place:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        self.place.mkdir()
        self._sent = 0

    def _found(self) -> list[EndedPart]:
        found = read_json(self._folder / STANDING)
        if found is None or found.get("key") != self._key:
            return []
        try:
            return [EndedPart(**part) for part in found["parts"]]
        except (KeyError, TypeError):
            return []

    def _move_back(self) -> None:
        """Pictures that were being put together when it was killed are those of their parts."""
        for name in {name for part in self._parts for name in part.held}:
            if not (together := self._folder / name).is_dir():
                continue
            number = 0
            for index, part in enumerate(self._parts):
                for own in range(int(part.held[name][0])):
                    moved = together / f"{number:06d}.png"
                    if moved.exists():
                        os.replace(moved, self._part(index) / name / f"{own:06d}.png")
                    number += 1

    def _is_whole(self, number: int) -> bool:
        return is_whole(self._part(number), self._parts[number].held)

    def _read_state(self, number: int) -> bool:
        """Of the end of a part; whether it is what was written."""
        part = self._parts[number]
        try:
            self._raw = (self._folder / part.state).read_bytes() if part.state else b""
        except OSError:
            return False
        return hashlib.sha256(self._raw).hexdigest() == part.digest

    def _part(self, number: int) -> Path:
        return self._folder / f"{PART}{number:05d}"

    @property
    def place(self) -> Path:
        """The folder of the part that is written now."""
        return self._part(self._ends if self.damaged is None else self.damaged)

    @property
    def goes_on_at(self) -> int | None:
        """The frame at which it goes on; None for its first."""
        return self._parts[self._begins - 1].came if self._begins else None

    def told(self, first: int) -> str:
        """What is to be said of it, empty for nothing. first: frame of the piece."""
        at = self.goes_on_at
        if self.damaged is not None:
            ends = self._parts[self.damaged].came
            return (
                f"frames {first if at is None else at} to {ends - 1} are not on the disk as they "
                "were written, and are rendered again: see to the disk"
            )
        again = (
            " (what follows is not on the disk as it was written: see to it)" if self.lost else ""
        )
        if at is None:
            return f"frames from {first} on begin anew{again}" if again else ""
        return f"frames from {first} on go on at {at}{again}"

    def range(self, wanted: FrameRange) -> FrameRange:
        """What there is still to paint of these frames."""
        at = self.goes_on_at
        return wanted if at is None else replace(wanted, paints=at)

    def follow(self, rendering: Rendering) -> None:
        """To be called before it runs."""
        first = self.goes_on_at
        ends = None if self.damaged is None else self._parts[self.damaged].came

        def between(state: PictureState, came: int) -> None:
            if first is not None and came <= first:
                if came == first:
                    self._take_up(state)
            elif came == ends:
                self._end_again(rendering)
            elif ends is None:
                sent = max((runner.sent for runner in rendering.runners), default=0)
                if sent - self._sent >= max(1, round(SECONDS * rendering.rate)):
                    self._sent = sent
                    self.check(rendering)
                    self._end_part(rendering, state.saved(), came)

        rendering.between = between

    def _take_up(self, state: PictureState) -> None:
        raw, self._raw = self._raw, b""
        try:
            state.restore(raw)
        except Fault as fault:
            (self._folder / STANDING).unlink()
            raise NotTakenUp(str(fault)) from fault

    def check(self, rendering: Rendering) -> None:
        """Raises Fault where a recording has failed, whose frames would be missing."""
        for runner in rendering.runners:
            if runner.failed_for_good:
                raise Fault(
                    f"{runner.state()}; start again when that is mended: it goes on at the last "
                    f"part, of {SECONDS:g} s"
                )

    def _end_part(self, rendering: Rendering, raw: bytes, came: int) -> None:
        """Raises Fault where the disk is full: what was written until the part before stays."""
        with self._on_disk():
            ended, self._ends = self.place, self._ends + 1
            self.place.mkdir()
            self._write_into(rendering, self.place)
            _flush(ended)
            name = f"left-{came:08d}{STATE}"
            with (self._folder / name).open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            part = EndedPart(came, held_in(ended), name, hashlib.sha256(raw).hexdigest())
            before, self._parts = self._parts, self._with_fewer_states([*self._parts, part])
            self._write_standing()
            kept = {one.state for one in self._parts}
            for old in (one.state for one in before if one.state not in kept):
                (self._folder / old).unlink(missing_ok=True)

    def _with_fewer_states(self, parts: list[EndedPart]) -> list[EndedPart]:
        """Of the older ones every second goes where all of them take too much of the disk."""
        kept = [number for number, part in enumerate(parts[:-1]) if part.state]
        files = (self._folder / parts[number].state for number in kept)
        if sum(file.stat().st_size for file in files if file.exists()) <= LEFT:
            return parts
        go = set(kept[::2])
        return [replace(one, state="") if n in go else one for n, one in enumerate(parts)]

    def _end_again(self, rendering: Rendering) -> None:
        """A part that was damaged has been rendered again. What follows in this rendering is thrown
        away. Raises Fault where the disk is full."""
        number = self.damaged
        if number is None:
            return
        with self._on_disk():
            ended, scrap = self._part(number), self._folder / SCRAP
            scrap.mkdir(exist_ok=True)
            self._write_into(rendering, scrap)
            _flush(ended)
            self._parts[number] = replace(self._parts[number], held=held_in(ended))
            self._write_standing()
        self.damaged = None
        rendering.stop()

    def _write_into(self, rendering: Rendering, place: Path) -> None:
        """What comes next goes into recordings there."""
        for runner in rendering.runners:
            runner.rest()
            if isinstance(runner.sink, Recorder):
                runner.sink.requested = place / runner.sink.requested.name

    def _write_standing(self) -> None:
        parts = [asdict(part) for part in self._parts]
        write_json(self._folder / STANDING, {"key": self._key, "parts": parts})

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Fault(
                f"{self._folder}: cannot be written ({error.strerror or error}); free some space "
                "and start again: it goes on"
            ) from error

    def all_whole(self) -> bool:
        """Every part is as it was written, but for the last, which just was."""
        return all(map(self._is_whole, range(len(self._parts))))

    def put_together(self, sinks: Sequence[str], rendering: Rendering) -> None:
        """Make one recording of each sink's parts, which `clear_parts` takes away. sinks: their
        rules, whose recordings lie in parts by their own names. Raises OSError."""
        for uri in sinks:
            rule = parse(uri)
            name = Path(rule.to.partition(":")[2].rstrip("/\\")).name
            every = [self._part(number) / name for number in range(self._ends + 1)]
            parts = [part for part in every if part.exists()]
            if len(parts) == 1:
                os.replace(parts[0], self._folder / name)
                continue
            joined: JoinedMovie | JoinedFolder
            if not parts:
                continue
            if parts[0].is_dir():
                joined = JoinedFolder(self._folder / name)
            else:
                mark = rendering.mark if rule.painted else None
                joined = JoinedMovie(
                    self._folder / name, rendering.rate, rule.codec, mark, sound=False
                )
            for part in parts:
                joined.add(part)
            if isinstance(joined, JoinedMovie):
                joined.finish()
        _flush(self._folder)


def clear_parts(folder: Path) -> None:
    """Take away what a piece was put together of. folder: of the piece."""
    for path in (*folder.glob(f"{PART}*"), *folder.glob(f"*{STATE}"), folder / STANDING):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    """Have the disk hold what was written: a power cut must not leave a part that is none. Folders
    of pictures are left to the system."""
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
