"""The sound of a rendering: frame by frame what is heard while each is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from vj.app.offline_clip_sound import OfflineDeckSound
from vj.app.offline_deck import OfflineDeck
from vj.app.show_tracks import gains, made_track, said
from vj.app.sound_programme import has_sound
from vj.control.audio import SourceSound
from vj.core.errors import Fault
from vj.parameters.store import Snapshot
from vj.show.modulator_section import SOURCE_SOUND
from vj.show.schema import Show
from vj.show.sound_section import sound_choice
from vj.show.sounds_section import SoundRule
from vj.show.validate import POSITION
from vj.sinks.sound_queue import SoundQueue
from vj.sound import RATE, silence
from vj.sound.loudness import limited
from vj.sound.named_file import open_named
from vj.sound.ramp import levelled
from vj.sound.slow_sound import SlowSound
from vj.sound.tracks import Tracks


class OfflineSound:
    """Called with each frame's parameters after the decks have given it, then asked for what is
    written. Belongs to the thread that renders."""

    def __init__(
        self,
        show: Show,
        decks: Sequence[OfflineDeck],
        uris: Sequence[str],
        source_sound: SourceSound,
        log: Callable[[str], None],
    ) -> None:
        """decks: A and B. uris: the sources that may play. source_sound: hears what the decks sound
        like. Raises Fault for a file that is not there, or has no sound."""
        self._choice = sound_choice(show.sound)
        self._source_sound, self._uris, self._log = source_sound, uris, log
        self._listening = any(rule.input == SOURCE_SOUND for rule in show.modulators)
        self._decks = [OfflineDeckSound(deck, log) for deck in decks]
        self._deck_b = decks[1]
        self._share: float | None = None
        """How much of deck B was heard in the frame before."""
        self._slow = SlowSound(show.slow) if show.slow > 1 else None
        self._queue = SoundQueue()
        self._held = silence(0)
        """The last block: a clip that begins before the next frame is heard at its end."""
        self._gains: tuple[float, float] | None = None
        """In the frame before."""
        begins = float(show.start.get(POSITION, 0.0))  # --from
        self._tracks = OfflineTracks(show.sounds, begins, show.slow) if show.sounds else None
        self._own = SoundQueue()
        """What the show's own sounds give where the others are made longer: they are not."""
        self._file: OfflineSoundFile | None = None
        if self._choice.kind == "file":
            try:
                self._file = OfflineSoundFile(self._choice.name, show.loop, begins)
            except Fault as fault:
                raise Fault(f"sound: {fault}") from None
        if self._choice.kind == "input":
            log(f"sound: {show.sound} is live, and offline there is no now; nothing is heard")

    def sounds(self) -> bool:
        """Whether what is recorded has sound: it plays in the first frame, or another source of the
        show has some."""
        if self._tracks is not None:
            return True
        if self._choice.kind != "source":
            return self._choice.kind == "file"
        return any(deck.sounds for deck in self._decks) or any(map(has_sound, self._uris))

    def frame(self, snapshot: Snapshot, until: float) -> None:
        """A frame that is seen from its parameters' moment until then."""
        first, last = round(snapshot.time * RATE), round(until * RATE)
        count = last - first
        heard = silence(count)
        if self._choice.kind == "source" or self._listening:
            heard = self._of_decks(snapshot, until, count)
            if self._listening:
                self._source_sound.hear(heard)
        if self._file is not None:
            heard = self._file.block(first, count)
        elif self._choice.kind != "source":
            if self._tracks is None:
                return
            heard = silence(count)
        held, self._held = self._held, self._mixed(heard, snapshot, first)
        self._put(held)

    def _mixed(self, heard: np.ndarray, snapshot: Snapshot, first: int) -> np.ndarray:
        """With the show's own sounds, each as loud as it is."""
        now = gains(snapshot)
        before, self._gains = self._gains or now, now
        heard = levelled(heard, before[0], now[0])
        if self._tracks is None:
            return heard
        tracks = levelled(self._tracks.block(snapshot, first, len(heard)), before[1], now[1])
        if self._slow is None:
            return limited(heard + tracks)
        self._own.put(None, tracks)
        return heard

    def _put(self, heard: np.ndarray) -> None:
        self._queue.put(None, heard if self._slow is None else self._slow.put(heard))

    def _of_decks(self, snapshot: Snapshot, until: float, count: int) -> np.ndarray:
        share = float(snapshot["deck/mix"]) if self._deck_b.playing is not None else 0.0
        before = share if self._share is None else self._share
        self._share = share
        a, b = (deck.block(snapshot.time, until, count) for deck in self._decks)
        for deck, level in zip(self._decks, (1 - share, share), strict=True):
            early = deck.early[-len(self._held) :] if len(self._held) else deck.early[:0]
            level *= 1.0 if self._gains is None else self._gains[0]
            self._held[len(self._held) - len(early) :] += level * early
        return levelled(a, 1 - before, 1 - share) + levelled(b, before, share)

    def take(self, end: float) -> np.ndarray:
        """What follows, up to this moment in what is written: (n, 2) float32; less where it is not
        there yet."""
        count = min(round(end * RATE), self._queue.end) - self._queue.taken
        if count <= 0:
            return silence(0)
        found = self._queue.take(count)
        if self._slow is None or self._tracks is None:
            return found
        self._own.pad(self._queue.taken)
        return limited(found + self._own.take(count))

    def rest(self, end: float) -> np.ndarray:
        """The same at the end: exactly up to this moment."""
        self._put(self._held)
        if self._slow is not None:
            self._queue.put(None, self._slow.rest())
        self._queue.pad(round(end * RATE))
        return self.take(end)

    def close(self) -> None:
        """May be called twice."""
        for deck in self._decks:
            deck.close()
        if self._file is not None:
            self._file.close()
        if self._tracks is not None:
            self._tracks.close()


class OfflineTracks:
    """The show's own sounds. For one thread."""

    def __init__(self, rules: Mapping[str, SoundRule], begins: float, slow: int) -> None:
        """begins: seconds that have gone by as the show begins. slow: times that the film is
        longer; the sounds keep their pitch then. Raises Fault."""
        self._tracks, self._slow = Tracks(), slow
        made = {name: made_track(name, rule, slow > 1) for name, rule in rules.items()}
        for name, track in made.items():
            track.begin(round(begins * rules[name].pace * RATE))
        self._tracks.exchange(made)

    def block(self, snapshot: Snapshot, first: int, count: int) -> np.ndarray:
        """From the sample of this frame's moment on: (count * slow, 2) float32."""
        slow, now = self._slow, said(snapshot, self._tracks.of())
        if slow > 1:
            now = {name: one._replace(pace=one.pace / slow) for name, one in now.items()}
        self._tracks.frame(first * slow, now)
        return self._tracks.block(first * slow, count * slow)

    def close(self) -> None:
        """May be called twice."""
        self._tracks.close()


class OfflineSoundFile:
    """A file that is heard from the show's beginning on. For one thread."""

    def __init__(self, name: str, loop: bool, begins: float = 0.0) -> None:
        """begins: seconds of it that have gone by as the show begins. Raises Fault."""
        self._file, self._loop = open_named(name), loop
        self._begins = round(begins * RATE)
        self._length = max(1, round(self._file.length * RATE))

    def block(self, first: int, count: int) -> np.ndarray:
        """From this sample of the show on: (count, 2) float32."""
        first += self._begins
        if not self._loop:
            return self._file.read(first / RATE, count)
        found = silence(count)
        done = 0
        while done < count:
            place = (first + done) % self._length
            some = min(count - done, self._length - place)
            found[done : done + some] = self._file.read(place / RATE, some)
            done += some
        return found

    def close(self) -> None:
        """May be called twice."""
        self._file.close()
