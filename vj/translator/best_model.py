"""Judges a translator as it learns, and keeps the best in its model folder."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from vj.core.errors import Fault
from vj.pocket.network import Network
from vj.training.checkpoint import write_whole
from vj.training.loop import LossLog, Progress
from vj.translator.card import CARD, Card, read_card
from vj.translator.film_pairs import FilmPairs
from vj.translator.history import History
from vj.translator.judge import Figures, Judge, png
from vj.translator.model_folder import save_translator
from vj.translator.pairs import Pairs
from vj.translator.plan import TranslatorPlan

JUDGED, FIRST = 60.0, 10.0
"""Seconds between two judgements, and of the first one. In between the time doubles: what is
learned at first is seen at first."""
KEPT = 5.0
"""Seconds between two checkpoints, at least."""
SHARE = 0.05
"""Of the time, at most, that goes into checkpoints."""
L1, EDGES, SHARPNESS = "difference (L1)", "edge agreement", "sharpness"
"""The names of the figures in a card."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a training is. steps done, seconds spent and to go, share of the run; loss: the
    running mean. figures: of the last judgement. best: of those that the model folder holds."""

    step: int
    seconds: float
    left: float
    share: float
    loss: float
    figures: Figures | None
    best: Figures | None
    judged: bool
    """It was judged just now."""


class BestModel:
    """Judges the network as it learns, and keeps the best in the model folder."""

    def __init__(
        self,
        plan: TranslatorPlan,
        pairs: Pairs | FilmPairs,
        judge: Judge,
        on_message: Callable[[str], None],
        on_standing: Callable[[Standing], None],
    ) -> None:
        self._plan, self._pairs, self._judge = plan, pairs, judge
        self._on_message, self._on_standing = on_message, on_standing
        self._losses = LossLog(plan.losses, 10)
        self._history = History(plan.history)
        self._judged_at: float | None = None
        self._kept_at = -math.inf
        self._last: Figures | None = None
        self.figures = figures_of(plan.folder)
        """Of the model that the folder holds; None for none."""
        self._begin_history()

    def due(self, progress: Progress[Network]) -> bool:
        """Every few seconds, less often where a checkpoint takes long."""
        if progress.seconds - self._kept_at < max(KEPT, progress.keeping / SHARE):
            return False
        self._kept_at = progress.seconds
        self._see_to_folder()
        return True

    def after(self, progress: Progress[Network]) -> None:
        """Of a step."""
        if self._judged_at is None:
            self._judged_at = progress.seconds
        self._losses.note(progress)
        gap = min(JUDGED, max(FIRST, self._judged_at))
        judged = progress.last or progress.seconds - self._judged_at >= gap
        if judged:
            self._judged_at = progress.seconds
            self._see_to_folder()
            self._judge_it(progress)
        self._on_standing(
            Standing(
                progress.step,
                progress.seconds,
                progress.left,
                progress.share,
                float(progress.mean),
                self._last,
                self.figures,
                judged,
            )
        )

    def _judge_it(self, progress: Progress[Network]) -> None:
        paintings = self._judge.paintings(progress.average)
        figures = self._last = self._judge.figures(paintings)
        if not math.isfinite(figures.score):
            return  # weights so large that what they paint is no number
        better = self.figures is None or figures.score < self.figures.score
        try:
            if better:
                save_translator(self._plan.folder, progress.average, self._card(progress, figures))
                self.figures = figures
        except OSError as error:
            said = f"the model of step {progress.step} cannot be written: {error}"
            there = "; the one before stays" if self.figures is not None else ""
            if progress.last:
                raise Fault(said + there) from error
            self._on_message(said + there)
            better = False
        self._keep(lambda: self._show(progress, figures, paintings, better))

    def _show(
        self,
        progress: Progress[Network],
        figures: Figures,
        paintings: Sequence[np.ndarray],
        best: bool,
    ) -> None:
        """Keep what was judged, to be looked at. Raises OSError."""
        plan, sheet = self._plan, png(self._judge.sheet(paintings))
        line = {"step": progress.step, "seconds": round(progress.seconds, 1), **asdict(figures)}
        with plan.judged.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        write_whole(plan.work / "sheet.png", sheet)
        if best:
            write_whole(plan.best_sheet, sheet)
        self._history.add(progress.step, [paintings[n] for n in self._judge.shown])

    def _begin_history(self) -> None:
        judge = self._judge
        conditions, truth = ([of[n] for n in judge.shown] for of in (judge.conditions, judge.truth))
        self._keep(lambda: self._history.begin(conditions, truth))

    def _see_to_folder(self) -> None:
        """Make it anew where somebody has deleted or moved it: what is being learned is not lost
        with it."""
        plan = self._plan
        if plan.work.exists():
            return
        self.figures = None if not plan.folder.exists() else figures_of(plan.folder)
        try:
            plan.make()
            plan.begin(self._pairs.footage.looks)
        except Fault as fault:
            self._on_message(f"{fault}; training goes on")
            return
        self._on_message(f"{plan.work} is gone; it is made anew, and training goes on")
        self._begin_history()

    def _keep(self, write: Callable[[], None]) -> None:
        """Write what is only to be looked at."""
        try:
            write()
        except OSError as error:
            self._on_message(f"{self._plan.work} cannot be written: {error}; training goes on")

    def _card(self, progress: Progress[Network], figures: Figures) -> Card:
        plan = self._plan
        return Card(
            name=plan.folder.name,
            kind=plan.kind,
            size=plan.size,
            clips=tuple(self._pairs.footage.names),
            minutes=round(progress.seconds / 60, 2),
            steps=progress.step,
            figures={L1: figures.l1, EDGES: figures.edges, SHARPNESS: figures.sharpness},
            settings=asdict(self._pairs.settings),
            subjects=self._pairs.subjects,
            seed=plan.seed,
            command=plan.command,
        )


def figures_of(folder: Path) -> Figures | None:
    """Of the model that the folder holds."""
    if not (folder / CARD).exists():
        return None
    known = read_card(folder).figures
    if not {L1, EDGES, SHARPNESS} <= known.keys():
        return None
    return Figures(known[L1], known[EDGES], known[SHARPNESS])
