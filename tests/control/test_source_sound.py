"""Modulators that hear what is on the decks: `input: source`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.control.harness import ControlHarness
from tests.sound.drawn_sound import clicks, write_sound
from tests.sound.flashes import flashing_clip
from tests.waiting import until
from vj.app.chosen import Chosen, audio_inputs, played
from vj.app.live import Performance
from vj.control.audio import AudioFile, SourceSound
from vj.control.build import make_engine
from vj.parameters.store import Snapshot, Store
from vj.show.load import check_show

FOLLOWER = {"audio": "onset", "input": "source", "to": "picture/brightness", "depth": 1.0}


def test_the_decks_are_heard_as_a_file_of_the_same_sound_is(tmp_path: Path) -> None:
    """In pieces of any length, such as frames that last a thirtieth of a second and a little."""
    sound = clicks([0.31, 0.62, 1.2], 1.5)
    track = AudioFile(write_sound(tmp_path / "clicks.wav", sound, "pcm_f32le"))
    heard = SourceSound()
    ends = np.linspace(0, len(sound), 47).astype(int)
    pairs = []
    for begin, end in pairwise(ends):
        heard.hear(sound[begin:end, None].repeat(2, 1))
        if end > 4096:
            now = end / 48_000
            pairs.append((heard.level("onset", now), track.level("onset", now)))
    ours, theirs = np.array(pairs).T
    assert np.allclose(ours, theirs, atol=0.02)
    assert ours.max() > 0.3


def test_it_is_known_whether_somebody_listens() -> None:
    heard = SourceSound()
    assert not heard.is_wanted()
    heard.level("low", 0.1)
    assert heard.is_wanted()
    assert not heard.is_wanted()


def test_where_nothing_plays_the_decks_are_silent_and_nothing_is_said() -> None:
    controls = ControlHarness(modulators=[FOLLOWER])
    assert {frame["picture/brightness"] for frame in controls.play(0.5)} == {
        controls.store.start_of("picture/brightness")
    }
    assert controls.messages == []


def test_a_saved_show_goes_on_hearing_the_same(tmp_path: Path) -> None:
    show = check_show({"modulators": [FOLLOWER | {"smooth": 0}]}, "show")
    store, heard = Store(show.start, show.table()), SourceSound()
    _, first = make_engine(show, store, live=True, log=print, source_sound=heard)
    _, second = make_engine(
        show, store, live=True, log=print, source_sound=heard, audio_inputs=first
    )
    first.close(but=second)
    assert second.at("source") is heard


def test_another_input_is_chosen_for_those_that_hear_one() -> None:
    own = {"audio": "low", "input": "Mic", "to": "strength", "depth": 0.1}
    show = check_show({"modulators": [FOLLOWER, own]}, "show")
    assert audio_inputs(show) == ["Mic"]
    chosen = played(show, Chosen(audio="Scarlett"))
    assert [rule.input for rule in chosen.modulators] == ["source", "Scarlett"]


def test_the_picture_moves_with_what_is_heard_of_the_clip_that_plays(tmp_path: Path) -> None:
    """No sink takes sound, and the show's own is off: modulators hear it all the same."""
    clip = flashing_clip(tmp_path / "clip.mp4", 1.2, 0.6)
    show = check_show(
        {
            "size": "64x64",
            "model": "none",
            "osc": "127.0.0.1:0",
            "page": False,
            "midi": False,
            "source": str(clip),
            "sinks": [],
            "sound": "off",
            "modulators": [FOLLOWER | {"gain": 2, "smooth": 0}],
        },
        "show",
    )
    said: list[str] = []
    performance = Performance(show, said.append)
    seen: list[tuple[float, float]] = []

    def note(snapshot: Snapshot) -> None:
        seen.append((snapshot.time, float(snapshot["picture/brightness"])))

    performance.start()
    until(lambda: performance.loop.first is not None)
    performance.store.observers.append(note)

    def hits() -> np.ndarray:
        moments, values = np.array([(0.0, 0.0), *seen]).T
        loud = moments[values > 0.2]
        return loud[np.diff(loud, prepend=-1.0) > 0.2]

    until(lambda: len(hits()) >= 4)
    performance.stop()
    assert np.median(np.diff(hits())) == pytest.approx(0.6, abs=0.15), hits()
    assert not [line for line in said if "silence" in line]
