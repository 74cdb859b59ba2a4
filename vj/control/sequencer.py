"""Cues, the timeline and curves of a show: fired, followed, played, paused and sought. On the
frame's time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from vj.control.chase import Chase
from vj.control.clip_sequence import ClipCurve, ClipSequence
from vj.control.controlled_show import SequencedShow
from vj.control.cues import CueList
from vj.control.curve_track import CurveTrack
from vj.control.idle import Idle
from vj.control.tempo import Tempo
from vj.control.timeline import PAUSED, PLAYING, STOPPED, Timeline
from vj.core.errors import Fault
from vj.core.picture_place import PicturePlace
from vj.parameters.curves import curve
from vj.parameters.store import NOT_RESET, Store
from vj.parameters.table import PALETTES, Value
from vj.show.expression import NoValue
from vj.show.idle_section import FADE
from vj.show.validate import POSITION

TEXTS = ("prompt/a", "prompt/b", "prompt/list", "prompt/scenes", "prompt/negative", *PALETTES)
TEXT_FADE_MARGIN = 1.0
"""Seconds after its fade within which a cue's text may still arrive from the encoder and be
crossfaded at the fade's pace."""

NOT_CALMED = ("cue/", "take/", "tempo/", "timeline/", "record", "display/")
"""What parameters begin with that nobody has to calm down."""

Fired = Callable[[str | None, Collection[str], float], None]
"""(cue or None, parameters that were set, the frame's time)"""


class Sequencer:
    """Plays the sequence of one show. Belongs to the render thread."""

    def __init__(
        self,
        show: SequencedShow,
        store: Store,
        *,
        origin: object,
        fired: Fired,
        log: Callable[[str], None],
        failed: Callable[[str, Exception], None],
        happened: Callable[[str, float], None] = lambda name, time: None,
    ) -> None:
        """store: for its table and start values; it is not kept. origin: who sets the parameters.
        fired: called when a cue has been fired, or a position set. failed: takes what is switched
        off, and why. happened: told of a clip's marks, see `vj.core.happenings`."""
        timed = [rule for rule in show.timeline if rule.on_timeline]
        self.timeline = Timeline(timed, float(store.start_of(POSITION)))
        self.chase = Chase(show.timecode, log)
        curves = [(rule, store.table.find(rule.to).name) for rule in show.curves]
        along_clip = [(rule, to) for rule, to in curves if rule.on == "clip"]
        self.clip = ClipSequence(show, along_clip, happened)
        self._when = [rule for rule in show.timeline if rule.when is not None]
        self.cues = CueList(show.cues, self.clip.clock)
        self.curve_tracks: list[CurveTrack] = [
            CurveTrack(rule, to) for rule, to in curves if rule.on == "timeline"
        ]
        self.curve_tracks += self.clip.curves
        self.curve_parameters = frozenset(track.to for track in self.curve_tracks)
        self._origin, self._fired, self._log, self._failed = origin, fired, log, failed
        self._text_fade: tuple[float, float] | None = None

    @property
    def runs(self) -> bool:
        """The show has a timeline, or curves along one."""
        return bool(self.timeline.rules) or len(self.curve_tracks) > len(self.clip.curves)

    def take_over(self, old: Sequencer, store: Store, time: float, tempo: Tempo) -> None:
        """Take over the state of another version of the show."""
        self._text_fade = old._text_fade
        self.cues.take_over(old.cues, store.table)
        self.timeline.take_over(old.timeline, time, tempo)
        self.chase.take_over(old.chase)
        self.clip.take_over(old.clip)
        curves = {track.key: track for track in old.curve_tracks}
        for track in self.curve_tracks:
            if track.key in curves:
                track.take_over(curves[track.key])
        if not self.runs:  # nothing is left that could be paused
            self.timeline.play(time, tempo)

    def begin(self, time: float, tempo: Tempo) -> None:
        """The show begins: the timeline, and the follow times of cues."""
        if self.timeline.waits:
            self.timeline.begin(time, tempo)
            self.cues.begin(time, tempo)

    def resume(self, cue: object, position: object) -> None:
        """Before the show begins: see `ControlEngine.resume`."""
        if isinstance(cue, str) and cue in self.cues.cues:
            self.cues.resume(cue)
        if not isinstance(position, Sequence) or isinstance(position, str):
            return
        seconds, beats, state = (*position, PLAYING)[:3] if len(position) > 1 else (None,) * 3
        if isinstance(seconds, int | float) and isinstance(beats, int | float):
            self.timeline.resume(float(seconds), float(beats), str(state))

    def panic(self, time: float, tempo: Tempo) -> None:
        """Stop; the store has reset every parameter."""
        self._text_fade = None
        self.cues.cancel()
        self.timeline.stop(time, tempo)

    # Commands, in the frame at `time`. Raise Fault.

    def fire(self, asked: object, store: Store, time: float, tempo: Tempo) -> None:
        """Fire a cue by its name or number."""
        cue = self.cues.named(asked)
        self.timeline.go_on(time, tempo)
        seconds = self.cues.fire(cue, store, time, tempo, self._origin)
        names = {store.table.find(name).name for name in cue.set}
        for name in names:
            self.touch(name)
        self._has_fired(cue.name, names, seconds, time)

    def step_cue(self, step: int, store: Store, time: float, tempo: Tempo) -> None:
        """Fire the next cue, or the one before."""
        found = self.cues.neighbour(step)
        if found is None:
            raise Fault(
                f"cue/{'go' if step > 0 else 'back'}: there is no cue "
                f"{'after' if step > 0 else 'before'} {self.cues.current or 'the start'}"
            )
        self.fire(found, store, time, tempo)

    def command(
        self, name: str, value: Value, moment: float, store: Store, time: float, tempo: Tempo
    ) -> None:
        """A parameter of cues, the tempo or the timeline was set by hand. moment: when, in seconds
        on the show's clock."""
        if name == "tempo/tap":
            tempo.tap(moment)
        elif name == POSITION:
            self._check_free()
            self.seek(float(value), store, time, tempo)
        elif name == "timeline/play":
            self.chase.release()
            self.timeline.play(time, tempo)
        elif name == "timeline/pause":
            self.pause(time, tempo)
        elif name in ("cue/go", "cue/back"):
            self.step_cue(1 if name == "cue/go" else -1, store, time, tempo)
        elif name == "cue/fire" and value != "":
            self.fire(value, store, time, tempo)
        elif name == "mark/set":
            self._log(self.clip.set_mark(str(value), moment))
        elif name == "cue/store" and value != "":
            self.cues.store(str(value), store.base())
            self._log(f"cue {value!r} is stored; /vj/cue/write writes it into the show file")

    def rest(self, idle: Idle, held: bool, store: Store, time: float, tempo: Tempo) -> None:
        """Do what `idle:` says where nobody has played for a while, or somebody does again. held: a
        key, button or pedal is down."""
        due = idle.step(time, self.timeline.waits, held)
        if idle.rule is None or due is None:
            return
        cue = idle.rule.cue if due == "calm" else idle.rule.wake
        if cue is not None:
            self.fire_or_log(cue, store, time, tempo)
        elif due == "calm":
            self.calm((idle.rule.fade or FADE).seconds, store, time, tempo)
        if due == "calm":
            what = "everything fades to its start" if cue is None else f"cue {cue!r}"
            self._log(f"nobody has played for {idle.rule.after.seconds:g} s: {what}")

    def calm(self, seconds: float, store: Store, time: float, tempo: Tempo) -> None:
        """Fade everything to where it would be had nobody played: to the show's start and what the
        timeline has set by now; curves lead again. The timeline goes on."""
        values = {name: store.start_of(name) for name in store.base()}
        values |= self._values_of(self.timeline.passed_cues(), store)
        led, present = self._led(time, tempo), store.base()
        changed = {
            name: value
            for name, value in values.items()
            if not name.startswith(NOT_CALMED) and name not in led and present[name] != value
        }
        for name, value in changed.items():
            store.fade(name, value, seconds, curve("s-curve"), self._origin)
        for track in self.curve_tracks:
            track.hold_again()
        self._has_fired(None, changed, seconds, time)

    def pause(self, time: float, tempo: Tempo) -> None:
        """Hold the position, the curves and the current cue's follow time, until `timeline/play`.
        Fades go on to their end."""
        self._check_runs("timeline/pause")
        self.timeline.pause(time, tempo)

    def seek(self, seconds: float, store: Store, time: float, tempo: Tempo) -> None:
        """Go to a position. What the timeline's entries up to it set is set at once, without
        fades; what only later ones had set goes back to the show's start; and curves lead again.
        While the timeline is stopped it stays stopped there."""
        self._check_runs(POSITION)
        if self.timeline.waits:
            self.timeline.pending = seconds
            return
        self.timeline.pending = None
        self.timeline.settle(time, tempo)
        before = self.timeline.passed_cues()
        gone = {*self._values_of(before, store), *self._led(time, tempo)}
        self.timeline.seek(seconds, time, tempo)
        passed = self.timeline.passed_cues()
        values = self._values_of(passed, store)
        led = self._led(time, tempo)
        for name in gone.difference(values, led, NOT_RESET):
            values[name] = store.start_of(name)
        present = store.base()
        for name, value in values.items():
            stands = present.get(name) == store.get(name) == value
            if not stands and name not in led:  # what stands is not set: a source would open again
                store.fade(name, value, 0.0, None, self._origin)
        standing = passed[-1] if passed else None
        if standing is not None or before:
            self.cues.stand(standing, time, tempo)
        self._has_fired(standing, values, 0.0, time)
        for track in self.curve_tracks:
            track.hold_again()
        self._play_curves(store, time, tempo, anyway=True)

    def _check_free(self) -> None:
        if self.chase.leads:
            raise Fault(f"{POSITION}: the timecode leads ({self.chase.text}); stop it first")

    def _check_runs(self, name: str) -> None:
        if not self.runs:
            raise Fault(
                f"{name}: this show has no timeline and no curves of its own time; timeline: [{{"
                "at: 0:00, cue: NAME}] in its file would be one. A clip is played by /vj/source/at "
                "and /vj/source/speed"
            )

    def _values_of(self, cues: Sequence[str], store: Store) -> dict[str, Value]:
        """What cues that are fired one after another set, by the parameters' full names."""
        return {
            store.table.find(name).name: value
            for cue in cues
            if cue in self.cues.cues
            for name, value in self.cues.cues[cue].set.items()
            if store.table.find(name).kind != "trigger"  # what was fired then is not fired again
        }

    def _led(self, time: float, tempo: Tempo) -> set[str]:
        """Parameters whose curves have begun."""
        position = self.timeline.position
        return {track.to for track in self.curve_tracks if track.has_begun(position, time, tempo)}

    def _has_fired(
        self, cue: str | None, names: Collection[str], seconds: float, time: float
    ) -> None:
        if any(name in TEXTS for name in names):
            self._text_fade = (seconds, time + seconds + TEXT_FADE_MARGIN)
        self._fired(cue, names, time)

    def touch(self, name: str, by_hand: bool = False) -> None:
        """A parameter was set: its curve releases it. by_hand: not by a cue."""
        if by_hand and name in TEXTS:
            self._text_fade = None
        for track in self.curve_tracks:
            if track.to == name:
                track.touch()

    # Once a frame.

    def begin_at_pending(self, store: Store, time: float, tempo: Tempo) -> None:
        """Set the position at which the show begins, in its first frame."""
        if self.timeline.pending is not None and not self.timeline.waits:
            if self.runs:
                self.seek(self.timeline.pending, store, time, tempo)
            self.timeline.pending = None

    def step(self, passed: float, store: Store, time: float, tempo: Tempo) -> None:
        """Fire what is due, and play the curves. passed: seconds since the last frame."""
        self.chase.step(self, store, time, tempo)
        for name in () if self.chase.stands else self.timeline.due(time, tempo):
            self.fire_or_log(name, store, time, tempo)
        if self.timeline.state == PAUSED or self.chase.holds:
            self.cues.hold(passed, passed * tempo.bpm / 60 if tempo.running else 0.0)
        elif not self.timeline.waits:
            following = self.cues.following(time, tempo)
            if following is not None:
                self.fire_or_log(following, store, time, tempo)
        if not self.timeline.stopped:
            self._play_curves(store, time, tempo)

    @property
    def waits_for(self) -> list[str]:
        """What entries wait for, see `vj.core.happenings.MEETINGS`."""
        return [str(rule.when) for rule in self._when]

    def happened(self, name: str, store: Store, time: float, tempo: Tempo) -> None:
        """Fire the entries that wait for this, unless the timeline is stopped or has not begun."""
        if self.timeline.waits or self.timeline.state == STOPPED:
            return
        for rule in self._when:
            if rule.when == name:
                self.fire_or_log(str(rule.cue), store, time, tempo)

    def follow_picture(
        self, place: PicturePlace | None, store: Store, time: float, tempo: Tempo
    ) -> bool:
        """Fire and play what follows the clip, of which the frame shows the picture at this place.
        False where this is known, or where nothing follows it."""
        goes_on = not self.timeline.waits and self.timeline.state != STOPPED
        come = self.clip.follow(place, time, goes_on)
        for rule in come or ():
            self.fire_or_log(str(rule.cue), store, time, tempo)
        if come is not None and goes_on:
            self._play_curves(store, time, tempo, clip=True)
        return come is not None and self.clip.leads

    def fire_or_log(self, name: str, store: Store, time: float, tempo: Tempo) -> None:
        """As `fire`, with what is wrong in the log."""
        try:
            self.fire(name, store, time, tempo)
        except Fault as fault:
            self._log(str(fault))

    def _play_curves(
        self, store: Store, time: float, tempo: Tempo, anyway: bool = False, clip: bool = False
    ) -> None:
        for track in [one for one in self.curve_tracks if isinstance(one, ClipCurve) == clip]:
            try:
                value = track.at(self.timeline.position, time, tempo)
                if value is not None:
                    store.place(track.to, value, anyway)
            except NoValue as lack:  # the parameter stays where it is
                self._failed(f"the curve of {track.to}", lack)
            except Exception as error:  # one curve fails: the others and the picture go on
                self.curve_tracks.remove(track)
                self._failed(f"the curve of {track.to}", error)

    def travel(self, values: dict[str, Value], time: float) -> None:
        """Let a cue's text arrive in the time of its fade, in one frame's values."""
        if self._text_fade is not None:
            if time > self._text_fade[1]:
                self._text_fade = None
            else:
                values["prompt/travel"] = min(60.0, self._text_fade[0])
