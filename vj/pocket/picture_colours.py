"""The colours of a picture as a ramp for the built-in model, from dark to bright."""

from __future__ import annotations

import cv2
import numpy as np

from vj.parameters.colours import STOPS

SIDE = 48
"""Pixels to which the picture is shrunk: what is smaller than a pixel then has no colour of its
own."""
LEAST = 6.0
"""How much a grey pixel counts, in units of chroma: where there is any colour, it decides."""
DARKEST, BRIGHTEST = 18.0, 90.0
"""Lightness (0..100) that the ends of the ramp reach at least: a picture in a fog would else paint
everything in one tone."""


def colours_of(picture: np.ndarray) -> str:
    """(H, W, 3) uint8 RGB -> `#102030 #...`, five colours: the means of five parts of the picture
    from dark to bright. What is colourful counts for more, in how it is parted and in the means."""
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab).reshape(-1, 3)
    lab = lab[np.argsort(lab[:, 0], kind="stable")]
    weights = LEAST + np.hypot(lab[:, 1], lab[:, 2])
    heaped = np.cumsum(weights, dtype=np.float64)
    cuts = np.searchsorted(heaped, heaped[-1] * np.arange(1, STOPS) / STOPS)
    stops = np.stack([_colour(part) for part in np.split(lab, cuts)])
    stops[:, 0] = _stretched(stops[:, 0])
    rgb = cv2.cvtColor(stops[None].astype(np.float32), cv2.COLOR_Lab2RGB)[0]
    bytes_ = (rgb.clip(0, 1) * 255).round().astype(int)
    return " ".join("#{:02x}{:02x}{:02x}".format(*stop) for stop in bytes_)


def _colour(lab: np.ndarray) -> np.ndarray:
    """(N, 3) -> (3,): the mean lightness, and the mean colour with what the colourful ones have."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    weights = (LEAST + chroma) ** 2
    mean = np.average(lab, axis=0, weights=weights)
    wanted = float(np.average(chroma, weights=weights))
    there = float(np.hypot(mean[1], mean[2]))
    # Opposite colours would cancel to grey; of many hues the mean is as colourful as they are.
    if there > 1:
        mean[1:] *= min(wanted / there, 2.0)
    mean[0] = lab[:, 0].mean()
    return mean


def _stretched(lightness: np.ndarray) -> np.ndarray:
    low, high = float(lightness[0]), float(lightness[-1])
    ends = min(low, DARKEST), max(high, BRIGHTEST)
    if high - low < 1:
        return np.linspace(*ends, len(lightness))
    out: np.ndarray = ends[0] + (lightness - low) * (ends[1] - ends[0]) / (high - low)
    return out
