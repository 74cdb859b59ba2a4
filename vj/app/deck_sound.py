"""What the decks sound like: the clips on them, where their pictures stand, or what devices
bring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vj.app.deck import Deck
from vj.app.sound_mix import Weighted
from vj.app.sound_voices import ClipVoice, Fading, LineVoice, Part, Voice
from vj.parameters.store import Snapshot, Store
from vj.sound.sound_line import SoundLine
from vj.sources.clip_place import ClipPlace

STALE = 0.3
"""Seconds without a look at where a clip stands after which it counts as standing: it waited to be
played, or its picture takes long to find."""


class DeckSound:
    """Follows what is on a deck. For one thread."""

    def __init__(
        self, deck: Deck, crossfade: Callable[[], float], log: Callable[[str], None]
    ) -> None:
        """crossfade: seconds in which one source takes over from another. log: told what cannot be
        heard, once: cuts come back to it many times a second."""
        self._deck, self._crossfade, self._log = deck, crossfade, log
        self._told: set[str] = set()
        self._key: object = None
        self._voices: list[Fading] = []

    def look(self) -> None:
        """See what is on the deck now."""
        source: Any = self._deck.source
        heard: ClipPlace | None = getattr(source, "heard", None)
        line: SoundLine | None = getattr(source, "sound", None)
        key: object = None if line is None else id(line)
        if heard is not None:
            key = id(source), heard.path
        if key != self._key:
            self._exchange(key, source, heard, line)

    def parts(self, moment: float) -> list[Part]:
        """Of the next block, which begins at this moment; none while it is silent."""
        for voice in [voice for voice in self._voices if voice.gone]:
            voice.voice.close()
            self._voices.remove(voice)
        parts = (voice.part(moment) for voice in self._voices)
        return [part for part in parts if part is not None]

    def _exchange(
        self, key: object, source: Any, heard: ClipPlace | None, line: SoundLine | None
    ) -> None:
        """Another source, or another clip of a list, plays now."""
        seconds = self._crossfade() if self._voices else 0.0
        for voice in self._voices:
            voice.leave(seconds)
        self._key = key
        made: Voice | None = None
        if heard is not None:
            made = ClipVoice(heard.path, heard.zero, _follower(source, heard), self._say)
        elif line is not None:
            made = LineVoice(line)
        if made is not None:
            self._voices.append(Fading(made, seconds))

    def _say(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._log(text)

    @property
    def sounds(self) -> bool:
        """Something on it can be heard."""
        return any(voice.voice.sounds and not voice.leaving for voice in self._voices)

    @property
    def lines(self) -> list[SoundLine]:
        """Those that it listens to."""
        voices = [voice.voice for voice in self._voices]
        return [voice.line for voice in voices if isinstance(voice, LineVoice)]

    def rest(self) -> None:
        """Nobody listens: what is on its way out is gone at once."""
        for voice in [voice for voice in self._voices if voice.leaving]:
            voice.voice.close()
            self._voices.remove(voice)

    def close(self) -> None:
        for voice in self._voices:
            voice.voice.close()
        self._voices, self._key = [], None


def _follower(source: Any, first: ClipPlace) -> Callable[[float], ClipPlace | None]:
    """Where the clip stands as long as the source plays it, then as it would have gone on."""
    last = first

    def where(moment: float) -> ClipPlace | None:
        nonlocal last
        heard: ClipPlace | None = getattr(source, "heard", None)
        if heard is not None and heard.path == first.path:
            last = heard
        return last if moment - last.moment < STALE else None

    return where


class DecksSound:
    """Both decks, as loud as `deck/mix` shows them. For one thread."""

    def __init__(self, a: Deck, b: Deck, store: Store, log: Callable[[str], None]) -> None:
        self._deck_b = b
        self._decks = tuple(DeckSound(deck, deck.crossfade, log) for deck in (a, b))
        self._shown = float(store.get("deck/mix"))
        """In the newest frame."""
        self._share = 0.0
        """How much of deck B was heard last."""
        store.observers.append(self._observe)

    def _observe(self, snapshot: Snapshot) -> None:
        """On the render thread."""
        self._shown = float(snapshot["deck/mix"])

    def look(self) -> None:
        """See what is on the decks now."""
        for deck in self._decks:
            deck.look()

    def parts(self, moment: float) -> list[Weighted]:
        """Of the next block, which begins at this moment."""
        before = self._share
        self._share = share = 0.0 if self._deck_b.capture is None else self._shown
        a, b = self._decks
        of_a = [(part, 1 - before, 1 - share) for part in a.parts(moment)]
        of_b = [(part, before, share) for part in b.parts(moment)]
        return [one for one in (*of_a, *of_b) if one[1] or one[2]]

    @property
    def sounds(self) -> bool:
        """Something on one of them can be heard."""
        return any(deck.sounds for deck in self._decks)

    @property
    def lines(self) -> list[SoundLine]:
        """Those that they listen to."""
        return [line for deck in self._decks for line in deck.lines]

    def rest(self) -> None:
        """Nobody listens."""
        for deck in self._decks:
            deck.rest()

    def close(self) -> None:
        for deck in self._decks:
            deck.close()
