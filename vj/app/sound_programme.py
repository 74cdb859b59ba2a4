"""What a show wants to be heard while it plays: its sources, an input or a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vj.app.context import RunState
from vj.app.sound_voices import ClipVoice, Fading, LineVoice, Part, Voice
from vj.control.audio import AudioInput, Sound
from vj.core.clock import Clock
from vj.core.errors import Fault
from vj.show.modulator_section import SOURCE_SOUND
from vj.show.schema import Show
from vj.show.sound_section import SoundChoice, sound_choice
from vj.show.validate import POSITION
from vj.sound.named_file import holds_sound
from vj.sound.sound_file import SoundFile
from vj.sound.sound_line import SoundLine
from vj.sources import split_uri
from vj.sources.clip_place import ClipPlace
from vj.sources.image_sequence import sound_of

TAKEOVER = 0.02
"""Seconds in which another kind of sound takes over, when a show is saved."""
KEPT = 10.0
"""Seconds of an input that are kept."""
JITTER = 0.03
"""Seconds by which an input's blocks may come early or late, and follow each other all the same."""


class Programme:
    """What is heard now. For one thread; `words` for any."""

    def __init__(
        self,
        wanted: SoundChoice,
        words: str,
        voice: Voice | None = None,
        input: AudioInput | None = None,
        on_sound: Sound | None = None,
    ) -> None:
        """wanted: as the show says. words: for the user. voice: None for the decks, and for an
        input that is not there. input: that of the voice, which `on_sound` fills."""
        self.wanted, self.words, self.input = wanted, words, input
        self.decks = wanted.kind == "source"
        self.lines = [voice.line] if isinstance(voice, LineVoice) else []
        self._fading = None if voice is None else Fading(voice, TAKEOVER)
        self._on_sound = on_sound
        if input is not None:
            input.on_sound = on_sound

    @property
    def sounds(self) -> bool:
        return self._fading is not None and self._fading.voice.sounds

    def part(self, moment: float) -> Part | None:
        """Its next block, which begins at this moment; None while it is silent."""
        return None if self._fading is None else self._fading.part(moment)

    def leave(self) -> None:
        """Something else is heard."""
        if self._fading is not None:
            self._fading.leave(TAKEOVER)

    @property
    def gone(self) -> bool:
        return self._fading is None or self._fading.gone

    def close(self) -> None:
        if self.input is not None and self.input.on_sound is self._on_sound:
            self.input.on_sound = None
        if self._fading is not None:
            self._fading.voice.close()


class ProgrammeMaker:
    """Makes programmes, for the thread that plays them."""

    def __init__(
        self,
        run: RunState,
        clock: Clock,
        audio_input: Callable[[str], AudioInput | None],
        log: Callable[[str], None],
    ) -> None:
        """audio_input: the open input of a name; None where it is not there."""
        self._run, self._clock, self._audio_input, self._log = run, clock, audio_input, log

    def wanted(self, show: Show) -> bool:
        """Something is to be heard."""
        return sound_choice(show.sound).kind != "off"

    def listens(self, show: Show) -> bool:
        """Modulators follow the sound of the decks."""
        return any(rule.hears and rule.input == SOURCE_SOUND for rule in show.modulators)

    def is_of(self, programme: Programme, show: Show) -> bool:
        """It is what the show wants."""
        kind, name = wanted = sound_choice(show.sound)
        same = programme.wanted == wanted
        return same and (kind != "input" or programme.input is self._audio_input(name))

    def of(self, show: Show) -> Programme:
        """What the show wants. It wants something."""
        kind, name = wanted = sound_choice(show.sound)
        if kind == "source":
            return Programme(wanted, "the source's")
        if kind == "file":
            path = Path(name).expanduser()
            begins = float(show.start.get(POSITION, 0.0))  # --from
            return Programme(wanted, path.name, self._of_file(path, begins))
        found = self._audio_input(name)
        words = f"input {name}".rstrip() + ("" if found is not None else ", which is not there")
        if found is None:
            return Programme(wanted, words)
        line, clock = SoundLine(KEPT, JITTER), self._clock

        def hear(block: np.ndarray, age: float) -> None:
            line.put(clock.now() - age, _two_sides(block))

        return Programme(wanted, words, LineVoice(line), found, hear)

    def _of_file(self, path: Path, begins: float) -> Voice:
        """From the show's beginning on, and again as the show is. begins: seconds of it that have
        gone by as the show begins."""
        length = 0.0
        try:
            file = SoundFile(path)
            length = file.length if file.open() else 0.0
            file.close()
        except Fault:
            pass  # the voice says it

        def where(moment: float) -> ClipPlace | None:
            begun, loops = self._run.playing_since, self._run.show.loop
            if begun is None or not length or not (loops or moment - begun + begins < length):
                return None
            return ClipPlace(path, None, begun, begins, 1.0, 0.0, length, loops)

        return ClipVoice(path, None, where, self._log)


def _two_sides(block: np.ndarray) -> np.ndarray:
    """(n, 1 or 2) -> (n, 2)."""
    return block if block.shape[1] == 2 else np.repeat(block, 2, axis=1)


def has_sound(uri: str) -> bool:
    """A source that is a file has sound. Reads the disk."""
    kind, rest = split_uri(uri)
    if kind == "clips":
        return any(has_sound(name.strip()) for name in rest.split(",") if name.strip())
    path = sound_of(rest) if kind == "video" else None
    return path is not None and holds_sound(path)


def may_sound(uri: str) -> bool:
    """The same, and of a sender, which may at any time."""
    return split_uri(uri)[0] == "ndi" or has_sound(uri)
