"""The two stages of a run: what is kept, written and told while they train."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vj.core.errors import Fault
from vj.diffusion.model import Model
from vj.lora_training.adapters import LEARNED, TRAINING_ADAPTER, LoraWeights
from vj.lora_training.examples import Examples, NoisedBatch
from vj.lora_training.lora_file import LoraFacts, save_lora
from vj.lora_training.settings import LoraProgress, LoraSettings, OnProgress, TrainedLora
from vj.lora_training.stage import LoraStage
from vj.training.checkpoint import Checkpoint
from vj.training.length import Length
from vj.training.loop import LossLog, Progress, fit

FIRST = 0.4
"""Share of a run in which the training adapter of a model of few steps is trained: the longer, the
better the few steps are kept, and the less is learned of the clip."""
KEEP, LONGER = 10.0, 20.0
"""Seconds from one state that is kept to the next, and how many times longer than the keeping
itself it is at least: without a card the comparing takes minutes."""


class LoraRun:
    """A model whose UNet has its LoRAs, and what both stages take."""

    def __init__(
        self,
        model: Model,
        settings: LoraSettings,
        work: Path,
        on_progress: OnProgress,
        on_message: Callable[[str], None],
        stop: Callable[[], bool],
    ) -> None:
        self._model, self._settings, self._work = model, settings, work
        self._on_progress, self._on_message, self._stop = on_progress, on_message, stop
        self._before = 0.0  # share of everything that is done when the LoRA's own stage begins
        self._batch = settings.batch or (1 if model.device.type == "cpu" else 4)

    def train_adapter(self, own: Callable[[], Examples]) -> None:
        """Train the training adapter on the model's own pictures, and leave it in the UNet. own:
        paints them; not called where the adapter is trained already."""
        length = self._settings.length_before(FIRST)
        state = self._checkpoint("adapter").read(self._model.device)
        over = state is not None and length.share(int(state["step"]), float(state["seconds"])) >= 1
        examples = None if over else own()  # here, as the run's minutes are for learning
        on, rate = [TRAINING_ADAPTER], self._settings.rate
        stage = LoraStage(self._model, TRAINING_ADAPTER, on, examples, self._batch, rate)
        self._before = FIRST

        def left(progress: Progress[LoraWeights]) -> float:
            return progress.left + (progress.seconds + progress.left) * (1 - FIRST) / FIRST

        def tell(progress: Progress[LoraWeights]) -> None:
            self._tell("adapter", progress, FIRST * progress.share, left(progress), None)

        stage.network.take(self._fit("adapter", stage, length, tell, lambda progress: None))

    def train_clip(
        self,
        on: Sequence[str],
        examples: Examples,
        compared: Sequence[NoisedBatch],
        facts: LoraFacts,
        out: Path,
    ) -> TrainedLora:
        """Train the LoRA itself. on: the LoRAs that the UNet computes with meanwhile. compared:
        examples that are not learned. Raises Fault, also where it was stopped before it began."""
        rate = self._settings.rate
        stage = LoraStage(self._model, LEARNED, on, examples, self._batch, rate)
        held_out: list[float] = []

        def tell(progress: Progress[LoraWeights]) -> None:
            share = self._before + (1 - self._before) * progress.share
            newest = held_out[-1] if held_out else None
            self._tell("clip", progress, share, progress.left, newest)

        def keep(progress: Progress[LoraWeights]) -> None:
            held_out.append(stage.compare(compared, progress.average))
            try:
                save_lora(out, progress.average.by_name(), replace(facts, steps=progress.step))
            except OSError as error:
                self._on_message(f"{out} cannot be written: {error}; training goes on")

        length = self._settings.length(1 - self._before)
        average = self._fit("clip", stage, length, tell, keep)
        state = self._checkpoint("clip").read(self._model.device)
        if state is None:
            raise Fault(
                f"{out}: stopped before anything of the clip was learned; the same command goes on"
            )
        step = int(state["step"])
        try:
            save_lora(out, average.by_name(), replace(facts, steps=step))
        except OSError as error:
            raise Fault(f"{out} cannot be written: {error}") from None
        return TrainedLora(
            path=out,
            steps=step,
            loss=float(state["mean"]),
            held_out=stage.compare(compared, average),
            whole=length.share(step, float(state["seconds"])) >= 1,
        )

    def _fit(
        self,
        name: str,
        stage: LoraStage,
        length: Length,
        tell: Callable[[Progress[LoraWeights]], None],
        keep: Callable[[Progress[LoraWeights]], None],
    ) -> LoraWeights:
        """keep: called whenever a state is about to be kept before the end."""
        log = LossLog(self._work / f"{name}.jsonl", self._settings.every)
        next_at: float | None = None

        def due(progress: Progress[LoraWeights]) -> bool:
            nonlocal next_at
            if next_at is None:
                next_at = progress.seconds + KEEP
            if progress.seconds < next_at:
                return False
            begun = time.monotonic()
            keep(progress)
            took = time.monotonic() - begun
            next_at = progress.seconds + took + max(KEEP, LONGER * took)
            return True

        def after(progress: Progress[LoraWeights]) -> None:
            if log.note(progress):
                tell(progress)

        return fit(stage, length, self._checkpoint(name), due, after, self._stop, self._on_message)

    def _checkpoint(self, name: str) -> Checkpoint:
        return Checkpoint(self._work / f"{name}.pt")

    def _tell(
        self,
        doing: str,
        progress: Progress[LoraWeights],
        share: float,
        left: float,
        held_out: float | None,
    ) -> None:
        self._on_progress(
            LoraProgress(doing, progress.step, share, left, float(progress.mean), held_out)
        )
