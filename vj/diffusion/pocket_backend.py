"""The built-in model played through the stream batch, given the texture field as its noise."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor

from vj.core.frame import Size
from vj.core.mailbox import Mailbox
from vj.core.supervisor import Supervisor
from vj.diffusion.backends import StreamBackend
from vj.diffusion.built_in import COLOUR_SEPARATOR, BuiltIn, parsed_prompt
from vj.diffusion.devices import sent
from vj.diffusion.not_followed import IMAGE_PROMPTS
from vj.diffusion.prompts import Embedding
from vj.diffusion.stream_batch import Conditioning, Noise
from vj.diffusion.texture_noise import NoiseGate, WhiteNoise, make_texture_field
from vj.parameters.scenes import playing_scenes
from vj.parameters.store import Snapshot
from vj.pipeline.backend import (
    MEMORY,
    NO_FILM,
    NO_IMAGE_PROMPTS,
    NO_LATENTS,
    NO_MEMORY,
    GeneratedImage,
    Keeps,
    Words,
)
from vj.pipeline.compositor import Picture
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.guides import unled
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.live_picture import MadeOfNewest, TakenPicture
from vj.pipeline.mixture_travel import prompt_weights
from vj.pocket import patterns as lattice
from vj.pocket.picture_colours import colours_of
from vj.pocket.words import describe

SMALLEST_UNIT, LARGEST_UNIT = 0.7, 2.3
"""Pixels in a unit with the stroke size in it: what the network has learned (`UNIT_RANGE` of
`vj.pocket.training.dataset`)."""
PatternKey = tuple[int, int, float, float]
"""What patterns are drawn for: seed/a, seed/b, seed/mix, the stroke size."""


class PatternThread:
    """Draws patterns, and what they give to the network, on a thread of its own or, with `wait`, on
    the spot: it takes a tenth of a second. The newest wish wins; until it is met the last one
    stands."""

    def __init__(
        self,
        draw: Callable[[PatternKey], Tensor],
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """supervisor: of the thread that draws."""
        self._draw, self._wait, self._log = draw, wait, on_message
        self._supervisor = supervisor or Supervisor(on_message)
        self._asked: PatternKey | None = None
        self._keys: Mailbox[PatternKey] = Mailbox()
        self._made: Mailbox[tuple[PatternKey, Tensor]] = Mailbox()
        self._thread: threading.Thread | None = None
        self._there: PatternKey | None = None

    @property
    def pending(self) -> bool:
        return self._there != self._asked

    def at(self, key: PatternKey) -> Tensor | None:
        """The patterns that have come since the last call; None when there are none. The first are
        waited for: without any there is no picture."""
        if key != self._asked:
            self._asked = key
            if self._wait or self._there is None:
                self._there = key
                return self._draw(key)
            if self._thread is None:
                self._thread = self._supervisor.start("patterns", self._run)
            self._keys.put(key)
        made = self._made.get(0)
        if made is None:
            return None
        self._there = made[0]
        return made[1]

    def go_on_from(self, other: PatternThread) -> None:
        """Have what the other has drawn last."""
        self._asked = self._there = other._there

    def _run(self) -> None:
        while (key := self._keys.get()) is not None:
            try:
                self._made.put((key, self._draw(key)))
            except (
                Exception
            ) as error:  # a card that is full: the last patterns stand, and the next key is tried
                self._supervisor.count("patterns")
                self._log(f"patterns could not be drawn ({type(error).__name__}: {error})"[:300])

    def close(self) -> None:
        self._keys.close()


class PocketBackend(StreamBackend):
    """Belongs to the render thread."""

    words: Words = "pocket"
    mixes_latents = False
    builds_up = True
    keeps: Keeps = "what was fed back"

    def __init__(
        self,
        model: BuiltIn,
        size: Size,
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """See `StreamBackend`."""
        super().__init__(model, size, wait, on_message, supervisor)
        self._pocket, self._log, model.log = model, on_message, on_message
        self.unused = {
            "noise/align": "the built-in model always follows the picture's form",
            **unled(()),
            "film/begin": NO_FILM,
            **dict.fromkeys(IMAGE_PROMPTS, NO_IMAGE_PROMPTS),
            **dict.fromkeys(MEMORY, NO_MEMORY),
            "latent/morph": NO_LATENTS,
        }
        self._white = WhiteNoise(size)
        self._unit = size.height / 256
        self._texture_field = make_texture_field(size, model.device, model.dtype)
        self._nothing = torch.zeros((1, 3, size.height, size.width), device=model.device)
        """No noise is put on the latents themselves."""
        self._patterns, self._noise_gate = (
            PatternThread(self._draw, wait, on_message, supervisor),
            NoiseGate(),
        )
        self._ground: Tensor | None = None
        self._live = MadeOfNewest(colours_of, wait, on_message, supervisor, "live colours")
        self._colours = self._next_colours = ""
        """Those of the picture that plays, and those of a newer one until the prompts are encoded
        with them: were each wanted at once, quick ones would keep each other from being found."""
        self._texts: tuple[str, ...] = ()
        self.understood = ""
        """What was made of the prompts, in a line."""

    def warm(self, snapshot: Snapshot) -> None:
        for text, _ in prompt_weights(with_colours(snapshot)):
            self._book.find(text)
        super().warm(snapshot)
        self._travel.cut()
        self._live.begin()

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        coloured = self._coloured(snapshot, context)
        if coloured is None:
            self.settled = False
            return None
        snapshot = coloured
        if snapshot["strength"] > 0 and isinstance(entered, Tensor):
            entered = self._noise_gate.of(entered)
        generated = super().paint(entered, snapshot, context)
        waits = self._patterns.pending or self._live.pending or bool(self._next_colours)
        self.settled = self.settled and not waits and snapshot["noise/swirl"] == 0
        return generated

    def pass_by(self, entered: Picture, snapshot: Snapshot, context: FrameContext) -> None:
        coloured = self._coloured(snapshot, context)
        if coloured is None:
            return
        if coloured["strength"] > 0 and isinstance(entered, Tensor):
            entered = self._noise_gate.of(entered)
        super().pass_by(entered, coloured, context)

    def _coloured(self, snapshot: Snapshot, context: FrameContext) -> Snapshot | None:
        """With the colours of the picture that was taken; None while a model that begins waits for
        them."""
        colours = self._colours_for(snapshot, context.taken)
        waits = not colours and context.taken is not None
        waits = waits and (self._live.pending or bool(self._next_colours))
        if self._live.holds(waits, snapshot.time):
            return None
        snapshot = with_colours(snapshot, colours)
        self._explain(snapshot)
        return snapshot

    def _conditioning(
        self,
        entered: Tensor | None,
        context: FrameContext,
        snapshot: Snapshot,
        text: Embedding,
        negative: Embedding | None,
    ) -> Conditioning:
        assert entered is not None
        steps = snapshot["steps"]
        one = self._unit_of(snapshot)
        size = one / self._unit
        self._lay_patterns(snapshot, size)
        self._pocket.ground = self._ground
        white, turn = self._white.at(snapshot, context.ride), self._turn.at(snapshot)
        form = self._texture_field.of(entered, white, size, turn)
        numbers = [math.log2(one), snapshot["pocket/relief"] - 1]
        more = sent(torch.tensor([numbers]), self.model.device)
        return Conditioning(
            self.model.schedule.plan(snapshot["strength"], steps),
            self._nothing.expand(steps, -1, -1, -1),
            replace(text, pooled=more),
            snapshot["guidance"],
            snapshot["delta"],
            None if negative is None else replace(negative, pooled=more),
            (form,),
            (1.0,),
        )

    def _unit_of(self, snapshot: Snapshot) -> float:
        """Pixels in a unit."""
        return min(LARGEST_UNIT, max(SMALLEST_UNIT, self._unit * snapshot["pocket/size"]))

    def _lay_patterns(self, snapshot: Snapshot, size: float) -> None:
        """Ask for the patterns of a frame, and take those that have come."""
        seeds = (snapshot["seed/a"], snapshot["seed/b"], round(snapshot["seed/mix"], 3))
        ground = self._patterns.at((*seeds, round(size, 3)))
        if ground is not None:
            self._ground = ground

    def reset(self) -> None:
        super().reset()
        self._noise_gate = NoiseGate()
        self._white.begin()

    def rest(self) -> None:
        super().rest()
        self._live.begin()

    def keep_up(self, snapshot: Snapshot) -> None:
        super().keep_up(with_colours(snapshot))
        self._lay_patterns(snapshot, self._unit_of(snapshot) / self._unit)

    def _draw(self, key: PatternKey) -> Tensor:
        """On the thread of the patterns. The noise is drawn anew: the render thread's changes."""
        noise = Noise(self._white.shape, torch.device("cpu"), torch.float32, rows=1)
        white = noise.held(*key[:3])[0, 0].numpy()
        return self._pocket.lay(lattice.draw(white, self._unit, key[3]))

    def _colours_for(self, snapshot: Snapshot, taken: TakenPicture | None) -> str:
        """Those of the picture that comes with a frame; empty without one."""
        made = self._live.of(taken)
        if made is None:
            self._colours = self._next_colours = ""
            return ""
        if made.value != self._colours and not self._next_colours:
            self._next_colours = made.value
        if self._next_colours:
            wanted = prompt_weights(with_colours(snapshot, self._next_colours))
            found = [self._book.get(text) for text, _ in wanted]
            if None not in found:
                self._colours, self._next_colours = self._next_colours, ""
        return self._colours

    def _explain(self, snapshot: Snapshot) -> None:
        """Log what was made of prompts that have changed, once the prompts' thread has read them:
        looking up the nearest words is not for the render thread."""
        texts = tuple(dict.fromkeys(text for text, _ in prompt_weights(snapshot) if text.strip()))
        if texts == self._texts or any(self._book.get(text) is None for text in texts):
            return
        new = [text for text in texts if text not in self._texts]
        self._texts = texts
        lines = {text: describe(parsed_prompt(text)) for text in texts}
        self.understood = "; ".join(lines.values())
        for text in new:
            if not parsed_prompt(text).recognised:
                self._log(lines[text])

    def beside(self) -> Self:
        other = super().beside()
        if self._ground is not None:
            other._patterns.go_on_from(self._patterns)
            other._ground = self._ground
        other._texts = self._texts
        return other

    def ready(self, snapshot: Snapshot, walk: WalkStep) -> bool:
        return super().ready(with_colours(snapshot), walk)

    def close(self) -> None:
        super().close()
        self._patterns.close()
        self._live.close()


def with_colours(snapshot: Snapshot, live: str = "") -> Snapshot:
    """The snapshot with the colours given for a prompt put beside its text. live: colours for all
    of them in place of those; empty for none."""
    scenes = playing_scenes(snapshot.values)
    if live or any(scene.palette for scene in scenes):
        asked = prompt_weights(snapshot)
        colours = [live] * len(asked) if live else [scene.palette for scene in scenes]
        listed = [
            (f"{text}{COLOUR_SEPARATOR}{more}" if more else text, weight)
            for (text, weight), more in zip(asked, colours, strict=True)
        ]
        return replace(snapshot, values={**snapshot.values, "prompt/list": json.dumps(listed)})
    beside = {
        f"prompt/{which}": f"{snapshot[f'prompt/{which}']}{COLOUR_SEPARATOR}{given}"
        for which in ("a", "b")
        if (given := snapshot[f"palette/{which}"].strip())
    }
    return replace(snapshot, values={**snapshot.values, **beside}) if beside else snapshot
