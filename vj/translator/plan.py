"""What is to be trained, and whether it can be: checked before the clips are read."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vj.core.errors import Fault, nearest
from vj.pocket.network import MULTIPLE
from vj.training.checkpoint import write_whole
from vj.training.length import Length
from vj.translator.card import FILE
from vj.translator.conditions import CHANNELS, PAIRS

WIDTHS = (20, 40, 80, 96)
"""Of the network: 3.0 MB in half precision, and 20 frames of 256x256 a second on two cores."""
LARGE = (24, 48, 96, 128)
"""Of one that paints finer: 4.6 MB, 18 frames a second."""
BATCH, RATE = 2, 7e-4
"""Examples in a step, and the learning rate at its highest."""
SMALLEST, LARGEST = 64, 512
"""Sides, in pixels."""
SETTINGS = "settings.json"
"""What must not change from session to session."""
ALIKE = 4.0
"""Steps of 255 by which a clip's colours may be off on the mean: another decoder's are by one."""


@dataclass(frozen=True, slots=True)
class TranslatorPlan:
    """What is to be trained. clips: files, or folders of pictures or clips; of `pairs` two, the
    first to become the second. kind: of `conditions.KINDS`. folder: the model folder. size:
    side of the squares, in pixels."""

    clips: tuple[Path, ...]
    kind: str
    folder: Path
    length: Length
    size: int = 256
    seed: int = 1
    device: str = "cpu"
    widths: tuple[int, int, int, int] = WIDTHS
    count: int = BATCH
    rate: float = RATE

    @property
    def work(self) -> Path:
        """The folder of what is needed to go on, and to look at."""
        return self.folder / "training"

    @property
    def checkpoint(self) -> Path:
        return self.work / "checkpoint.pt"

    @property
    def best_sheet(self) -> Path:
        """Input, truth and painted of the best model; not in the model folder itself, which is to
        stay below 8 MB."""
        return self.work / "best.png"

    @property
    def command(self) -> str:
        """What trains it anew, wherever the clips lie."""
        names = [clip.name for clip in self.clips]
        made = ["--pairs", *names] if self.kind == PAIRS else [*names, "--from", self.kind]
        made += ["--name", self.folder.name]
        made += ["--size", str(self.size)] if self.size != 256 else []
        made += ["--seed", str(self.seed)] if self.seed != 1 else []
        made += ["--large"] if self.widths == LARGE else []
        steps, minutes = self.length.steps, f"{self.length.seconds / 60:g}"
        made += ["--minutes", minutes] if steps is None else ["--steps", str(steps)]
        return "python3 launch.py train " + shlex.join(made)

    @property
    def history(self) -> Path:
        """The folder of what was painted at each judgement."""
        return self.work / "history"

    @property
    def losses(self) -> Path:
        """A line for every few steps, see `vj.training.loop.LossLog`."""
        return self.work / "losses.jsonl"

    @property
    def judged(self) -> Path:
        """A line for every judgement: step, seconds, and the figures."""
        return self.work / "judged.jsonl"

    def check(self) -> None:
        """Raises Fault for what cannot be trained, or not into this folder."""
        if self.kind not in CHANNELS:
            kinds = [kind for kind in CHANNELS if kind != PAIRS]
            raise Fault(
                f"--from {self.kind}: no such kind{nearest(self.kind, kinds)} ({', '.join(kinds)})"
            )
        if self.kind == PAIRS and len(self.clips) != 2:
            raise Fault("--pairs: two folders or clips: what is seen, and what it is to become")
        if self.size % MULTIPLE or not SMALLEST <= self.size <= LARGEST:
            near = min(LARGEST, max(SMALLEST, MULTIPLE * round(self.size / MULTIPLE)))
            raise Fault(
                f"--size {self.size}: a multiple of {MULTIPLE}, {SMALLEST} to {LARGEST}; "
                f"{near} is one"
            )
        before = self._before()
        if before is None and (self.folder / FILE).exists():
            raise Fault(
                f"{self.folder} holds a finished model; give another --name, or delete the folder"
            )
        for name, value in self._fixed().items():
            if before is not None and before.get(name) != value:
                goes_on = before.get("command", "the same command as then")
                raise Fault(
                    f"{self.folder}: its training was begun with {name} {before.get(name)}, this "
                    f"asks for {value}; {goes_on} goes on with it; else give another --name, or "
                    "delete the folder to start anew"
                )

    def make(self) -> None:
        """Make the folders. Raises Fault."""
        try:
            self.work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Fault(f"{self.work} cannot be written: {error}") from None

    def begin(self, looks: list[list[int]]) -> None:
        """Note what is trained there. looks: of the clips, see `Footage.looks`; they may have other
        names than before, but not show something else. Raises Fault."""
        before = self._before() or {}
        names = [clip.name for clip in self.clips]
        if not _alike(looks, before.get("looks", looks)):
            raise Fault(
                f"{self.folder}: its training was begun with {_said(before.get('clips', []))}, and "
                f"{_said(names)} shows something else now; give another --name, or delete the "
                "folder to start anew"
            )
        noted = {**self._fixed(), "command": self.command, "clips": names, "looks": looks}
        try:
            write_whole(self.work / SETTINGS, (json.dumps(noted) + "\n").encode())
        except OSError as error:
            raise Fault(f"{self.work} cannot be written: {error}") from None

    def _fixed(self) -> dict[str, Any]:
        """What must not change from session to session."""
        return {
            "kind": self.kind,
            "size": self.size,
            "seed": self.seed,
            "widths": list(self.widths),
            "batch": self.count,
            "rate": self.rate,
        }

    def _before(self) -> dict[str, Any] | None:
        """What was noted in an earlier session."""
        path = self.work / SETTINGS
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise Fault(
                f"{path} cannot be read ({error}); delete {self.work} to start anew"
            ) from None


def _alike(one: list[list[int]], two: list[list[int]]) -> bool:
    """Whether two clips look the same."""
    if [len(colours) for colours in one] != [len(colours) for colours in two]:
        return False
    return all(
        sum(abs(a - b) for a, b in zip(*both, strict=True)) <= ALIKE * len(both[0])
        for both in zip(one, two, strict=True)
    )


def _said(names: list[str]) -> str:
    return ", ".join(names)[:120] or "other clips"
