"""The motion of the camera in a flow: what moves as a whole is followed as a whole. A flow is found
anew in each frame, a little off in each place; whoever follows it for long drifts apart."""

from __future__ import annotations

import cv2
import numpy as np

SURE = 0.7
"""A flow's confidence from which on it says how the camera moves."""
ROUNDS = 6
"""In which what does not move with the rest is left out."""
OFF, OFF_PART = 0.15, 0.12
"""Pixels by which a flow may differ from the camera's, and the part of that by which it may
besides, and still be the same."""
MOST = 0.4
"""Of the sure places, the share that has to move with the camera for there to be one."""
STANDS, STAND = 0.03, 0.5
"""Pixels by which a camera that stands seems to move at most, and the share of the sure places that
do not move more, from which on it does stand: somebody who walks slowly before it pulls it along
otherwise."""


def steadied(flow: np.ndarray) -> np.ndarray:
    """A flow, (h, w, 3) float32, x, y and confidence, in which places that move with the camera
    move exactly so, and single ones that move otherwise than those around them do not."""
    x, y, sure = cv2.split(flow)
    around = cv2.split(cv2.medianBlur(cv2.merge([x, y]), 5))
    camera = camera_of(flow)
    if camera is None:
        return cv2.merge([*around, sure])
    whole = cv2.split(camera)
    apart = np.hypot(x - whole[0], y - whole[1])
    allowed = OFF + OFF_PART * np.hypot(*whole) if camera.any() else OFF
    own = np.clip(2 * apart / allowed - 1, 0, 1)
    steady = (of + own * (beside - of) for of, beside in zip(whole, around, strict=True))
    return cv2.merge([*steady, sure])


def camera_of(flow: np.ndarray) -> np.ndarray | None:
    """What a camera's pan, turn and zoom make of every place, (h, w, 2) float32: the affine motion
    of most places that are sure; None where most do not move so. Exactly 0 for one that stands."""
    height, width = flow.shape[:2]
    step = max(1, round((height * width / 1600) ** 0.5))
    some = flow[step // 2 :: step, step // 2 :: step]
    y, x = np.mgrid[: some.shape[0], : some.shape[1]]
    sure = some[..., 2] > SURE
    count = int(sure.sum())
    if count < 12:
        return None
    places = np.stack([x[sure] / some.shape[1], y[sure] / some.shape[0], np.ones(count)], 1)
    moved = some[sure][:, :2].astype(np.float64)
    if np.mean(np.hypot(*moved.T) < STANDS) > STAND:
        return np.zeros((height, width, 2), np.float32)
    weight = np.ones(count)
    fit = np.zeros((3, 2))
    fit[2] = np.median(moved, axis=0)
    for turn in range(ROUNDS):
        if turn:
            weighed = places * weight[:, None]
            try:
                fit = np.linalg.solve(weighed.T @ places, weighed.T @ moved)
            except np.linalg.LinAlgError:  # all that is sure lies on a line
                return None
        there = places @ fit
        apart = np.hypot(*(moved - there).T)
        reach = (4 if turn < 2 else 1) * (OFF + OFF_PART * np.hypot(*there.T))
        weight = np.square(np.clip(1 - np.square(apart / (2 * reach)), 0, 1))  # Tukey's
    if np.mean(weight > 0.5) < MOST:
        return None
    across = (np.arange(width) - step // 2) / step / some.shape[1]
    down = (np.arange(height) - step // 2) / step / some.shape[0]
    whole = np.empty((height, width, 2), np.float32)
    for axis in (0, 1):
        whole[..., axis] = (
            (across * fit[0, axis])[None] + (down * fit[1, axis])[:, None] + fit[2, axis]
        )
    corners = whole[:: max(1, height - 1), :: max(1, width - 1)]
    if float(np.abs(corners).max()) < STANDS:
        whole[...] = 0
    return whole
