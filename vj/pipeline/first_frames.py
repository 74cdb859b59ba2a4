"""Where pictures begin anew: the first frames of a model, or of another number of steps, keep some
of the last generated image; those of another scene keep nothing."""

from __future__ import annotations

from vj.pipeline.frame_context import FrameContext

CROSSFADE = (0.75, 0.5, 0.25)
"""How much of the last generated image stays in the first frames of the first backend, or of
another number of steps. From one backend to the next, `vj.pipeline.model_fade` leads."""


class FirstFrames:
    """Counts them. Belongs to the render thread."""

    def __init__(self) -> None:
        self._left = 0
        self._steps: int | None = None

    @property
    def held(self) -> float:
        """How much of the last generated image stays at least in the next picture, 0..1."""
        return CROSSFADE[-self._left] if self._left else 0.0

    def begin(self) -> None:
        """The first backend plays from now on."""
        self._left = len(CROSSFADE)

    def step(self, steps: int) -> None:
        """A frame goes in, to be painted in so many steps."""
        if steps != self._steps:
            self._left = len(CROSSFADE) if self._steps is not None else 0
            self._steps = steps

    def arrived(self) -> None:
        """A picture is on its way."""
        self._left = max(0, self._left - 1)

    def reset(self) -> None:
        """Another scene begins: nothing is held."""
        self._left, self._steps = 0, None


class Scenes:
    """Which scene goes in, and which has come out: with more than one step frames of the scene
    before arrive after a cut. Belongs to the render thread."""

    def __init__(self) -> None:
        self._entered = self._arrived = 0

    def begins(self, context: FrameContext) -> bool:
        """This frame, which goes in, is the first of another scene."""
        before, self._entered = self._entered, context.scene
        return before != context.scene

    @property
    def arriving(self) -> bool:
        """What has come out last is of another scene than what goes in."""
        return self._arrived != self._entered

    def arrived(self, context: FrameContext) -> None:
        """This frame has come out."""
        self._arrived = context.scene
