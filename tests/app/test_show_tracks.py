"""`sounds:` of a show: rendered to the sample, crossed with the picture, and heard live."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sinks.test_movie_sound import heard
from tests.sound.drawn_sound import write_sound
from vj.app.offline import Rendering
from vj.control.takes import Take
from vj.core.errors import Fault
from vj.show.load import check_show, load_show
from vj.sound import RATE

NEAR = 2**-15
"""What a recording rounds by."""


def burst(folder: Path) -> tuple[Path, np.ndarray]:
    """A file of a tenth of a second of noise, and what is in it."""
    sound = np.random.default_rng(3).uniform(-0.4, 0.4, RATE // 10).astype(np.float32)
    return write_sound(folder / "burst.wav", sound, "pcm_f32le"), sound


def tone(folder: Path, hertz: int) -> str:
    sound = 0.4 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)
    path = folder / f"{hertz}.wav"
    return str(write_sound(path, sound.astype(np.float32), "pcm_f32le"))


class Rig:
    """Renders shows of a drawn source, without a model."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    def tree(self, **more: Any) -> dict[str, Any]:
        return {
            "size": "32x32",
            "model": "none",
            "source": "testcard",
            "sinks": [f"record:{self.folder}/out.mkv"],
            **more,
        }

    def render(
        self,
        seconds: float,
        fps: float = 30,
        to: str = "out.mkv",
        take: Path | None = None,
        frames: float | None = None,
        **more: Any,
    ) -> np.ndarray:
        """What is heard: (n, 2). frames: seconds of the show, where those are others."""
        tree = self.tree(fps=fps, **more) | {"sinks": [f"record:{self.folder}/{to}"]}
        (self.folder / to).unlink(missing_ok=True)
        show = check_show(tree, "here")
        Rendering(show, self.said.append, frames or seconds, take_log=take).run()
        return heard(self.folder / to)[: round(seconds * RATE)]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def level_at(sound: np.ndarray, hertz: float) -> float:
    """dB of a tone in (n, 2), of full scale."""
    window = np.hanning(len(sound))
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(sound)) / RATE)
    return 20 * np.log10(2 * abs(np.sum(sound[:, 0] * window * turns)) / window.sum() + 1e-12)


@pytest.mark.parametrize("fps", [30, 24, 23.976])
def test_a_cue_starts_a_sound_at_the_sample_of_its_frame(rig: Rig, fps: float) -> None:
    path, sound = burst(rig.folder)
    fired = (7, 19)
    whole = rig.render(
        1.0,
        fps,
        sounds={"crash": {"file": str(path), "loop": False}},
        cues=[{"name": "hit", "set": {"sound/crash/play": True}}],
        timeline=[{"at": number / fps, "cue": "hit"} for number in fired],
    )
    expected = np.zeros(len(whole))
    for number in fired:
        first = round(number / fps * RATE)
        expected[first : first + len(sound)] += sound
    assert np.abs(whole[:, 0] - expected).max() < NEAR


def test_two_renderings_are_the_same_bytes_and_a_take_is_heard_again(rig: Rig) -> None:
    path, _ = burst(rig.folder)
    show: dict[str, Any] = {
        "sounds": {
            "song": {"file": tone(rig.folder, 300), "pace": 1.3, "pitch": "keep"},
            "hum": {"file": tone(rig.folder, 500), "level": 0.5},
            "crash": {"file": str(path), "loop": False},
        },
        "cues": [{"name": "hit", "set": {"sound/crash/play": True, "sound/hum/level": 0.1}}],
        "timeline": [{"at": 0, "cue": "hit"}, {"at": 0.3, "cue": "hit"}],
        "curves": [{"to": "sound/hum/pace", "points": [[0, 0.5], [1, 2.0]]}],
    }
    take = rig.folder / "one.take"
    one = rig.render(1.0, to="one.mkv", take=take, **show)
    rig.render(1.0, to="two.mkv", **show)
    files = [rig.folder / name for name in ("one.mkv", "two.mkv")]
    assert files[0].read_bytes() == files[1].read_bytes()
    replayed = check_show(
        rig.tree(fps=30, **show) | {"sinks": [f"record:{rig.folder}/again.mkv"]}, "here"
    )
    Rendering(replayed, rig.said.append, 1.0, replay=Take(take, replayed.table())).run()
    again = heard(rig.folder / "again.mkv")[:RATE]
    assert np.abs(again - one).max() < 2e-3  # of values that are written with six digits


def test_at_strength_0_only_the_crash_is_heard_and_at_the_top_only_the_song(rig: Rig) -> None:
    whole = rig.render(
        2.0,
        sound="off",
        sounds={
            "crash": tone(rig.folder, 1200),
            "song": {"file": tone(rig.folder, 440), "level": 0},
        },
        start={"strength": 0},
        macros={
            "kiss": {
                "drives": {
                    "strength": [0, 1],
                    "sound/crash/level": [1, 0],
                    "sound/song/level": [0, 1],
                }
            }
        },
        curves=[{"to": "macro/kiss", "points": [[0, 0], [0.7, 0], [1.3, 1]]}],
    )
    first, middle, last = (
        whole[: RATE // 2],
        whole[RATE * 9 // 10 :][: RATE // 5],
        whole[-RATE // 2 :],
    )
    assert level_at(first, 440) < level_at(first, 1200) - 60
    assert level_at(last, 1200) < level_at(last, 440) - 60
    powers = [float(np.mean(part**2)) for part in (first, middle, last)]
    assert max(powers) < 1.1 * min(powers), "all along it is as loud"


def test_in_slow_motion_a_sound_begins_with_its_picture_and_keeps_its_pitch(rig: Rig) -> None:
    whole = rig.render(
        2.7,
        25,
        frames=0.7,
        slow=4,
        sounds={
            "hum": {"file": tone(rig.folder, 440), "level": 0.5},
            "hit": {"file": tone(rig.folder, 1500), "on": "cue hit"},
        },
        cues=[{"name": "hit", "set": {"strength": 1}}],
        timeline=[{"at": 6 / 25, "cue": "hit"}],
    )
    first = 4 * 6 * RATE // 25
    before, after = whole[: first - 200], whole[first + 200 :]
    assert level_at(before, 440) > -20 > -90 > level_at(before, 1500)
    assert level_at(after, 1500) > -10
    assert level_at(whole[first : first + 960], 1500) > -12, "it begins in that very sample"


def test_a_show_without_sounds_is_heard_as_before_and_its_levels_move_all_of_it(rig: Rig) -> None:
    file = tone(rig.folder, 440)
    plain = rig.render(0.5, sound=file)
    assert np.array_equal(plain, rig.render(0.5, sound=file, start={"sound/level": 1}))
    for name in ("sound/level", "sound/source/level"):
        quiet = rig.render(0.5, sound=file, start={name: 1 / 3})
        assert np.abs(quiet - plain / 2).max() < 2 * NEAR  # the sine of 30 degrees
    beside = rig.render(
        0.5, sound=file, sounds={"song": tone(rig.folder, 900)}, start={"sound/source/level": 0}
    )
    assert level_at(beside, 440) < -100 < level_at(beside, 900)
    assert not rig.render(0.5, sounds={"song": file}, start={"sound/level": 0}).any()


def test_what_happens_in_a_show_starts_a_sound_in_its_frame(rig: Rig) -> None:
    path, sound = burst(rig.folder)
    whole = rig.render(
        1.0,
        25,
        source="a",
        sources={"a": "drawn:room", "b": "drawn:puppet"},
        start={"crossfade": 0, "cut/rate": 3},
        cuts=["a", "b"],
        sounds={"crash": {"file": str(path), "on": ["cue hit", "cut"]}},
        cues=[{"name": "hit", "set": {"strength": 0.5}}, {"name": "calm", "set": {"strength": 0}}],
        timeline=[{"at": 4 / 25, "cue": "hit"}, {"at": 12 / 25, "cue": "calm"}],
    )[:, 0]
    expected = np.zeros(RATE)
    for frame in (4, 9, 17, 25):  # the cue, and every third of a second a cut
        first = frame * RATE // 25
        expected[first : first + len(sound)] += sound[: max(0, RATE - first)]
    assert np.abs(whole - expected).max() < NEAR


@pytest.mark.parametrize(("speed", "frame"), [(1, 13), (2, 7)])
def test_a_mark_of_the_clip_starts_a_sound_with_the_picture_that_comes_to_it(
    rig: Rig, speed: float, frame: int
) -> None:
    path, sound = burst(rig.folder)
    whole = rig.render(
        1.0,
        25,
        source="drawn:crash",
        marks={"impact": 0.5},
        start={"source/speed": speed},
        sounds={"crash": {"file": str(path), "on": "mark impact"}},
    )[:, 0]
    first = frame * RATE // 25
    assert not whole[:first].any()
    assert np.abs(whole[first : first + len(sound)] - sound).max() < NEAR


def test_sounds_that_cannot_be_heard_are_faults_of_their_lines(rig: Rig) -> None:
    path = rig.folder / "show.yaml"
    path.write_text(
        "source: testcard\nsounds:\n  song: drawn:sang\n  a b: drawn:impact\n"
        "  loud: {file: drawn:sea, level: 2}\n  source: drawn:sea\n",
        encoding="utf-8",
    )
    with pytest.raises(Fault) as raised:
        load_show(path)
    text = str(raised.value)
    for words in (
        "show.yaml:3: sounds.song.file: 'drawn:sang': no such drawn sound; did you mean song?",
        "show.yaml:5: sounds.loud.level: 2 is above 1",
    ):
        assert words in text
    path.write_text(
        "source: testcard\nsounds:\n  a: {file: drawn:sea, on: cue hat}\n"
        "  b: {file: drawn:sea,\n    on: [mark lips, cut, meat, cue, mark]}\n"
        "cues: [{name: hit, set: {strength: 1}}]\n",
        encoding="utf-8",
    )
    with pytest.raises(Fault) as raised:
        load_show(path)
    for words in (
        "show.yaml:3: hat: no such cue; did you mean hit?",
        "show.yaml:5: lips: no such mark",
        "show.yaml:5: cut: the show has no cuts",
        "show.yaml:5: 'meat': nothing of this name happens",
        "show.yaml:5: mark: of which name? (the show has none)",
    ):
        assert words in str(raised.value)
    path.write_text("source: testcard\nsounds: {a b: drawn:sea, level: drawn:sea}\n")
    with pytest.raises(Fault, match=r"(?s)2: 'a b': letters.*2: level: "):
        load_show(path)
    with pytest.raises(Fault, match=r"sounds\.song: .*gone\.wav: there is no such file"):
        rig.render(0.1, sounds={"song": f"{rig.folder}/gone.wav"})
