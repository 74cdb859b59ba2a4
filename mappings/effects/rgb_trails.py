"""RGB trails: what moves leaves a red, a green and a blue trail, since the colours arrive late."""

import cv2
import numpy as np

from vj.effects import Choice, Slider

at = "after"

delay = Slider(0.12, 0, 1, unit="s", says="how much later each colour comes than the one before")
glow = Slider(0.3, 0, 0.95, says="how long the brightest of the past goes on glowing")
first = Choice("red", "green", "blue", says="which colour comes first, without delay")


def effect(frame, parameters, time, memory):
    past = memory.setdefault("past", [])  # (seconds, frame), the newest first
    if parameters.glow > 0 and past:
        faded = cv2.convertScaleAbs(memory["glowing"], alpha=parameters.glow ** (30 * time.dt))
        frame = np.maximum(frame, faded)
    memory["glowing"] = frame
    past.insert(0, (time, frame))
    while len(past) > 1 and past[-2][0] < time - 2 * parameters.delay:
        past.pop()

    def of(seconds):
        return next((old for at, old in past if at <= time - seconds), past[-1][1])

    order = {"red": (0, 1, 2), "green": (1, 0, 2), "blue": (2, 0, 1)}[parameters.first]
    made = np.empty_like(frame)
    for step, channel in enumerate(order):
        made[..., channel] = of(step * parameters.delay)[..., channel]
    return made
