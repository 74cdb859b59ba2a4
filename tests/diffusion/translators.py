"""Translators that nobody has trained: networks with random weights, which follow all that they are
given; and what plays them in tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.translator_backend import TranslatorBackend
from vj.diffusion.translator_model import TranslatorModel
from vj.kernels.numpy_ride import Ride
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pocket.network import SEEN, Network
from vj.translator.card import Card
from vj.translator.conditions import CHANNELS
from vj.translator.model_folder import TECHNIQUES, save_translator

TINY = (8, 8, 8, 8)


def card_of(kind: str, size: int = 64) -> Card:
    return Card("kiss", kind, size, ("kiss.mov",), 0.5, 20, {"l1": 0.1}, {}, seed=3)


def network_of(kind: str, widths: tuple[int, ...] = TINY) -> Network:
    """The last layer of a new network gives nothing: here it does."""
    torch.manual_seed(11)
    network = Network(TECHNIQUES, widths, seen=SEEN + CHANNELS[kind])
    torch.nn.init.normal_(network.head.conv.weight, std=0.05)
    torch.nn.init.normal_(network.keep.style.weight, std=0.02)
    return network.eval().requires_grad_(False)


def model_of(kind: str, widths: tuple[int, ...] = TINY) -> TranslatorModel:
    return TranslatorModel("kiss", network_of(kind, widths), card_of(kind), torch.device("cpu"))


def folder_of(kind: str, folder: Path) -> Path:
    """A model folder, new, `folder/models/kiss`."""
    save_translator(folder / "models" / "kiss", network_of(kind), card_of(kind))
    return folder / "models" / "kiss"


def a_room() -> np.ndarray:
    """A window and somebody before a wall; sides that are no multiple of 16, (72, 88, 3) uint8."""
    picture = np.full((72, 88, 3), (190, 185, 170), np.uint8)
    cv2.rectangle(picture, (58, 8), (82, 40), (40, 90, 160), -1)
    cv2.ellipse(picture, (32, 26), (10, 13), 0, 0, 360, (205, 150, 120), -1)
    cv2.rectangle(picture, (20, 40), (46, 71), (50, 45, 60), -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


class Easel:
    """A backend on its own, with the store that it follows."""

    def __init__(self, model: TranslatorModel, room: np.ndarray, **start: Value) -> None:
        self.size = Size(room.shape[1], room.shape[0])
        self.backend = TranslatorBackend(model, self.size, True)
        values: dict[str, Value] = {"strength": 1.0}
        values.update({name.replace("_", "/", 1): value for name, value in start.items()})
        self.store = Store(values)
        self.time, self.number = 0.0, -1
        self.ride: Ride | None = None

    def paint(self, picture: np.ndarray, **values: Value) -> Tensor:
        """(1, 3, H, W), of the next frame, so much later that what glides has arrived; values that
        are set before it."""
        for name, value in values.items():
            self.store.set(name.replace("_", "/", 1), value)
        self.time += 0.9
        self.number += 1
        context = FrameContext(picture, self.number, self.time, picture, ride=self.ride)
        made = self.backend.paint(entered(picture), self.store.sample(self.time), context)
        assert made is not None
        assert made.context is context
        assert isinstance(made.picture, Tensor)
        assert made.picture.shape == (1, 3, *picture.shape[:2])
        return made.picture


def entered(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1


def apart(one: Tensor, two: Tensor) -> float:
    return float((one - two).abs().mean())


def played(model: TranslatorModel, frames: list[Frame], **start: Value) -> list[np.ndarray]:
    """What the frame pipeline makes of frames, with feedback, flow and smoothing as they stand in
    the table."""
    values = {name.replace("_", "/", 1): value for name, value in start.items()}
    store = Store({"strength": 1.0, **values})
    pipeline = FramePipeline(frames[0].size, "crop", Metrics(), print)
    pipeline.swap(TranslatorBackend(model, frames[0].size, True))
    out = [pipeline.process(one, store.sample(one.captured)).picture for one in frames]
    pipeline.close()
    return out


def walking(room: np.ndarray, count: int) -> list[Frame]:
    """Somebody walks through the room."""
    made = []
    for index in range(count):
        picture = room.copy()
        cv2.rectangle(picture, (8 + 3 * index, 20), (26 + 3 * index, 71), (30, 130, 60), -1)
        made.append(Frame(picture, index, index / 30))
    return made


def seen_by(
    model: TranslatorModel,
    *pictures: np.ndarray,
    each: Mapping[int, Mapping[str, Value]] | None = None,
    **start: Value,
) -> list[np.ndarray]:
    """What the network is shown of pictures, each (H, W, 3 + C). each: what is set before which of
    them."""
    return [seen for seen, _ in given_to(model, *pictures, each=each, **start)]


def given_to(
    model: TranslatorModel,
    *pictures: np.ndarray,
    each: Mapping[int, Mapping[str, Value]] | None = None,
    **start: Value,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same, with the texture field, (3, H, W)."""
    given: list[tuple[np.ndarray, np.ndarray]] = []
    paint = model.paint

    def watched(seen: np.ndarray, form: Tensor, style: Any) -> Tensor:
        given.append((seen, form[0].numpy()))
        return paint(seen, form, style)

    model.paint = watched  # type: ignore[method-assign]
    try:
        easel = Easel(model, pictures[0], **start)
        for index, picture in enumerate(pictures):
            easel.paint(picture, **(each or {}).get(index, {}))
    finally:
        del model.paint  # type: ignore[attr-defined]
    return given


def bytes_of(planes: Tensor) -> np.ndarray:
    picture = planes[0].permute(1, 2, 0).numpy() * 0.5 + 0.5
    return cv2.convertScaleAbs(np.clip(picture, 0, 1), alpha=255)
