"""OpenCV's own threads. They belong to the whole process, so a program sets them where it begins;
importing vj changes nothing."""

from __future__ import annotations

import cv2


def use_one_thread() -> None:
    """What is given to OpenCV at a time, a strip of a picture, is too little to share out, and the
    other cores are the model's: two threads took 25 % more CPU time (bench/loop.py)."""
    cv2.setNumThreads(1)
