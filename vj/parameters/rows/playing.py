"""Cues, timeline, tempo, takes, recording."""

from __future__ import annotations

from vj.parameters.row import Parameter, number

DAY = 86_400
"""Seconds."""

ROWS = (
    Parameter("cue/go", "trigger", False, "fire the next cue of the show"),
    Parameter("cue/back", "trigger", False, "fire the cue before"),
    Parameter("cue/fire", "text", "", "fire a cue by its name, or its number counted from 0"),
    Parameter("cue/store", "text", "", "store the present state as a cue of this name"),
    Parameter(
        "cue/write", "trigger", False, "write the stored cues into the show file; its comments stay"
    ),
    Parameter(
        "mark/set", "text", "", "set a mark of this name where the clip on deck A stands now"
    ),
    Parameter("mark/write", "trigger", False, "write the marks that were set into the show file"),
    Parameter(
        "timeline/play",
        "trigger",
        False,
        "the timeline and the curves go on, where a pause or a panic has stopped them",
    ),
    Parameter(
        "timeline/pause",
        "trigger",
        False,
        "the timeline, the curves and what follows the standing cue wait, until timeline/play",
    ),
    number(
        "timeline/position",
        0,
        DAY,
        0,
        "s",
        "go to this moment of the timeline: what its cues and curves have done by then is set at "
        "once. It reads as what was set last, not as where the timeline is",
    ),
    number(
        "tempo/bpm",
        20,
        300,
        120,
        "BPM",
        "the tempo of beats and bars; a MIDI clock or Link moves it by itself",
    ),
    Parameter("tempo/tap", "trigger", False, "tap the tempo: two taps or more, each is a beat"),
    Parameter(
        "take/start",
        "trigger",
        False,
        "write every parameter change from here on into takes/, to be rendered with --replay",
    ),
    Parameter("take/stop", "trigger", False, "end that"),
    Parameter(
        "record",
        "switch",
        False,
        "record the output into takes/, a movie for each time it is switched on",
    ),
    Parameter(
        "snapshot",
        "trigger",
        False,
        "write the picture into takes/, as a PNG with its settings inside, for --from PICTURE.png",
    ),
    Parameter("panic", "trigger", False, "every parameter back to the show's start"),
)
