"""Slit scan: each line of the picture shows another moment, so that what moves bends in time."""

import numpy as np

from vj.effects import Choice, Slider, Switch

at = "after"

span = Slider(1.2, 0, 2, unit="s", says="how far back the oldest line lies")
way = Choice("down", "across", says="along which way time runs")
back = Switch(False, says="the other end of the picture is the oldest")


def effect(frame, parameters, time, memory):
    past = memory.setdefault("past", [])  # (seconds, frame), the newest first
    past.insert(0, (time, frame))
    while len(past) > 2 and past[-2][0] < time - parameters.span:
        past.pop()

    made = np.empty_like(frame)
    turned = (1, 0, 2) if parameters.way == "across" else (0, 1, 2)
    lines = made.transpose(turned)
    ages = np.linspace(0, parameters.span, len(lines))
    if parameters.back:
        ages = ages[::-1]
    # Which frame each line is of, counted from the newest: 2.3 lies between two.
    seconds = [moment for moment, _ in past]
    places = np.interp(ages, np.subtract(time, seconds), np.arange(len(past)))
    for place in range(int(places.max()) + 1):
        here = np.flatnonzero(places.astype(int) == place)
        if len(here):
            band = slice(here[0], here[-1] + 1)
            newer = past[place][1].transpose(turned)[band]
            older = past[min(place + 1, len(past) - 1)][1].transpose(turned)[band]
            share = (256 * (places[band] - place)).astype(np.uint16)[:, None, None]
            lines[band] = (newer * (256 - share) + older * share) >> 8
    return made
