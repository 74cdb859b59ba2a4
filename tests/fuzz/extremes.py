"""Parameters at their ends, all mixed, through the store and the render loop with the built-in
model: a picture has to come of each."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tests.fuzz.failure import Failed, misfits
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.store import Store
from vj.parameters.table import Parameter, Value
from vj.pipeline.loop import RenderLoop

SIZES = (
    Size(64, 64),
    Size(16, 16),
    Size(128, 16),
    Size(16, 128),
    Size(256, 24),
    Size(24, 256),
    Size(104, 40),
)
"""What is painted, in turns: squares, and strips as for LEDs."""
TURN = 25
"""Frames of each."""
FPS = 25.0
SLOW = 10.0
"""Seconds for one frame, at most: a hang is longer."""
KEPT = 60
WORDS = (
    "",
    "gold",
    "ink, hatching",
    "neon, night",
    "xyzzy",
    "水墨",
    "stained glass, weathered, broken",
    "a " * 5000,
)
LISTS = (
    "",
    '[["gold", 1]]',
    '[["ink", 0.001], ["neon", 1000000]]',
    '[["", 1], ["ice", 1]]',
    '[["gold", 1e308], ["ink", 1e308]]',
)
COLOURS = (
    "",
    "#000 #000",
    "#fff #000 #fff",
    "crimson gold",
    "#010203 #fefdfc",
    "black white black white black white black white",
)
SHAPES = ((64, 64), (48, 96), (1, 64), (64, 1), (1, 1), (333, 187))
LEFT_OUT = ("record", "cue/fire", "cue/store", "walk/ease")


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a run."""

    frames: int
    changes: int
    seconds: float
    slowest: float

    def __str__(self) -> str:
        return (
            f"{self.frames:,} frames with {self.changes:,} changes of parameters in "
            f"{self.seconds:.0f} s, slowest frame "
            f"{self.slowest * 1e3:.0f} ms; nothing failed"
        )


class Rig:
    """A loop offline whose parameters jump between two frames."""

    def __init__(self, seed: int, size: Size, model: str = "drawn") -> None:
        self.size, self.seed, self.random = size, seed, random.Random(seed)
        self.noise = np.random.default_rng(seed)
        self.store, self.metrics, self.clock = Store(), Metrics(), FrameClock(FPS)
        self.said: list[str] = []
        self.changes = 0
        self.last: list[tuple[str, Value]] = []
        self.slowest = 0.0
        self._begun = 0.0
        self.loop = RenderLoop(
            size=size,
            fps=FPS,
            fit="crop",
            clock=self.clock,
            store=self.store,
            inbox=Mailbox(),
            publish=self._publish,
            metrics=self.metrics,
            on_message=self.said.append,
        )
        self.loop.offer(
            make_backend(
                ModelSpec(model), "stream", size, self.store.ahead(0), False, self.said.append
            )
        )

    def render(self, count: int) -> None:
        """Raises Failed."""
        frames = self._frames(count)
        made = self.loop.render(lambda snapshot: next(frames, None))
        if made != count:
            raise self.failed(f"{count} frames came and {made} pictures left")

    def failed(self, what: str) -> Failed:
        return Failed(what, self.last[-KEPT:], self.seed)

    def _frames(self, count: int) -> Iterator[tuple[Frame, Frame | None]]:
        """Of deck A and, mostly, of deck B."""
        for number in range(count):
            for _ in range(self.random.choice((0, 1, 1, 2, 8, 40))):
                self._change()
            self._begun = time.perf_counter()
            decks = [Frame(self._picture(), number, number / FPS) for _ in range(2)]
            yield decks[0], None if self.random.random() < 0.2 else decks[1]

    def _change(self) -> None:
        rows = self.store.table.rows
        row = rows[self.random.choice([name for name in rows if name not in LEFT_OUT])]
        value = self._extreme(row)
        self.last.append((row.name, value))
        del self.last[: -2 * KEPT]
        self.changes += 1
        try:
            self.store.set(row.name, value)
        except Fault as fault:
            if row.kind != "text":
                raise self.failed(f"{row.name}: {value!r} was refused: {fault}") from None

    def _extreme(self, row: Parameter) -> Value:
        rnd = self.random
        if row.kind in ("float", "int"):
            near = (row.high - row.low) * 1e-6
            number = rnd.choice(
                (
                    row.low,
                    row.high,
                    row.low + near,
                    row.high - near,
                    rnd.uniform(row.low, row.high),
                    float(row.start),
                )
            )
            return round(number) if row.kind == "int" else number
        if row.kind == "text":
            return rnd.choice(
                LISTS
                if row.name == "prompt/list"
                else COLOURS
                if row.name.startswith("palette")
                else WORDS
            )
        return rnd.choice(row.choices) if row.kind == "choice" else rnd.random() < 0.5

    def _picture(self) -> np.ndarray:
        """(H, W, 3 or 4) uint8: even, black, white, noise, a gradient; sometimes transparent,
        sometimes of an odd shape."""
        shape = (
            (self.size.height, self.size.width)
            if self.random.random() < 0.8
            else self.random.choice(SHAPES)
        )
        channels = self.random.choice((3, 3, 3, 4))
        kind = self.random.randrange(5)
        if kind < 3:
            return np.full((*shape, channels), (0, 255, 127)[kind], np.uint8)
        if kind == 3:
            return self.noise.integers(0, 256, (*shape, channels), np.uint8)
        ramp = np.linspace(0, 255, shape[1]).astype(np.uint8)
        return np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (*shape, channels)))

    def _publish(self, image: np.ndarray, frame: Frame) -> None:
        took = time.perf_counter() - self._begun
        self.slowest = max(self.slowest, took)
        if frame.pixels.dtype != np.uint8 or frame.pixels.shape != (
            self.size.height,
            self.size.width,
            3,
        ):
            raise self.failed(f"a picture of {frame.pixels.dtype} {frame.pixels.shape}")
        if self.metrics.faults:
            raise self.failed(f"{self.said[-1:] or 'a fault without a word'}")
        if wrong := misfits(self.store, self.store.base()):
            raise self.failed(wrong[0])
        if took > SLOW:
            raise self.failed(f"a frame took {took:.1f} s")


def fuzz(frames: int, seed: int, progress: Callable[[str], None] = lambda text: None) -> Figures:
    """Render so many frames. Raises Failed for a fault of the model or the loop, a picture of
    another form, a parameter outside its range."""
    begun, made, changes, slowest = time.monotonic(), 0, 0, 0.0
    while made < frames:
        size = SIZES[made // TURN % len(SIZES)]
        progress(f"frame {made:,} at {size}")  # should a library end the process
        rig, count = Rig(seed + made, size), min(TURN, frames - made)
        rig.render(count)
        made, changes = made + count, changes + rig.changes
        slowest = max(slowest, rig.slowest)
    return Figures(frames, changes, time.monotonic() - begun, slowest)
