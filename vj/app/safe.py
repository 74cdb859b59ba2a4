"""`--safe`: the show without whatever could be the reason why it does not run, an hour before
doors."""

from __future__ import annotations

from collections.abc import Callable

from vj.show.midi_section import MidiRule
from vj.show.schema import ModelSection, Show
from vj.show.tempo_section import TempoRule
from vj.sources import split_uri

DEVICES = ("camera", "spout", "syphon")
"""Kinds of sources that need something plugged in, or another program on the same card."""
LEFT_OUT = (
    *("mappings", "macros", "modulators", "cues", "timeline", "timecode", "curves"),
    *("start", "person", "depth", "flow", "engine", "upscale"),
    *("sources", "models", "sounds", "effects", "lights", "recipes"),
)
"""Sections that are set to their defaults."""


def safe(show: Show, log: Callable[[str], None]) -> Show:
    """The same sources except devices, the same sinks, sizes, rate, OSC and page; nothing else.
    That is logged."""
    kept = [uri for uri in show.source if split_uri(uri)[0] not in DEVICES]
    gone = ", ".join(uri for uri in show.source if uri not in kept)
    made = show.model_copy(
        update={
            **{name: Show.model_fields[name].get_default() for name in LEFT_OUT},
            "source": kept or ["testcard"],
            "sound": "off",
            "model": ModelSection(name="none"),
            "midi": MidiRule(on=False),
            # what its first screen names may be a macro or a cue
            "page": show.page.model_copy(update={"faders": None, "pads": None, "xy": None}),
            "tempo": TempoRule(bpm=show.tempo.bpm, beats_per_bar=show.tempo.beats_per_bar),
        }
    )
    log(
        "--safe: the source as it is; no model, effects, mappings, cues, automation, MIDI, audio, "
        "lights or Link" + (f"; {gone} left out, {made.source[0]} plays" if gone else "")
    )
    return made
