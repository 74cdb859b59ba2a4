"""Builds a control engine from the rules of a show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from vj.control.audio import AudioFile, AudioInput, Silence, SourceSound
from vj.control.controlled_show import ControlledShow
from vj.control.engine import ControlEngine
from vj.control.expression import TIME_VALUES, ExpressionSource
from vj.control.input_followers import MotionFollower, PictureFollower
from vj.control.modulation import Modulation
from vj.control.modulators import Envelope, Follower, Gain, Lfo, ModulationSource
from vj.core.errors import Fault, nearest_file
from vj.core.happenings import Happenings
from vj.core.input_features import DISTANCES, PICTURE_FEATURES, InputFeatures
from vj.parameters.store import Store
from vj.parameters.table import Table
from vj.show.expression import Expression
from vj.show.midi_controls import control
from vj.show.modulator_section import AUDIO_FEATURES, MOTION_NAMES, SOURCE_SOUND, ModulatorRule


class ModulatedShow(ControlledShow, Protocol):
    """A show's sections for the control engine, and its modulators."""

    @property
    def modulators(self) -> Sequence[ModulatorRule]: ...

    def modulator_names(self) -> list[str]: ...


AudioSource = AudioFile | AudioInput | SourceSound | Silence


class AudioInputs:
    """The audio inputs of followers, each opened once. One that cannot be opened is logged and
    replaced by silence."""

    def __init__(
        self,
        live: bool,
        log: Callable[[str], None],
        before: AudioInputs | None = None,
        source_sound: SourceSound | None = None,
    ) -> None:
        """before: the inputs these replace; one that is open there is shared, since a device may
        allow one user only. source_sound: that of the decks; None: they are silent."""
        self._live, self._log, self._before = live, log, before
        self._open: dict[str, AudioSource] = {SOURCE_SOUND: source_sound or Silence()}

    def at(self, name: str) -> AudioSource:
        """The input of this name: an audio file, a part of a device's name, or `source`."""
        there = self._before._open.get(name) if self._before is not None else None
        if name not in self._open and isinstance(there, AudioInput):
            self._open[name] = there
        elif name not in self._open:
            try:
                self._open[name] = self._listen(name)
            except Fault as fault:
                self._log(f"{fault}; it counts as silence")
                self._open[name] = Silence()
        return self._open[name]

    def opened(self, name: str) -> AudioInput | None:
        """The open device of this name; None where there is none."""
        found = self._open.get(name)
        return found if isinstance(found, AudioInput) else None

    def _listen(self, name: str) -> AudioFile | AudioInput:
        if Path(name).suffix and Path(name).is_file():
            return AudioFile(Path(name))
        if Path(name).suffix in (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".mp4", ".mkv"):
            raise Fault(f"audio {name}: no such file{nearest_file(Path(name))}")
        if not self._live:
            raise Fault(
                f"audio {name or 'input'}: offline there is no input; name an audio file with "
                "input:"
            )
        return AudioInput(name)

    def close(self, but: AudioInputs | None = None) -> None:
        """Close all inputs. but: other inputs, whose shared devices stay open."""
        kept = list(but._open.values()) if but is not None else []
        for source in self._open.values():
            if source not in kept:
                source.close()
        self._before = None


def _cause(text: str) -> str:
    """What triggers an envelope, as the control engine names it: `beat`, `bar`, `cue`, `cue NAME`,
    `midi note 36`, `midi note 36 ch 2`, `osc /kick`."""
    if text.startswith("midi "):
        return f"midi {control(text[5:])}"
    return text


def _source(
    rule: ModulatorRule,
    audio_inputs: AudioInputs,
    features: InputFeatures,
    number: int,
    table: Table,
) -> ModulationSource:
    if rule.lfo is not None:
        return Lfo(rule.lfo, rule.rate, rule.phase, rule.seed or number)
    if rule.envelope is not None:
        return Envelope(rule.attack.seconds, rule.decay.seconds, rule.sustain, rule.release.seconds)
    if rule.audio is not None:
        return _hearing(rule, rule.audio, audio_inputs)
    if rule.motion is not None:
        return _moving(rule, rule.motion, features)
    if rule.picture is not None:
        return _seeing(rule, rule.picture, features)
    if rule.faces is not None:
        return _apart(rule, "lips" if rule.faces == "lips" else "faces", features)
    if rule.silhouettes is not None:
        return _apart(rule, "silhouettes", features)
    assert rule.expression is not None
    expression = Expression(rule.expression, rule.seed or number)
    followers: dict[str, Follower | MotionFollower | PictureFollower] = {}
    read = {name: table.find(name).name for name in expression.parameters}
    for name in expression.names.difference(TIME_VALUES):
        if name in AUDIO_FEATURES:
            followers[name] = _hearing(rule, name, audio_inputs)
        elif name in MOTION_NAMES:
            followers[name] = _moving(rule, MOTION_NAMES[name], features)
        elif name in PICTURE_FEATURES:
            followers[name] = _seeing(rule, name, features)
        elif name in DISTANCES:
            followers[name] = _apart(rule, name, features)
        else:
            read[name] = table.find(f"macro/{name}").name
    return ExpressionSource(expression, followers, read)


def _gain(rule: ModulatorRule) -> Gain:
    return Gain(-1.0 if rule.gain == "auto" else rule.gain)


def _hearing(rule: ModulatorRule, band: str, audio_inputs: AudioInputs) -> Follower:
    audio = audio_inputs.at(rule.input)
    return Follower(audio, band, _gain(rule), rule.floor, rule.smooth.seconds)


def _moving(rule: ModulatorRule, feature: str, features: InputFeatures) -> MotionFollower:
    return MotionFollower(
        lambda: features.motion(feature),
        feature != "amount",
        _gain(rule),
        rule.floor,
        rule.attack.seconds,
        rule.release.seconds,
    )


def _seeing(rule: ModulatorRule, feature: str, features: InputFeatures) -> PictureFollower:
    return PictureFollower(
        lambda: features.picture(feature),
        feature == "hue",
        _gain(rule),
        rule.floor if "floor" in rule.model_fields_set else 0.0,  # black is no noise
        rule.attack.seconds,
        rule.release.seconds,
    )


def _apart(rule: ModulatorRule, name: str, features: InputFeatures) -> PictureFollower:
    """How far two are apart, 1 for a picture's height and for fewer than two. It comes to 0 within
    the attack, and rests within the release."""

    def measured() -> float:
        distance = features.distance(name)
        return 1.0 if distance is None else min(1.0, distance)

    floor = rule.floor if "floor" in rule.model_fields_set else 0.0
    ways = rule.release.seconds, rule.attack.seconds
    return PictureFollower(measured, False, _gain(rule), floor, *ways)


def make_engine(
    show: ModulatedShow,
    store: Store,
    *,
    live: bool,
    log: Callable[[str], None],
    now: Callable[[], float] = lambda: 0.0,
    remark: Callable[[str], None] | None = None,
    latency: Callable[[], float] = lambda: 0.0,
    audio_inputs: AudioInputs | None = None,
    features: InputFeatures | None = None,
    source_sound: SourceSound | None = None,
    happenings: Happenings | None = None,
) -> tuple[ControlEngine, AudioInputs]:
    """Make the control engine of a show and its audio inputs, which the caller closes. live: audio
    devices may be opened. audio_inputs: those of the previous version of the show. features: what
    the pipeline measures of the input. source_sound: what the decks sound like. remark: see
    `ControlEngine`."""
    audio_inputs = AudioInputs(live, log, audio_inputs, source_sound)
    features = features or InputFeatures()
    modulations = []
    for number, (name, rule) in enumerate(
        zip(show.modulator_names(), show.modulators, strict=True)
    ):
        row = store.table.find(rule.to)
        target = row.name
        absolute = rule.range is None and rule.depth is None
        if rule.range is not None:
            rest = float(store.start_of(target))
            low, high = rule.range[0] - rest, rule.range[1] - rest
        else:
            both_ways = rule.lfo is not None or rule.motion not in (None, "amount")
            high = rule.depth or 0.0
            low = -high if both_ways else 0.0
        modulations.append(
            Modulation(
                f"mod/{name}",
                target,
                _source(rule, audio_inputs, features, number, store.table),
                low,
                high,
                _cause(rule.envelope or ""),
                (row.low, row.high) if absolute else None,
                tuple(f"mod/{name}/{pace}" for pace in rule.paces),
            )
        )
    return ControlEngine(
        show,
        store,
        modulations,
        now=now,
        log=log,
        remark=remark,
        latency=latency,
        happenings=happenings,
        features=features,
    ), audio_inputs
