"""Kaleidoscope: a wedge of the picture, mirrored around the middle into a star that may turn."""

import math

import cv2
import numpy as np

from vj.effects import Slider, Whole

at = "after"

sides = Whole(6, 2, 24, says="how often the wedge is seen, each time with its mirror image")
turn = Slider(0, -180, 180, unit="°", says="which wedge of the picture it is")
spin = Slider(0, -90, 90, unit="°/s", says="how fast the whole star turns")
zoom = Slider(1, 0.25, 4, unit="x", says="how large the wedge is seen")
x = Slider(0.5, 0, 1, says="where the point of the wedge lies in the picture, across")
y = Slider(0.5, 0, 1, says="and down")


def effect(frame, parameters, time, memory):
    height, width = frame.shape[:2]
    if memory.get("size") != (height, width):
        down, across = np.mgrid[:height, :width].astype(np.float32)
        memory["size"] = height, width
        memory["polar"] = cv2.cartToPolar(across - (width - 1) / 2, down - (height - 1) / 2)
    distance, angle = memory["polar"]
    memory["turned"] = memory.get("turned", 0) + math.radians(parameters.spin) * time.dt

    wedge = 2 * math.pi / parameters.sides
    parts = angle * (1 / wedge) - memory["turned"] / wedge  # how many wedges each pixel is round
    folded = wedge * np.abs(parts - np.floor(parts) - 0.5) + math.radians(parameters.turn)
    across, down = cv2.polarToCart(distance / parameters.zoom, folded)
    across += parameters.x * (width - 1)
    down += parameters.y * (height - 1)
    return cv2.remap(frame, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
