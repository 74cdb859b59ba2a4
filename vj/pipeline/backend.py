"""What the pipeline asks of a backend: something that makes a generated image of a frame. The ones
with a model are in `vj.diffusion`; the one without is here."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, Self, runtime_checkable

import numpy as np

from vj.core.frame import Size
from vj.parameters.store import Snapshot
from vj.parameters.table import TABLE
from vj.pipeline.coming import ComingPicture
from vj.pipeline.compositor import Compositor, HostCompositor, Picture
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.latent_walk import WalkStep

BUILT_IN_ONLY = "only the built-in model has it"
NO_GUIDES = "the model has no ControlNet and no T2I-Adapter"
NO_FILM = "only a translator trained with --from next dreams a film"
NO_MEMORY = "the model has no self-attention, which Stable Diffusion models have"
NO_LATENTS = "the model has no latents of its own; blend/smoothing averages what it paints"
NO_IMAGE_PROMPTS = "the model has no IP-Adapter"
MEMORY = tuple(name for name in TABLE.rows if name.startswith("memory/"))
GENERATING = (
    *("prompt/", "palette/", "image/", "strength", "steps", "guidance", "delta"),
    *("control/", "pocket/", "seed/", "noise/", "film/", "memory/", "latent/"),
)
"""What parameters begin with that only a model follows."""
OF_A_MODEL = {
    name: "model none generates nothing: the input passes through"
    for name in TABLE.rows
    if name.startswith((*GENERATING, "journey/edge/"))
}


def reasons_by_name(reasons: Mapping[str, str]) -> dict[str, str]:
    """`Backend.unused` of names, and of beginnings that end in a slash: reasons by either."""
    return {
        row: reason
        for row in TABLE.rows
        if row.startswith(GENERATING)
        for start, reason in reasons.items()
        if row == start or (start.endswith("/") and row.startswith(start))
    }


Words = Literal["", "pocket", "styles"]
"""The words that a model knows: those of the built-in model, the names of the learned styles. Empty
where there is no list: any text means something, or none does."""


Keeps = Literal["nothing", "what was fed back", "till a cut", "for good"]
"""What earlier frames leave: what was fed back stays till a hard cut, or more does, or it is never
forgotten."""


@dataclass(frozen=True, slots=True, eq=False)
class GeneratedImage:
    """What came out of a backend, and the context that went in with its input."""

    picture: Picture
    """(1, 3, H, W) about -1..1, or without a model (H, W, 3) uint8."""
    context: FrameContext


class Backend(Protocol):
    """Belongs to the render thread. Whatever it throws, the pipeline goes on."""

    name: str
    compositor: Compositor
    settled: bool
    """False while the same input would not give the same image: a prompt is travelling, the noise
    boils, rows are filling."""
    guides: tuple[str, ...]
    """Kinds of pictures that lead it, see `FrameContext.guide_of`."""
    builds_up: bool
    """What it paints over its own painting grows stronger. On a journey it always does, so there it
    takes a share of `strength`, see `vj.pipeline.journey`."""
    mixes_latents: bool
    """It has a latent space, in which it starts from the place of `FrameContext.walk`."""
    unused: Mapping[str, str]
    """Parameters that change nothing in what it makes, each with the reason."""
    understood: str
    """What was made of the prompts, in a line; empty for a text encoder, which does not say."""
    words: Words
    """Whose words its prompts are made of."""

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        """Take a frame in, give the one that has arrived; None while the first are under way.
        entered: what `Compositor.preprocess` made of the frame."""

    def drain(self) -> GeneratedImage | None:
        """Move on without a new frame; None once all have arrived."""

    def clear(self) -> None:
        """Forget the frames in flight."""

    def reset(self) -> None:
        """A hard cut: forget all that frames have left in what is made of the next, noise that has
        moved with them, a memory of them, what gates and averages; it paints as one that has just
        been made. Frames in flight still arrive (each knows its `FrameContext.scene`), and prompts
        that travel go on. The compositor has a `reset` of its own. Quick."""

    def rest(self) -> None:
        """It plays no more for a while, or comes back from that: `clear`, `reset`, and what it
        paints next has the prompts of that frame at once. Between two frames, and quick."""

    def keep_up(self, snapshot: Snapshot) -> None:
        """While it rests: have its threads find what a frame like this would need, its prompts and
        patterns. Between two frames, and nothing is waited for."""

    def close(self) -> None:
        """End its threads."""


@runtime_checkable
class GoesOn(Backend, Protocol):
    """One of which it is known what frames that are not painted leave in it, so that a rendering
    can begin in its middle, see `vj.pipeline.frame_range`."""

    keeps: Keeps
    """What earlier frames leave in it that no parameter says."""

    def pass_by(self, entered: Picture, snapshot: Snapshot, context: FrameContext) -> None:
        """A frame that is not painted: what goes by its own time goes on, prompts that travel, a
        swirl that turns. entered: of the frame without anything fed back."""


@runtime_checkable
class PaintsBeside(Backend, Protocol):
    """One that can paint pictures beside the frames, see `vj.pipeline.key_painter`."""

    def beside(self) -> Self:
        """Another one on the same model and prompts: what it paints leaves no trace in the frames.
        To be closed before this one."""

    def go_on(self) -> GeneratedImage | None:
        """Move on by one step what is under way, where `drain` moves on to its end."""

    def ready(self, snapshot: Snapshot, walk: WalkStep) -> bool:
        """Whether all that such a picture needs is known, its prompts and image prompts; what is
        not is looked for."""


@runtime_checkable
class Layered(Backend, Protocol):
    """One that can paint a second layer, see `vj.pipeline.background`."""

    def layer(self) -> Backend:
        """Another one on the same model, with prompts, noise and frames in flight of its own, of
        which neither leaves a trace in the other. Not on the render thread, while this one may
        paint; to be closed before it. Raises whatever keeps it from being made."""


@runtime_checkable
class PaintsWhole(Backend, Protocol):
    """One that can make the picture of a frame as one piece of work for a card, feedback and
    blending too."""

    def takes_whole(self, snapshot: Snapshot, context: FrameContext) -> FrameContext | None:
        """Of the frame whose picture that would be, which with several steps is one before this;
        None where it cannot with this frame."""

    def paint_whole(
        self,
        snapshot: Snapshot,
        context: FrameContext,
        crossfade: float,
        flow: np.ndarray | None,
        flow_after: np.ndarray | None,
    ) -> ComingPicture | None:
        """The picture, for which nothing waits; None where the frame is to be painted in its steps
        after all. crossfade, flow_after: see `Compositor.postprocess`. flow: see
        `Compositor.preprocess`."""


class PassThrough:
    """No model: the input goes through feedback, smoothing and wet/dry. Plays before a model is
    there, and with `--model none`."""

    settled = True
    guides: tuple[str, ...] = ()
    mixes_latents = builds_up = False
    understood = ""
    words: Words = ""

    def __init__(self, size: Size, name: str = "none", waits: bool = True) -> None:
        """waits: a model is to come."""
        self.name, self.waits = name, waits
        self.unused: Mapping[str, str] = {} if waits else OF_A_MODEL
        self.compositor: Compositor = HostCompositor(size, plain=True)

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        return GeneratedImage(entered, context)

    def drain(self) -> GeneratedImage | None:
        return None

    def clear(self) -> None: ...

    def reset(self) -> None: ...

    def rest(self) -> None: ...

    def keep_up(self, snapshot: Snapshot) -> None: ...

    def close(self) -> None: ...


class Handover:
    """A backend on its way to the render thread."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.settled = threading.Event()
        """It paints, or it does not and never will."""
        self.error: Exception | None = None
        """Why it does not."""
