"""A performer's own translator as a backend: what a frame becomes, and what is painted of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.diffusion.condition_thread import FoundBeside
from vj.diffusion.devices import sent
from vj.diffusion.film import Film
from vj.diffusion.noise_align import SwirlTurn
from vj.diffusion.texture_noise import NoiseGate, WhiteNoise, make_texture_field
from vj.diffusion.translator_model import TranslatorModel
from vj.kernels.numpy_ride import Ride
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
from vj.pipeline.compositor import Picture
from vj.pipeline.cuda_compositor import make_compositor
from vj.pipeline.frame_context import FrameContext
from vj.translator.conditions import (
    LARGEST_UNIT,
    LEAST_STRENGTH,
    SMALLEST_UNIT,
    TRACKED,
    Conditioner,
    luma_of,
    softened,
    style_numbers,
    unit_of,
)
from vj.translator.trackers import Found

SIMPLEST = 0.15
"""How much of the drawing is left out at strength 1, of all that can be: at twice as much a face
128 rows high has lost its mouth. A film's frames are no drawing: `next` sees all of them."""
LOOKED_FOR = 0.5
"""Seconds for which the last picture stands, at most, while people are looked for."""
NO_WORDS = "a translator paints what it was trained on, whatever is written"
NO_PICTURES = "a translator paints what it was trained on, whatever picture it is shown"
UNUSED = {
    "prompt/": NO_WORDS,
    "palette/": NO_WORDS,
    "image/": NO_PICTURES,
    "steps": "a translator paints a frame in one step",
    "guidance": NO_WORDS,
    "delta": NO_WORDS,
    "control/": NO_GUIDES,
    "pocket/relief": BUILT_IN_ONLY,
    "film/": NO_FILM,
    "memory/": NO_MEMORY,
    "latent/": NO_LATENTS,
    "noise/align": "a translator always follows the form of what it is given",
}


class TranslatorBackend:
    """Belongs to the render thread."""

    words: Words = ""
    guides: tuple[str, ...] = ()
    mixes_latents = False
    builds_up = True
    settled = False

    def __init__(
        self,
        model: TranslatorModel,
        size: Size,
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        supervisor: Supervisor | None = None,
        known: Callable[[np.ndarray, float], Found | None] | None = None,
    ) -> None:
        """wait: whoever is in the picture is found on the spot (offline), not beside it.
        supervisor: of the thread beside the picture. known: who is in a picture at a time, where
        that is known already and nobody has to be found. Raises Fault where the model's
        condition needs files that are not here, Unavailable on CUDA without cupy."""
        self.model, self.name, model.log = model, model.describe(), on_message
        self._given = wait, on_message, supervisor, known
        if wait:
            model.capture_between_frames()
        self.understood = f"{model.name}: {model.kind}"
        self.unused: Mapping[str, str] = reasons_by_name(UNUSED)
        if model.kind == "next":
            self.unused = {name: why for name, why in self.unused.items() if why != NO_FILM}
        self.compositor = make_compositor(size, model.device, model.dtype)
        try:
            self._conditioner = Conditioner(model.kind, model.settings)
        except Fault as fault:
            raise Fault(f"model {model.name}: {fault}") from None
        self._found = (
            FoundBeside(self._conditioner, wait, on_message, supervisor)
            if model.kind in TRACKED and known is None
            else None
        )
        self._find = known if self._found is None else self._found.of
        self._moves_on = model.kind == "next" or (self._found is not None and not wait)
        """The same input does not give the same image, or is not known to."""
        self._unit = unit_of(min(size))
        self._field = make_texture_field(size, model.device, model.dtype, self._unit)
        self._white, self._turn, self._gate = WhiteNoise(size), SwirlTurn(), NoiseGate()
        self._film = Film() if model.kind == "next" else None
        self.keeps: Keeps = (
            "for good"
            if self._film is not None
            else "what was fed back"
            if self._find is None
            else "till a cut"
        )
        self._returns: float | None = None
        """When the first frame after a rest came, in seconds; infinite until then. None once
        somebody has been looked for."""
        self.condition: np.ndarray | None = None
        """Of the last frame that was painted: (H, W, C) float32, see `Conditioner.of`."""

    def warm(self, snapshot: Snapshot) -> None:
        """Paint two frames, so that the first on stage does not stutter. Beside the picture, before
        the backend is handed over."""
        size = self.compositor.size
        grey = np.full((size.height, size.width, 3), 0.5, np.float32)
        found = None if self._found is None else self._conditioner.find(_bytes(grey))
        condition = self._conditioner.of(_bytes(grey), found=found)
        for _ in range(2):
            self._painted(grey, condition, snapshot, 1.0, 0.0, None)

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        assert isinstance(entered, Tensor)
        self.model.take_threads()
        strength = snapshot["strength"]
        self.settled = strength == 0 or (
            not self._moves_on and snapshot["noise/hold"] >= 1 and snapshot["noise/swirl"] == 0
        )
        if self._film is not None:
            return self._next(self._film, entered, snapshot, context)
        if strength == 0:
            if self._found is not None:
                self._found.forget()  # or they would be painted where they were
            return GeneratedImage(entered, context)
        found = None
        if self._find is not None:
            found = self._find(context.image, context.captured)
            if found is None:  # the first look has not ended
                return None if self._back(context.captured) else GeneratedImage(entered, context)
            self._returns = None
        picture = _picture_of(self._gate.of(entered))
        simplicity = SIMPLEST * strength
        condition = self._conditioner.of(_bytes(picture), simplicity, (), found)
        self.condition, least = condition, max(strength, LEAST_STRENGTH)
        seen = softened(picture, least)
        painted = self._painted(seen, condition, snapshot, least, simplicity, context.ride)
        return GeneratedImage(_faded(entered, painted, strength), context)

    def pass_by(self, entered: Picture, snapshot: Snapshot, context: FrameContext) -> None:
        if snapshot["strength"] > 0 and self._film is None:
            assert isinstance(entered, Tensor)
            self._gate.of(entered)
            self._turn.at(snapshot)

    def _next(
        self, film: Film, entered: Tensor, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage:
        """The frame after the two that a film is at. Without a source there is nothing that could
        lead: the film goes on by itself, however low the strength is."""
        strength, picture = snapshot["strength"], _picture_of(entered)
        begin = int(snapshot["film/begin"])
        two = film.before(
            _bytes(picture), context.model_input, context.number, context.blank, begin
        )
        if strength == 0:
            film.remember(_bytes(picture), True)
            return GeneratedImage(entered, context)
        condition = self._conditioner.of(two[-1], 0.0, two)
        self.condition = condition
        least = 1.0 if context.blank else max(strength, LEAST_STRENGTH)
        seen = softened(picture, least)
        made = self._painted(seen, condition, snapshot, least, 0.0, context.ride)
        painted = _faded(entered, made, strength)
        film.remember(_bytes(_picture_of(painted)))
        return GeneratedImage(painted, context)

    def _painted(
        self,
        seen: np.ndarray,
        condition: np.ndarray,
        snapshot: Snapshot,
        strength: float,
        simplicity: float,
        ride: Ride | None,
    ) -> Tensor:
        """(1, 3, H, W), about -1..1. seen: of the picture, (H, W, 3) float32, 0..1."""
        unit = min(LARGEST_UNIT, max(SMALLEST_UNIT, self._unit * snapshot["pocket/size"]))
        luma = sent(torch.from_numpy(luma_of(condition)), self.model.device)
        followed = (luma * 2 - 1).expand(1, 3, -1, -1)
        white, turn = self._white.at(snapshot, ride), self._turn.at(snapshot)
        form = self._field.of(followed, white, unit / self._unit, turn)
        both = np.concatenate([seen, condition], axis=2)
        return self.model.paint(both, form, style_numbers(strength, simplicity, unit))

    def drain(self) -> GeneratedImage | None:
        return None

    def clear(self) -> None:
        self._gate = NoiseGate()
        if self._film is not None:
            self._film.forget()

    def reset(self) -> None:
        self._gate = NoiseGate()
        self._white.begin()
        if self._found is not None:
            self._found.forget()

    def rest(self) -> None:
        self.clear()
        self.reset()
        self._returns = math.inf

    def _back(self, time: float) -> bool:
        """It comes back from a rest, and whoever is in the picture is being looked for: the picture
        before stands for that long, and not the input."""
        if self._returns is None:
            return False
        self._returns = min(self._returns, time)
        return time - self._returns < LOOKED_FOR

    def keep_up(self, snapshot: Snapshot) -> None: ...

    def layer(self) -> TranslatorBackend:
        return TranslatorBackend(self.model, self.compositor.size, *self._given)

    def close(self) -> None:
        if self._found is not None:
            self._found.close()


def _picture_of(planes: Tensor) -> np.ndarray:
    """(1, 3, H, W), about -1..1 -> (H, W, 3) float32, 0..1, on the host."""
    there = planes[0].permute(1, 2, 0).float().cpu().contiguous().numpy()
    return np.clip(there * np.float32(0.5) + np.float32(0.5), 0, 1)


def _faded(entered: Tensor, painted: Tensor, strength: float) -> Tensor:
    """The painted picture, at low strengths over the input."""
    if strength >= LEAST_STRENGTH:
        return painted
    return torch.lerp(entered.to(painted.dtype), painted, strength / LEAST_STRENGTH)


def _bytes(picture: np.ndarray) -> np.ndarray:
    """0..1 -> uint8."""
    out: np.ndarray = cv2.convertScaleAbs(picture, alpha=255)
    return out
