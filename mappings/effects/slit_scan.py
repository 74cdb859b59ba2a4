"""Slit scan: each line of the picture shows another moment, so that what moves bends in time."""

import numpy as np

from vj.effects import Choice, Slider, Switch

at = "after"

span = Slider(1.2, 0, 2, unit="s", says="how far back the oldest line lies")
way = Choice("down", "across", says="along which way time runs")
back = Switch(False, says="the other end of the picture is the oldest")


def effect(frame, parameters, time, memory):
    height, width, colours = frame.shape
    rows = frame.reshape(height, width * colours)
    past = memory.setdefault("past", [])  # (seconds, rows), the newest first
    past.insert(0, (time, rows))
    while len(past) > 2 and past[-2][0] < time - parameters.span:
        past.pop()

    across = parameters.way == "across"
    lines = np.linspace(0, 1, width).repeat(colours) if across else np.linspace(0, 1, height)
    ages = parameters.span * (1 - lines if parameters.back else lines)
    # Which frame each line is of, counted from the newest: 2.3 lies between two.
    seconds = [moment for moment, _ in past]
    places = np.interp(ages, np.subtract(time, seconds), np.arange(len(past)))

    made = np.empty_like(rows)
    for place in np.unique(places.astype(int)):
        here = np.flatnonzero(places.astype(int) == place)
        band = slice(here[0], here[-1] + 1)
        share = (256 * (places[band] - place)).astype(np.uint16)
        share, band = (share, (slice(None), band)) if across else (share[:, None], band)
        newer, older = past[place][1][band], past[min(place + 1, len(past) - 1)][1][band]
        made[band] = (newer * (256 - share) + older * share) >> 8
    return made.reshape(frame.shape)
