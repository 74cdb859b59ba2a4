"""The painters' networks, opened once, and drawn pictures to paint."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vj.painters.networks import PictureNetwork, StylesNetwork


@pytest.fixture(scope="session")
def styles() -> StylesNetwork:
    """To be asked for by tests that are marked with `needs(...)` only."""
    return StylesNetwork(1, only_cpu=True)


@pytest.fixture(scope="session")
def pictures() -> PictureNetwork:
    """To be asked for by tests that are marked with `needs(...)` only."""
    return PictureNetwork(1, only_cpu=True)


@pytest.fixture(scope="session")
def room() -> np.ndarray:
    """A wall, a window and somebody before it, (96, 128, 3) uint8."""
    picture = np.full((96, 128, 3), (190, 185, 170), np.uint8)
    cv2.rectangle(picture, (84, 10), (120, 60), (40, 90, 160), -1)
    cv2.ellipse(picture, (48, 34), (12, 16), 0, 0, 360, (205, 150, 120), -1)
    cv2.rectangle(picture, (30, 52), (66, 95), (50, 45, 60), -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)
