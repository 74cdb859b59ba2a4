"""What the painters share as backends of the pipeline: noise of the camera kept away, seeds,
strength. No PyTorch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import cv2
import numpy as np

from vj.core.frame import Size
from vj.painters.camera_noise import CameraNoiseFilter
from vj.painters.jitter import Jitter
from vj.painters.mixing import toward
from vj.painters.networks import PaintingNetwork
from vj.parameters.store import Snapshot
from vj.pipeline.backend import (
    BUILT_IN_ONLY,
    NO_FILM,
    NO_GUIDES,
    NO_LATENTS,
    NO_MEMORY,
    GeneratedImage,
    Keeps,
    Words,
    reasons_by_name,
)
from vj.pipeline.compositor import Compositor, HostCompositor, Picture
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.live_picture import TakenPicture

ONE_STEP = "a painter paints a frame in one step"
NO_GUIDANCE = "painters have no guidance: a mixture is played by its weights"
BY_ITSELF = "a painter's strokes follow the picture by themselves"
NOT_FOLLOWED: Mapping[str, str] = {
    "steps": ONE_STEP,
    "guidance": NO_GUIDANCE,
    "delta": NO_GUIDANCE,
    "prompt/negative": NO_GUIDANCE,
    "control/": NO_GUIDES,
    "pocket/": BUILT_IN_ONLY,
    "palette/": BUILT_IN_ONLY,
    "film/": NO_FILM,
    "noise/align": BY_ITSELF,
    "memory/": NO_MEMORY,
    "latent/": NO_LATENTS,
    "noise/swirl": BY_ITSELF,
    "noise/ride": "a painter's own noise stands still",
}
"""What the beginnings of parameters' names say that no painter follows, and why."""


class PainterBackend(ABC):
    """Paints with a network whose style is a few numbers. Belongs to the render thread."""

    settled = False
    guides: tuple[str, ...] = ()
    mixes_latents = False
    builds_up = True
    words: Words = ""
    keeps: Keeps = "what was fed back"

    def __init__(
        self, name: str, network: PaintingNetwork, size: Size, unused: Mapping[str, str]
    ) -> None:
        """unused: what this painter does not follow besides `NOT_FOLLOWED`: how parameters' names
        begin, and why."""
        self.name, self._network = name, network
        self.compositor: Compositor = HostCompositor(size, plain=True)
        self.unused: Mapping[str, str] = reasons_by_name({**NOT_FOLLOWED, **unused})
        self.understood = ""
        self._noise, self._jitter = CameraNoiseFilter(), Jitter(size.height, size.width)

    @abstractmethod
    def _style(self, snapshot: Snapshot, taken: TakenPicture | None = None) -> np.ndarray | None:
        """What the network is given for this frame, float32; None while nothing is known yet.
        taken: the picture that comes with the frame."""

    @property
    @abstractmethod
    def _travels(self) -> bool:
        """The style is on its way to another one, or to be found yet."""

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        assert isinstance(entered, np.ndarray)
        style = self._style(snapshot, context.taken)
        strength = snapshot["strength"]
        self.settled = strength == 0 or (not self._travels and snapshot["noise/hold"] >= 1)
        if strength == 0 or style is None:
            return GeneratedImage(entered, context)
        steady = self._noise.of(entered)
        grain = cv2.merge([self._jitter.at(snapshot)] * 3)
        painted = self._network.paint(cv2.scaleAdd(steady, 1 / 255, grain), style)
        return GeneratedImage(toward(entered, painted, strength), context)

    def pass_by(self, entered: Picture, snapshot: Snapshot, context: FrameContext) -> None:
        assert isinstance(entered, np.ndarray)
        if self._style(snapshot, context.taken) is not None and snapshot["strength"] > 0:
            self._noise.of(entered)

    def warm(self, snapshot: Snapshot) -> None:
        """Paint two frames, so that the first on stage does not stutter: memory is taken in the
        first one. Beside the picture, before the backend is handed over. Raises Fault where the
        style cannot be had."""
        self._prepare(snapshot)
        size = self.compositor.size
        style = self._style(snapshot)
        assert style is not None
        for _ in range(2):
            self._network.paint(np.zeros((size.height, size.width, 3), np.float32), style)

    @abstractmethod
    def _prepare(self, snapshot: Snapshot) -> None:
        """Find here and now what `_style` needs for this snapshot."""

    def drain(self) -> GeneratedImage | None:
        return None

    def clear(self) -> None:
        self._noise.forget()

    def reset(self) -> None:
        self._noise.forget()
        self._jitter.begin()

    @abstractmethod
    def rest(self) -> None:
        """Forget the pictures, and be at the next frame's style at once."""

    @abstractmethod
    def keep_up(self, snapshot: Snapshot) -> None:
        """Have its thread find what `_style` needs for this snapshot."""

    @abstractmethod
    def close(self) -> None:
        """End its threads."""
