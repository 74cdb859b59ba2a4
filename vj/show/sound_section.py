"""`sound:` of a show file: what is heard with the picture."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, NamedTuple

from vj.core.errors import nearest

WORDS = ("off", "source", "input")


class SoundChoice(NamedTuple):
    """name: of the input, empty for the system's own, or the file's path."""

    kind: Literal["off", "source", "input", "file"]
    name: str = ""


def as_sound(value: object) -> str:
    """A value -> its text: `off`, `source`, `input NAME`, or a path. YAML's booleans are off and
    source. Raises ValueError."""
    if isinstance(value, bool):
        return "source" if value else "off"
    if not isinstance(value, str) or not value.strip():
        given = "no value is given" if value is None or value == "" else f"{value!r:.100}"
        raise ValueError(f"{given}; off, source, input NAME or an audio file would be right")
    text = " ".join(value.split()) if value.split()[0] == "input" else value.strip()
    if text in ("no", "none", "false"):
        return "off"
    if text in ("on", "yes", "true"):
        return "source"
    choice = sound_choice(text)
    if choice.kind == "file" and not names_file(text):
        near = nearest(text, WORDS)
        raise ValueError(
            f"{text!r:.100}: no such sound{near} (off, source, input NAME, or a file with sound)"
        )
    return text


def names_file(text: str) -> bool:
    """It is the path of a file, as far as its form says."""
    form = "/" in text or "\\" in text or bool(PurePath(text).suffix)
    return form and sound_choice(text.strip()).kind == "file"


def sound_choice(text: str) -> SoundChoice:
    """What a show's `sound` says, see `as_sound`."""
    first, _, rest = text.partition(" ")
    if first == "input":
        return SoundChoice("input", rest.strip())
    if text == "off":
        return SoundChoice("off")
    return SoundChoice("source") if text == "source" else SoundChoice("file", text)
