"""A show's own effects: loaded and tried beside the picture, and played in its pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vj.app.context import ShowContext
from vj.app.replacement import Replacement
from vj.core.errors import Fault
from vj.core.metrics import Metrics
from vj.core.supervisor import StageMarker
from vj.diffusion.devices import best_device_name
from vj.effects.header import AMOUNT, PREFIX
from vj.effects.loaded import LoadedEffect
from vj.effects.played import PlayedEffect
from vj.effects.stages import Effects
from vj.effects.trial import tried_effect
from vj.parameters.table import Value
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.loop import RenderLoop
from vj.show.effects_section import EffectRule
from vj.show.schema import Show

PLAYING = ("playing", "no model")
"""Words of `RunState.text` while nothing else keeps the machine busy."""


def load_effect(rule: EffectRule, device: str) -> LoadedEffect:
    """An effect, run and tried with a small picture. device: of the show's model. Raises Fault that
    names file and line."""
    where = best_device_name(device) if rule.header.frames == "torch" else "cpu"
    return tried_effect(rule.name, rule.header, where)


class RenderedEffects:
    """Those of a rendering, in which nothing is left out. Raises Fault in its constructor for one
    that does not load."""

    def __init__(
        self, show: Show, fps: float, metrics: Metrics, log: Callable[[str], None]
    ) -> None:
        """fps: of the frames that are painted, between which those of slow motion have times of
        their own; 0 where they come at varying times."""
        self._slow, self._fps = show.slow, fps
        self._made: list[PlayedEffect] = []
        for rule in show.effects:
            try:
                effect = load_effect(rule, show.model.device)
            except Fault as fault:
                raise Fault(f"effects: {rule.name}: {fault}") from None
            self._made.append(PlayedEffect(effect, metrics, log, live=False))
        self._effects: Effects | None = None
        self.moment = 0.0
        """When the frame was that was painted last, seconds."""

    def lead(self, pipeline: FramePipeline) -> None:
        """Have it play them."""
        self._effects = pipeline.effects
        self._effects.use(self._made)

    def at_end(self, picture: np.ndarray, number: int) -> np.ndarray:
        """A picture that is written, as those at the end make it. number: of all that are made."""
        if self._effects is None or not self._effects.end.effects:
            return picture
        between = number % self._slow != 0
        return self._effects.at_end(picture, self._time(number), number, between)

    def passed(self, number: int) -> None:
        """A picture is not written."""
        if self._effects is not None and self._effects.snapshot is not None:
            self._effects.end.passed(self._effects.snapshot, self._time(number))

    def _time(self, number: int) -> float:
        between = -number % self._slow / (self._slow * self._fps) if self._fps else 0.0
        return self.moment - between


class ShowEffects:
    """Those of a live show. What does not load when it begins is left out until it is saved."""

    def __init__(self, context: ShowContext, loop: RenderLoop) -> None:
        self._context, self._loop = context, loop
        self._trial = context.supervisor.watch(StageMarker("trying"))
        self._played: dict[str, tuple[EffectRule, PlayedEffect | None]] = {}
        self._failed: dict[str, str] = {}
        show = context.run.show
        for rule in show.effects:
            try:
                self._played[rule.name] = rule, self._made(rule, show)
            except Fault as fault:
                self._played[rule.name], self._failed[rule.name] = (rule, None), str(fault)
                context.messages.log(
                    f"{fault}\nthe effect {rule.name} is left out until the file is saved"
                )
        self._use()

    def _made(self, rule: EffectRule, show: Show) -> PlayedEffect:
        """Raises Fault."""
        context = self._context
        self._trial.enter(f"the effect {rule.name}")
        try:
            effect = load_effect(rule, show.model.device)
        finally:
            self._trial.leave()
        return PlayedEffect(
            effect,
            context.metrics,
            context.messages.log,
            live=True,
            period=lambda: self._loop.period,
            share=rule.budget,
            settled=lambda: context.run.text in PLAYING,
        )

    def _use(self) -> None:
        effects = [effect for _, effect in self._played.values() if effect is not None]
        failed = {name: why for name, why in self._failed.items() if self._played[name][1] is None}
        self._loop.between(lambda: self._loop.pipeline.effects.use(effects, failed))

    def replace(self, show: Show, old: Show) -> Replacement | None:
        """The effects of a saved show. One that has not changed plays on, with what it remembers.
        Raises Fault for one that does not load, and what plays goes on."""
        if show.effects == old.effects:
            return None
        played: dict[str, tuple[EffectRule, PlayedEffect | None]] = {}
        changed = []
        for rule in show.effects:
            before = self._played.get(rule.name)
            if before is not None and before[0] == rule:
                played[rule.name] = before
            else:
                played[rule.name] = rule, self._made(rule, show)
                changed.append(rule.name)

        def apply() -> None:
            self._played = played
            self._failed = {name: why for name, why in self._failed.items() if name in played}
            self._use()

        names = f" ({', '.join(changed)})" if changed else ""
        return Replacement([f"effects{names}"], apply)


def unused_effects(effects: Effects, values: Mapping[str, Value]) -> dict[str, str]:
    """Parameters of effects that change nothing now, and why."""
    left_out = effects.left_out()
    found = {}
    for name in values:
        effect = name.split("/")[1] if name.startswith(PREFIX) else ""
        amount = f"{PREFIX}{effect}/{AMOUNT}"
        if effect in left_out:
            found[name] = f"the effect is left out: {left_out[effect]}"
        elif effect and name != amount and not values.get(amount):
            found[name] = f"{amount} is 0"
    return found
