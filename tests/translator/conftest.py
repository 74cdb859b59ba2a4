"""A film to train on, for the tests of this room that ask for it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.translator.plans import SIDE


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pictures: an orange head with blue eyes moves and speaks before a dark blue wall."""
    folder = tmp_path_factory.mktemp("clip")
    for number in range(60):
        picture = np.empty((SIDE, SIDE, 3), np.uint8)
        picture[:] = (20, 40, 90)
        x = 32 + round(9 * np.sin(number / 7))
        y = 34 + round(6 * np.cos(number / 5))
        cv2.circle(picture, (x, y), 21, (250, 140, 30), -1, cv2.LINE_AA)
        for side in (-8, 8):
            cv2.circle(picture, (x + side, y - 6), 5, (240, 240, 230), -1, cv2.LINE_AA)
            cv2.circle(picture, (x + side, y - 6), 2, (20, 60, 160), -1, cv2.LINE_AA)
        mouth = (7, 1 + round(4 * abs(np.sin(number / 3))))
        cv2.ellipse(picture, (x, y + 9), mouth, 0, 0, 360, (120, 10, 30), -1, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"{number:03}.png"), picture[..., ::-1])
    return folder
