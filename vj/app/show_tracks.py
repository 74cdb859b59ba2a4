"""The sounds of a show, of its section `sounds:`, and what a frame's parameters say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from vj.core.errors import Fault
from vj.core.happenings import Happening
from vj.parameters.rows.sound import PLAY, STOP
from vj.parameters.store import Snapshot, Store
from vj.show.sounds_section import SoundRule
from vj.sound.drawn import PREFIX, drawn
from vj.sound.loudness import gain
from vj.sound.named_file import open_named
from vj.sound.samples import HeldSamples, Samples, samples_of_file
from vj.sound.track import Track
from vj.sound.tracks import Heard


def made_track(name: str, rule: SoundRule, keeps_pitch: bool = False) -> Track:
    """name: in the show. keeps_pitch: whatever the rule says. Reads the file, or makes the sound,
    which may take seconds. Raises Fault."""
    try:
        return Track(_samples(rule), rule.goes_on, keeps_pitch or rule.pitch == "keep")
    except Fault as fault:
        raise Fault(f"sounds.{name}: {fault}") from None


def check_sound(name: str, rule: SoundRule) -> None:
    """See that it can be heard. name: in `sounds:`. Raises Fault."""
    if rule.drawn:
        return
    try:
        open_named(rule.file).close()
    except Fault as fault:
        raise Fault(f"{name}: {fault}") from None


def _samples(rule: SoundRule) -> Samples:
    if rule.drawn:
        return HeldSamples(drawn(rule.file.removeprefix(PREFIX)))
    samples = samples_of_file(open_named(rule.file))
    if not samples.length:
        raise Fault(f"{rule.file}: its sound has no length")
    return samples


def said(snapshot: Snapshot, names: Iterable[str]) -> dict[str, Heard]:
    """What a frame says of these sounds; of those that it knows."""
    values = snapshot.values
    return {
        name: Heard(
            gain(float(values[f"sound/{name}/level"])),
            float(values[f"sound/{name}/pace"]),
            int(values[f"sound/{name}{PLAY}"]),
            int(values[f"sound/{name}{STOP}"]),
        )
        for name in names
        if f"sound/{name}/level" in values
    }


def starter(
    store: Store, sounds: Callable[[], Mapping[str, SoundRule]]
) -> Callable[[Happening], None]:
    """Starts those of the sounds that a happening starts, in its frame. sounds: the show's, as it
    was saved last."""

    def happened(happening: Happening) -> None:
        for name, rule in sounds().items():
            play = f"sound/{name}{PLAY}"
            meant = any(_is_meant(cause, happening.name) for cause in rule.on)
            if meant and play in store.table.rows:  # a save brings it a moment later
                store.set(play, True)

    return happened


def _is_meant(cause: str, name: str) -> bool:
    return cause == name or (cause == "cue" and name.startswith("cue "))


def gains(snapshot: Snapshot) -> tuple[float, float]:
    """Of what `sound:` names, and of everything."""
    whole = gain(float(snapshot["sound/level"]))
    return whole * gain(float(snapshot["sound/source/level"])), whole
