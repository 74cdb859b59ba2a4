"""What is heard: how loud all of it is, and each of a show's sounds."""

from __future__ import annotations

from vj.parameters.row import QUICK, Parameter, number

LOW, HIGH = 0.1, 4.0
"""Paces of a sound."""
PLAY, STOP = "/play", "/stop"
"""How the triggers of a sound end, which a cue may fire."""

ROWS = (
    number(
        "sound/level",
        0,
        1,
        1,
        "",
        "how loud everything is: 0.5 is -3 dB, 0.1 -16 dB, 0 silence",
        QUICK,
    ),
    number(
        "sound/source/level",
        0,
        1,
        1,
        "",
        "how loud what sound: names is (sources, an input or a file), beside the show's sounds:",
        QUICK,
    ),
)


def sound_rows(name: str, level: float = 1.0, pace: float = 1.0) -> tuple[Parameter, ...]:
    """The parameters of one of a show's sounds. level, pace: to start with."""
    of = f"sound/{name}"
    return (
        number(
            f"{of}/level",
            0,
            1,
            level,
            "",
            "how loud a sound of the show is: 0.5 is -3 dB, so that of two that cross, one at a "
            "level and the other at 1 less it, both together are as loud all along",
            QUICK,
        ),
        number(
            f"{of}/pace", LOW, HIGH, pace, "x", "how fast it runs; pitch: keep leaves its pitch"
        ),
        Parameter(f"{of}{PLAY}", "trigger", False, "it is heard once more, from its beginning"),
        Parameter(f"{of}{STOP}", "trigger", False, "it is silent until it is started again"),
    )
