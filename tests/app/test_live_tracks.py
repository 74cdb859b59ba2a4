"""`sounds:` of a live show: started by hand, faded, saved anew while it plays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.app.test_live_sound import Ear, live
from tests.sound.drawn_sound import write_sound
from tests.waiting import until
from vj.app.live import Performance
from vj.show.sounds_section import SoundRule
from vj.sound import RATE


def write(folder: Path, name: str, level: float, seconds: float = 1.0) -> str:
    sound = np.full(round(seconds * RATE), level, np.float32)
    return str(write_sound(folder / f"{name}.wav", sound, "pcm_f32le"))


@pytest.fixture
def said() -> list[str]:
    return []


def becomes(ear: Ear, level: float) -> bool:
    """It is heard as loud as this before long."""
    until(lambda: abs(ear.loudness - level) < 1e-3, lambda: f"{ear.loudness:.4f}, not {level}")
    return True


def playing(folder: Path, said: list[str]) -> tuple[Performance, Ear]:
    """A hum of 0.1, and a hit of 0.3 that lasts long enough to be heard."""
    sounds = {
        "hum": write(folder, "hum", 0.1),
        "hit": {"file": write(folder, "hit", 0.3, 1.5), "loop": False},
    }
    options: dict[str, object] = {
        "sinks": [f"record:{folder}/out.mkv"],
        "sound": "off",
        "sounds": sounds,
    }
    performance = live(folder, said, options)
    ear = Ear(performance)
    performance.start()
    assert becomes(ear, 0.1)
    return performance, ear


def test_a_sound_is_started_by_hand_and_a_level_is_a_fader(tmp_path: Path, said: list[str]) -> None:
    performance, ear = playing(tmp_path, said)
    store = performance.store
    until(lambda: performance.sound.state().startswith("hum, hit, delayed by "))
    store.set("sound/hit/play", True)
    assert becomes(ear, 0.4), "the hit over the hum"
    assert becomes(ear, 0.1), "it is over, and the hum goes on"
    store.set("sound/hum/level", 1 / 3)
    assert becomes(ear, 0.05), "a third of the fader is half as loud"
    store.set("sound/level", 0)
    assert becomes(ear, 0.0)
    store.set("panic", True)
    assert becomes(ear, 0.1), "as the show begins"
    performance.stop()


def test_a_saved_show_changes_some_sounds_and_the_others_go_on_without_a_gap(
    tmp_path: Path, said: list[str]
) -> None:
    performance, ear = playing(tmp_path, said)
    show = performance.run_state.show
    both = {"hum": show.sounds["hum"], "tick": SoundRule(file=write(tmp_path, "tick", 0.2))}
    ear.quietest = 1.0
    assert performance.adopt(show.model_copy(update={"sounds": both}))
    assert becomes(ear, 0.3), "the hum and the tick"
    assert said.count("the show file was saved; changed: sounds") == 1
    assert ear.quietest > 0.099, "the hum has not stopped"
    assert "sound/tick/play" in performance.store.table.rows
    gone = {**both, "song": SoundRule(file=str(tmp_path / "gone.wav"))}
    assert not performance.adopt(show.model_copy(update={"sounds": gone}))
    assert any("sounds: song: " in line and "gone.wav: there is no such" in line for line in said)
    assert performance.adopt(show.model_copy(update={"sounds": {}}))
    until(lambda: performance.sound.state() == "off")
    performance.stop()
