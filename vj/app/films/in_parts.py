"""A piece of a film that goes on where it was killed.

Its recordings are written in parts of some seconds. At the end of each all that frames have left is
written down beside it (`vj.app.picture_state`): who goes on reads the film up to there, takes it
up, and paints the same pictures. At the end the parts are put together as they are.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

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
STANDING, PART = "standing.json", "part-"


class NotTakenUp(Fault):
    """What frames had left does not fit; the piece begins anew the next time."""


@dataclass(frozen=True, slots=True)
class PieceStanding:
    """How far a piece was rendered. came: frames that had been read. parts: of each recording.
    held: of each part its recordings by name, with the bytes of a movie or the pictures of a
    folder. state: the file with what frames had left, and digest: of its bytes, SHA-256."""

    came: int
    parts: int
    held: list[dict[str, int]]
    state: str
    digest: str


class PieceInParts:
    """Follows one rendering, whose recordings go into `place`. Belongs to its thread."""

    def __init__(self, folder: Path, key: str) -> None:
        """folder: of the piece while it is rendered. key: of all that its pictures are made of; of
        what was rendered with another one nothing is kept. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key = folder, key
        self._raw = b""
        """What frames had left."""
        self.standing = self._found()
        self._parts = 0 if self.standing is None else self.standing.parts
        kept = {f"{PART}{number:05d}" for number in range(self._parts)}
        if self.standing is not None:
            kept |= {STANDING, self.standing.state}
        for old in folder.iterdir():  # half there, or of something else
            if old.name not in kept:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        self.place.mkdir()
        self._sent = 0

    def _found(self) -> PieceStanding | None:
        found = read_json(self._folder / STANDING)
        if found is None or found.pop("key", None) != self._key:
            return None
        try:
            standing = PieceStanding(**found)
            self._raw = (self._folder / standing.state).read_bytes()
            held = [_held(self._part(number)) for number in range(standing.parts)]
        except (TypeError, OSError):
            return None
        whole = held == standing.held and hashlib.sha256(self._raw).hexdigest() == standing.digest
        return standing if whole else None

    def _part(self, number: int) -> Path:
        return self._folder / f"{PART}{number:05d}"

    @property
    def place(self) -> Path:
        """The folder of the part that is written now."""
        return self._part(self._parts)

    def range(self, wanted: FrameRange) -> FrameRange:
        """What there is still to paint of these frames."""
        if self.standing is None:
            return wanted
        return replace(wanted, paints=self.standing.came)

    def follow(self, rendering: Rendering) -> None:
        """To be called before it runs."""

        def between(state: PictureState, came: int) -> None:
            standing = self.standing
            if standing is not None and came <= standing.came:
                if came == standing.came:
                    self._take_up(state)
                return
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
        before = self.standing
        try:
            self._parts += 1
            self.place.mkdir()
            for runner in rendering.runners:
                runner.rest()
                if isinstance(runner.sink, Recorder):
                    runner.sink.requested = self.place / runner.sink.requested.name
            _flush(self._part(self._parts - 1))
            name = f"left-{came:08d}.npz"
            with (self._folder / name).open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            held = [*([] if before is None else before.held), _held(self._part(self._parts - 1))]
            digest = hashlib.sha256(raw).hexdigest()
            standing = PieceStanding(came, self._parts, held, name, digest)
            write_json(self._folder / STANDING, {"key": self._key, **asdict(standing)})
        except OSError as error:
            raise Fault(
                f"{self._folder}: cannot be written ({error.strerror or error}); free some space "
                "and start again: it goes on"
            ) from error
        self.standing = standing
        if before is not None:
            (self._folder / before.state).unlink(missing_ok=True)

    def put_together(self, sinks: Sequence[str], rendering: Rendering) -> None:
        """Make one recording of each sink's parts. sinks: the rules, whose recordings lie in parts
        by their own names. Raises OSError."""
        for uri in sinks:
            rule = parse(uri)
            name = Path(rule.to.partition(":")[2].rstrip("/\\")).name
            every = [self._part(number) / name for number in range(self._parts + 1)]
            parts = [part for part in every if part.exists()]
            if len(parts) == 1:
                os.replace(parts[0], self._folder / name)
                continue
            joined: JoinedMovie | JoinedFolder
            if not parts:
                continue
            if parts[0].is_dir():
                joined = JoinedFolder(self._folder / name, False)
            else:
                mark = rendering.mark if rule.painted else None
                joined = JoinedMovie(
                    self._folder / name, rendering.rate, rule.codec, mark, sound=False
                )
            for part in parts:
                joined.add(part)
            joined.finish()
        for number in range(self._parts + 1):
            shutil.rmtree(self._part(number), ignore_errors=True)
        (self._folder / STANDING).unlink(missing_ok=True)
        if self.standing is not None:
            (self._folder / self.standing.state).unlink(missing_ok=True)


def _held(folder: Path) -> dict[str, int]:
    """What a part has of each recording, see `PieceStanding`. Raises OSError."""
    return {
        path.name: sum(1 for _ in path.iterdir()) if path.is_dir() else path.stat().st_size
        for path in sorted(folder.iterdir())
    }


def _flush(folder: Path) -> None:
    """Have the disk hold what was written: a power cut must not leave a part that is none. Folders
    of pictures are left to the system."""
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
