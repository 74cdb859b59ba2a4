"""What hands do: parameters, panic, models."""

from __future__ import annotations

import time

from tests.faults.by_web import panic
from tests.faults.fault import Fault, during
from tests.faults.stage import Stage
from vj.parameters.table import ROWS

ANYTHING = frozenset({"frozen", "black", "even"})
"""Frozen, faded and colourless pictures are among what is asked for."""
LEFT_ALONE = ("record", "panic", "take/start", "take/stop", "cue/write", "cue/store", "cue/fire")


def extremes(stage: Stage) -> str:
    """Every parameter to its lowest and to its highest, one after the other and staying there."""
    count = 0
    for high in (False, True):
        for row in ROWS:
            if row.name in LEFT_ALONE or not stage.alive:
                continue
            value = (
                (row.high if high else row.low)
                if row.kind in ("float", "int")
                else 1
                if high
                else 0
            )
            text = (
                (row.choices[-1 if high else 0])
                if row.kind == "choice"
                else ("ink" if high else "")
            )
            stage.send(row.address, text if row.kind in ("choice", "text") else value)
            count += 1
            time.sleep(0.02)
        time.sleep(0.5)
    assert stage.ask("strength") is not None, "OSC no longer answers"
    return f"{count} settings"


def panic_in_the_middle(stage: Stage) -> str:
    """Of a fade, a flood, a cue and a held button."""
    stage.send("/vj/cue/fire", "crash")
    for number in during(stage, 0.6, 0.01):
        stage.send("/vj/strength", number / 60)
        stage.send("/vj/prompt/a", f"neon {number}")
        stage.send("/vj/seed/mix", (number % 10) / 10)
    panic(stage)
    for name, value in (("strength", 0.5), ("prompt/a", "gold"), ("seed/mix", 0.0)):
        assert stage.stands(name, value), (
            f"{name} stands at {stage.ask(name)!r} after a panic, not at {value!r}"
        )
    return "everything stands as the show starts"


def model_missing(stage: Stage) -> None:
    stage.save(model="models/not_there.safetensors")


def model_garbage(stage: Stage) -> None:
    path = stage.folder / "broken.safetensors"
    path.write_bytes(b"\xff" * 100_000)
    stage.save(model="broken.safetensors")


def model_swaps(stage: Stage) -> str:
    """None, and back, twice, as quickly as it can be saved."""
    for model in ("none", "drawn", "none", "drawn"):
        since = time.monotonic()
        stage.save(model=model)
        assert stage.waits_for("playing with", 20, since), (
            f"{model} does not play: {stage.said(since)[-4:]}"
        )
    return "without a pause"


def size_swaps(stage: Stage) -> str:
    since = time.monotonic()
    for size in ("128x128", "320x192", "256x256"):
        since = time.monotonic()
        stage.save(size=size)
        assert stage.waits_for("playing with", 20, since), (
            f"{size} does not play: {stage.said(since)[-4:]}"
        )
    return "three sizes"


def drawn(stage: Stage) -> None:
    """The model of every other fault."""
    since = time.monotonic()
    before = stage.show["model"]
    stage.save(model="drawn")
    stage.waits_for("saved|playing with" if before != "drawn" else "saved", 5, since)


HAND_FAULTS = (
    Fault(
        "extremes",
        "every parameter at its ends, all at once in the end",
        extremes,
        may=ANYTHING,
        undo=panic,
    ),
    Fault(
        "panic",
        "a panic in the middle of a cue, a flood and new prompts",
        panic_in_the_middle,
        quick=True,
    ),
    Fault(
        "model-missing",
        "a save names a model that is not there",
        model_missing,
        "drawn.* paints on|not_there",
        undo=drawn,
        quick=True,
    ),
    Fault(
        "model-garbage",
        "a save names a model file of garbage",
        model_garbage,
        "broken.safetensors",
        within=30,
        grows=200,
        undo=drawn,
    ),
    Fault("model-swaps", "other models by saving, four times", model_swaps, grows=150, undo=drawn),
    Fault("size-swaps", "other sizes by saving, three times", size_swaps),
)
