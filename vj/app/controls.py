"""The controls of a saved show: its parameters, and the control engine that moves them."""

from __future__ import annotations

from collections.abc import Callable

from vj.app.replacement import Replacement, do_nothing
from vj.app.setup import start_values
from vj.control.session import ControlSession
from vj.parameters.store import Store
from vj.show.effects_section import effect_rows
from vj.show.schema import Show
from vj.show.sound_section import sound_choice
from vj.show.timeline_section import follows_clip

SECTIONS = (
    *("mappings", "answers", "ignored", "macros", "modulators"),
    *("cues", "timeline", "timecode", "curves", "cuts", "marks", "tempo", "midi", "prompts"),
    *("dmx", "idle"),
)
"""Sections that the control engine is built from."""


def replace_controls(
    store: Store, session: ControlSession, reconnect: Callable[[], None], show: Show, old: Show
) -> Replacement:
    """The parameters of a saved show, with their table and start values, and what moves them.
    reconnect: has OSC and the page use the session's new engine. Raises Fault."""
    start, table = start_values(show), show.table()
    moves = any(getattr(old, name) != getattr(show, name) for name in SECTIONS)
    clips = bool(show.marks) or follows_clip(show.timeline, show.curves)
    named = any(getattr(old, name) != getattr(show, name) for name in ("source", "sources"))
    moves = moves or (clips and named)  # by what clips are called
    # What moves parameters holds their rows, and an effect's file may have others by now.
    moves = moves or effect_rows(old.effects) != effect_rows(show.effects)
    # A modulator's range, and what scenes set, is relative to where the show starts.
    from_start = any(rule.range for rule in show.modulators) or any(
        scene.set for scene in show.prompts
    )
    ranged = start_values(old) != start and from_start
    # Modulators and `sound:` share an input.
    hears = old.sound != show.sound and "input" in (
        sound_choice(old.sound).kind,
        sound_choice(show.sound).kind,
    )
    prepared = session.prepare(show, Store(start, table)) if moves or ranged or hears else None
    replacement = Replacement([], do_nothing)

    def apply() -> None:
        with store.together():  # no frame is sampled between the two
            replacement.changed += store.adopt(start, table)
            afterwards = session.adopt(show, prepared) if prepared is not None else do_nothing
        reconnect()
        afterwards()
        if moves:
            replacement.changed.append("what moves them")

    replacement.apply = apply
    if prepared is not None:
        replacement.discard = lambda: session.discard(prepared)
    return replacement
