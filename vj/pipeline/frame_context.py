"""What is known of one frame on its way through the pipeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from vj.core.frame import Guide, Size
from vj.core.packed import Pixels, rgb_of
from vj.effects.stages import Effects
from vj.kernels.numpy_ride import Ride
from vj.parameters.store import Snapshot
from vj.pipeline.journey import Flight
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.live_picture import TakenPicture


@dataclass(frozen=True, slots=True, eq=False)
class FrameContext:
    """Made when a frame comes in; goes with it through the backend, however long it is there, and
    out again. Arrays in it are not written to."""

    image: np.ndarray
    """The prepared input, (H, W, 3) uint8."""
    number: int
    captured: float
    """Seconds on the show's clock."""
    model_input: np.ndarray
    """What the model is given, (H, W, 3) uint8: `image`, or the lines drawn of it."""
    mask: np.ndarray | None = None
    """(H, W) uint8, 255 where the generated image shows; None for everywhere."""
    lines: np.ndarray | None = None
    """White lines on black, (H, W, 3) uint8, for models that a drawing leads."""
    guides: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Other pictures that lead models, by their kind, (H, W, 3) uint8: see `vj.pipeline.guides`."""
    walk: WalkStep | None = None
    """Where the frame stands on a walk between pictures."""
    blank: bool = False
    """There is no input: the words alone, and what is fed back."""
    guide: Guide | None = None
    """What the input has beyond the painted size; its edges lead the upscaling."""
    motion: np.ndarray | None = None
    """The flow from this input to that of the generated image before, (h, w, 3) float32, see
    `vj.pipeline.optical_flow`. Known once the generated image has arrived; None when nobody asks,
    or two scenes meet there."""
    taken: TakenPicture | None = None
    """The picture that stands in for the show's styles and image prompts."""
    flight: Flight | None = None
    """How it goes on from the last generated image; None where the input leads."""
    beyond_edges: np.ndarray | None = None
    """`image`, (H, W, 3) uint8, with the colours at the edge of what stays as it came going on
    beyond it: of a transparent source, and where `mask/clean` asks for it; else None."""

    ride: Ride | None = None
    """Where the texture of each place comes from; None where noise does not ride."""
    scene: int = 0
    """How many hard cuts have been before it, see `vj.pipeline.scene_cut`."""
    background: np.ndarray | None = None
    """(H, W, 3) uint8: what is seen where the input is not, in place of a generated image; None
    where the frame itself is painted."""

    def guide_of(self, kind: str) -> np.ndarray | None:
        """What leads a model of this kind; None where there is none."""
        return self.lines if kind == "lines" else self.guides.get(kind)

    @property
    def moves_on(self) -> bool:
        """It moves on though its input stands still."""
        return self.blank or self.flight is not None or self.background is not None

    @property
    def dry(self) -> np.ndarray:
        """What is seen where the generated image is not, (H, W, 3) uint8."""
        return self.image if self.beyond_edges is None else self.beyond_edges

    @classmethod
    def black(cls, size: Size, guides: Collection[str] = ()) -> FrameContext:
        """Of a black frame, to warm a backend with. guides: kinds that it has, all black."""
        image = np.zeros((size.height, size.width, 3), np.uint8)
        lines = image if "lines" in guides else None
        return cls(image, 0, 0.0, image, lines=lines, guides=dict.fromkeys(guides, image))


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a frame became. picture: (H, W, 3) uint8, or packed. context: of the input
    that it shows, with the number and the time of the frame in whose place it is shown."""

    picture: Pixels
    context: FrameContext
    waiting: bool = False
    """It stands in for a frame that is still under way."""
    views: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Other pictures of the same frame, see `vj.pipeline.views`."""
    sent: Pixels | None = None
    """The picture as large as it is sent, where a card has made it so."""

    @property
    def pixels(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8."""
        return rgb_of(self.picture)

    def with_effects(self, effects: Effects, snapshot: Snapshot, live: bool) -> Shown:
        """As a show's effects after the model make it: a picture of its own, whose edges and motion
        are no longer the input's. Live the time is the moment's, else the frame's."""
        context = self.context
        effects.snapshot = snapshot
        effects.scene(context.scene)
        if not effects.after.effects:
            return self
        time = snapshot.time if live else context.captured
        if not effects.after.plays(snapshot):
            effects.after.passed(snapshot, time)
            return self
        pixels = self.pixels
        made = effects.after.of(pixels, snapshot, time, context.number)
        if made is pixels:
            return self
        context = replace(context, guide=None, motion=None)
        return replace(self, picture=made, context=context, sent=None)


def seen_through(guide: Guide | None, snapshot: Snapshot) -> Guide | None:
    """The guide of a generated image that is mixed with its input: what is less wet has left it
    less."""
    wet = snapshot["mix/wet"]
    return guide if guide is None or wet == 1 else replace(guide, strength=guide.strength * wet)
