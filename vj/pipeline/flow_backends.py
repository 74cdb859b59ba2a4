"""Ways to find optical flow: OpenCV's DIS, which is there anywhere, and others that a show may name
where they are installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault, Unavailable, nearest, nearest_file
from vj.core.kinds import FLOW_KINDS

Calculate = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Two pictures (h, w) uint8 of one size -> (h, w, 2) float32: where what is in the first is in the
second, dx and dy in pixels."""

DIS_LEAST = 32
"""Rows. OpenCV's DIS reads beyond pictures that are lower and more than five times as wide, as for
a strip of LEDs: the process ends."""
RAFT_STEP, RAFT_LEAST = 8, 128
"""RAFT's sides are multiples of 8, and at least 128."""


MEDIUM = 10
"""OpenCV's NV_OF_PERF_LEVEL_MEDIUM."""


def make_flow(asked: str = "dis", device: str = "cpu") -> Calculate:
    """`dis` (Kroeger et al. 2016), `farneback`, `raft:FILE` (torchvision's RAFT, small or large,
    with weights that you name), `nvidia` (the card's own flow unit, through an OpenCV built with
    CUDA). Raises Fault or Unavailable, which say what is missing."""
    kind, _, rest = asked.partition(":")
    if kind == "dis":
        return _dis()
    if kind == "farneback":
        return lambda one, two: cv2.calcOpticalFlowFarneback(
            one, two, None, 0.5, 3, 15, 3, 5, 1.2, 0
        )  # type: ignore[call-overload]
    if kind == "raft":
        return _raft(rest, device)
    if kind == "nvidia":
        return _nvidia()
    raise Fault(
        f"flow {asked!r}: no such way{nearest(kind, FLOW_KINDS)} (dis, farneback, "
        "raft:FILE, nvidia)"
    )


def careful_flow() -> Calculate:
    """DIS with finer patches, where a few milliseconds more do not matter: it finds the ways of
    things that move as far as a tenth of the picture, of which the quick one finds none."""
    return _dis(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)


def riding_flow() -> Calculate:
    """DIS on a copy twice as fine as the quick one's: as near as the careful one where a camera
    moves (.04 to .08 pixels off at 256x256 where the quick one is .09 to .22), in two thirds of its
    time."""
    return _dis(finest=1, refined=3)


def _dis(
    preset: int = cv2.DISOPTICAL_FLOW_PRESET_FAST,
    finest: int | None = None,
    refined: int | None = None,
) -> Calculate:
    """finest: halvings of the picture at which it ends. refined: rounds in which what is found is
    smoothed. The preset's without."""
    dis = cv2.DISOpticalFlow.create(preset)
    if finest is not None:
        dis.setFinestScale(finest)
    if refined is not None:
        dis.setVariationalRefinementIterations(refined)

    def calculate(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        height, width = one.shape
        if height < DIS_LEAST:
            one, two = (cv2.resize(picture, (width, DIS_LEAST)) for picture in (one, two))
        flow: np.ndarray = dis.calc(one, two, np.zeros((*one.shape, 2), np.float32))
        if height < DIS_LEAST:
            flow = cv2.resize(flow, (width, height)) * np.array([1, height / DIS_LEAST], np.float32)
        return flow

    return calculate


def _raft(name: str, device: str) -> Calculate:
    import torch

    try:
        models: Any = importlib.import_module("torchvision.models.optical_flow")
    except (
        ImportError,
        RuntimeError,
    ) as error:  # a torchvision made for another build of torch throws the latter
        raise Unavailable(
            f"flow raft: needs torchvision, of the same build as torch ({error})"
        ) from None
    path = Path(name).expanduser()
    if not path.is_file():
        raise Fault(
            f"flow raft:{name}: there is no such file{nearest_file(path)}; name RAFT's weights as "
            "torchvision has them (raft_small or raft_large .pth)"
        )
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        large = any(
            "feature_encoder.convnormrelu.0.weight" in key and value.shape[0] == 64
            for key, value in weights.items()
        )
        model = (models.raft_large if large else models.raft_small)(weights=None)
        model.load_state_dict(weights)
    except Exception as error:  # pickle, torch and shape errors have no common base
        raise Fault(
            f"flow raft:{name}: is not RAFT's weights ({' '.join(str(error).split())[:120]})"
        ) from None
    model = model.to(device).eval()

    @torch.no_grad()
    def calculate(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        height, width = one.shape
        size = [max(RAFT_LEAST, RAFT_STEP * round(side / RAFT_STEP)) for side in (width, height)]
        pair = [
            torch.from_numpy(cv2.resize(p, size))
            .to(device)
            .float()
            .div(127.5)
            .sub(1)
            .expand(1, 3, -1, -1)
            for p in (one, two)
        ]
        found = (
            model(*(p.contiguous() for p in pair), num_flow_updates=6)[-1][0]
            .permute(1, 2, 0)
            .cpu()
            .numpy()
        )
        flow: np.ndarray = cv2.resize(found, (width, height)) * np.array(
            [width / size[0], height / size[1]], np.float32
        )
        return flow

    return calculate


def _nvidia() -> Calculate:
    maker: Any = getattr(cv2, "cuda_NvidiaOpticalFlow_2_0", None)
    if maker is None:
        raise Unavailable(
            "flow nvidia: this OpenCV was not built with CUDA and NVIDIA's optical flow; flow: "
            "dis does without"
        )
    made: dict[tuple[int, ...], Any] = {}

    def calculate(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        size = one.shape[::-1]
        if size not in made:
            made[size] = maker.create(size, MEDIUM)
        coarse, _ = made[size].calc(one, two, None)
        flow: np.ndarray = made[size].convertToFloat(coarse, None)
        return flow if flow.shape[:2] == one.shape else cv2.resize(flow, size)

    return calculate
