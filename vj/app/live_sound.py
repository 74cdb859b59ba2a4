"""The sound of a live show: what is on the decks, an input or a file, to every sink that carries
sound, as much later as its pictures are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vj.app.context import ShowContext
from vj.app.deck_sound import DecksSound
from vj.app.live_tracks import LiveTracks
from vj.app.replacement import Replacement
from vj.app.show_tracks import check_sound
from vj.app.sound_mix import SoundMix, SoundTap, Weighted, mixed
from vj.app.sound_programme import Programme, ProgrammeMaker, may_sound
from vj.app.sound_voices import BLOCK
from vj.control.audio import SourceSound
from vj.show.schema import Show
from vj.show.sound_section import sound_choice
from vj.sinks.runner import SinkRunner
from vj.sound import RATE
from vj.sound.loudness import limited
from vj.sound.named_file import open_named

PERIOD = BLOCK / RATE
DEAD = 0.5
"""Seconds without sound after which a device counts as silent, and nobody waits for it."""
SETTLED = 2.5
"""Seconds of sound after which it is said where it goes, and how much later."""
LISTENING = 1.0
"""Seconds for which modulators that have listened are fed."""
BEHIND = RATE
"""Samples behind the clock beyond which blocks are left out: the machine was suspended."""


class LiveSound:
    """Works on a thread of its own, for which nobody waits. `start`; it ends with the show."""

    def __init__(
        self,
        context: ShowContext,
        decks: DecksSound,
        runners: Callable[[], Sequence[SinkRunner]],
        source_sound: SourceSound,
        programmes: ProgrammeMaker,
    ) -> None:
        """runners: the sinks that run. source_sound: what modulators hear of the decks. programmes:
        makes what the show wants to be heard."""
        self._context, self._decks, self._runners = context, decks, runners
        run, messages = context.run, context.messages
        self._tracks = LiveTracks(run, context.store, context.supervisor, messages.log)
        self._gains = self._tracks.gains
        """Of what `sound:` names, and of everything, in the block before."""
        self._source_sound, self._make = source_sound, programmes
        self._of_decks, self._out = SoundMix(), SoundMix()
        self._taps: dict[SinkRunner, SoundTap] = {}
        self._programme: Programme | None = None
        self._leaving: list[Programme] = []
        self._share = 0.0
        """How much of the decks was heard last."""
        self._heard_until = 0.0
        """When modulators that listened last are fed no more."""
        self._fed: int | None = None
        """The sample up to which they were fed."""
        self._told = ""
        self._since: float | None = None
        """Since when there is something to be heard in a sink."""
        self._started = False
        self._heard = False
        """There is something to be heard now."""
        self._looked_at: Sequence[str] = ()
        self._may_sound = False
        """Some source of the show has sound."""

    def start(self) -> None:
        """Follow the show from now on, if it wants sound. May be called again."""
        show, over = self._context.run.show, self._context.run.over
        self._tracks.follow(show.sounds)
        wanted = self._make.wanted(show) or self._make.listens(show) or self._tracks.plays
        if not self._started and wanted:
            self._started = True
            self._context.supervisor.start("sound", self._run, over.is_set)

    def replace(self, show: Show, old: Show) -> Replacement | None:
        """The `sound:` of a saved show. Raises Fault for a file that cannot be heard."""
        if show.sound == old.sound:
            return None
        choice = sound_choice(show.sound)
        if choice.kind == "file":
            open_named(choice.name).close()
        return Replacement(["sound"], self.start)

    def replace_tracks(self, show: Show, old: Show) -> Replacement | None:
        """The same of its `sounds:`."""
        if show.sounds == old.sounds:
            return None
        for name, rule in show.sounds.items():
            if rule != old.sounds.get(name):
                check_sound(name, rule)
        return Replacement(["sounds"], self.start)

    def _run(self) -> None:
        clock, over = self._context.clock, self._context.run.over
        while not over.is_set():
            now = clock.now()
            self.tick(now)
            over.wait(max(0.002, (now // PERIOD + 1) * PERIOD - clock.now()))
        self._decks.close()
        self._tracks.close()
        for programme in [self._programme, *self._leaving]:
            if programme is not None:
                programme.close()

    def tick(self, now: float) -> None:
        """Do what is due. now: seconds on the clock."""
        self._choose()
        programme = self._programme
        source = programme is not None and programme.decks
        if self._source_sound.is_wanted():
            self._heard_until = now + LISTENING
        listens = now < self._heard_until
        if source or listens:
            self._decks.look()
        self._heard = self._tracks.plays or (
            programme is not None and (self._decks.sounds if programme.decks else programme.sounds)
        )
        self._find_sinks()
        if self._taps or listens:
            self._go_on(now, source, listens)
        else:
            self._decks.rest()
            self._of_decks.go_to(_begun(now))
            self._out.go_to(_begun(now))

    def _choose(self) -> None:
        """What the show wants to be heard, as it was saved last."""
        show, before = self._context.run.show, self._programme
        if before is not None and not self._make.is_of(before, show):
            before.leave()
            self._leaving.append(before)
            self._programme = before = None
        if before is None and self._make.wanted(show):
            self._programme = self._make.of(show)
        if self._programme is not None and self._programme.decks:
            self._look_at_sources()
        for gone in [one for one in self._leaving if one.gone]:
            gone.close()
            self._leaving.remove(gone)

    def _find_sinks(self) -> None:
        wanted = self._programme is not None or self._leaving or self._tracks.plays
        runners = self._runners() if wanted else ()
        there = [runner for runner in runners if runner.takes_sound]
        for runner in set(self._taps).difference(there):
            del self._taps[runner]
        for runner in there:
            if runner not in self._taps:
                self._taps[runner] = SoundTap(self._out, runner.put_sound)

    def _go_on(self, now: float, source: bool, listens: bool) -> None:
        begun = _begun(now)
        if not 0 <= begun - self._out.front <= BEHIND:
            self._out.go_to(begun)
            self._of_decks.go_to(begun)
        while self._out.front <= begun:
            moment = self._out.front / RATE
            decks = self._decks.parts(moment) if source or listens or self._share else []
            self._of_decks.add(decks)
            self._out.add(self._with_tracks(self._parts(decks, source, moment)))
        there = self._there(now)
        for runner, tap in self._taps.items():
            if self._out.is_silent:
                tap.rest()
            elif (delay := runner.delay.median()) is not None:
                tap.follow(round(now * RATE), round(delay * RATE), there)
        self._feed(there if listens else None)
        self._tell(now)

    def _feed(self, end: int | None) -> None:
        """Let modulators hear the decks up to this sample; None: none listens."""
        if end is None:
            self._fed = None
            return
        begin = end - BLOCK if self._fed is None or end - self._fed > BEHIND else self._fed
        if end > begin:
            self._source_sound.hear(self._of_decks.take(begin, end - begin))
            self._fed = end

    def _parts(self, decks: Sequence[Weighted], source: bool, moment: float) -> Sequence[Weighted]:
        """Of a block that goes out."""
        before, self._share = self._share, 1.0 if source else 0.0
        share = self._share
        if before == share == 1 and not self._leaving:
            return decks
        parts = [(part, begins * before, ends * share) for part, begins, ends in decks]
        programmes = [self._programme, *self._leaving]
        own = [one.part(moment) for one in programmes if one is not None and not one.decks]
        return [*parts, *((part, 1.0, 1.0) for part in own if part is not None)]

    def _with_tracks(self, parts: Sequence[Weighted]) -> Sequence[Weighted]:
        """A block with the show's own sounds, each as loud as it is."""
        before, self._gains = self._gains, self._tracks.gains
        (old, old_whole), (new, new_whole) = before, self._gains
        if old != 1 or new != 1:
            parts = [(part, begins * old, ends * new) for part, begins, ends in parts]
            parts = [one for one in parts if one[1] or one[2]]
        part = self._tracks.part(self._out.front)
        if part is None:
            return parts
        whole = [*parts, (part, old_whole, new_whole)]
        return [(lambda: limited(mixed(whole)), 1.0, 1.0)]

    def _there(self, now: float) -> int:
        """The sample up to which there is sound of everything: that of devices comes later than
        their pictures."""
        lines = [*self._decks.lines, *(self._programme.lines if self._programme else ())]
        ends = [line.newest for line in lines]
        alive = [round(end * RATE) for end in ends if end is not None and now - end < DEAD]
        return min([self._out.front, *alive])

    def sounds(self) -> bool:
        """Whether a recording that begins now has sound: something is heard, or another source of
        the show may be. From any thread."""
        programme = self._programme
        if self._tracks.plays:
            return True
        return self._heard or (programme is not None and programme.decks and self._may_sound)

    def _look_at_sources(self) -> None:
        """Find out which sources have sound, on a thread of its own: a disk may not answer."""
        show = self._context.run.show
        uris = [*show.source, *show.sources.values()]
        if uris == self._looked_at:
            return
        self._looked_at = uris

        def look() -> None:
            self._may_sound = any(may_sound(uri) for uri in uris)

        self._context.supervisor.start("sources with sound", look)

    # What is said of it.

    @property
    def delay(self) -> float | None:
        """Seconds by which sound is later than it was taken, at the sink that waits longest; None
        without one. From any thread."""
        delays = [tap.delay for tap in list(self._taps.values())]
        return max(delays, default=None)

    def state(self) -> str:
        """`the source's, delayed by 64 ms`, `off`, for the status. From any thread."""
        words, delay = self._words(), self.delay
        if not words:
            return "off"
        if not self._heard:
            return f"{words}, silent"
        later = "" if delay is None else f", delayed by {delay * 1e3:.0f} ms"
        return words + later

    def _words(self) -> str:
        """What is heard; empty for nothing."""
        programme = self._programme
        own = "" if programme is None else programme.words
        return ", ".join([*filter(None, [own]), *self._tracks.names])

    def _tell(self, now: float) -> None:
        """Say once what goes where, when the delay has settled."""
        heard = self._heard and any(tap.delay for tap in self._taps.values())
        words = self._words()
        if not heard or not words:
            self._since = None
            return
        self._since = now if self._since is None else self._since
        if now - self._since > SETTLED and self._told != words:
            self._told = words
            sinks = ", ".join(runner.rule.to for runner in self._taps)
            self._context.messages.log(f"sound: {self.state()} as the pictures are, into {sinks}")


def _begun(now: float) -> int:
    """The sample at which the block of this moment begins."""
    return int(now // PERIOD) * BLOCK
