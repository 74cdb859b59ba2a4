"""What a rendering shows in each frame: sources chosen by name, two decks, transports, fades and
clips that make way for the next, frame by frame. Every frame has its number drawn into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.sources.numbered import SIZE, number_of, numbered, numbered_clip
from vj.app.offline import Rendering
from vj.control.takes import Take
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.show.load import check_show

RATE = 10
CALM = {"feedback/amount": 0, "blend/smoothing": 0, "crossfade": 0}
KISS, DRIVE, CRASH = 1000, 2000, 3000
"""The numbers of the first frames of the clips."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for name, first, frames in (("kiss", KISS, 20), ("drive", DRIVE, 30), ("crash", CRASH, 8)):
        numbered_clip(folder / f"{name}.mkv", frames, rate=RATE, first=first)
    return folder


class Rig:
    """Renders shows of three clips, without a model, into numbered pictures."""

    def __init__(self, folder: Path, clips: Path) -> None:
        self.folder, self.clips = folder, clips
        self.said: list[str] = []

    def tree(self, start: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        names = ("kiss", "drive", "crash")
        return {
            "size": str(SIZE),
            "fps": RATE,
            "model": "none",
            "sources": {name: str(self.clips / f"{name}.mkv") for name in names},
            "start": {**CALM, **(start or {})},
            "sinks": [f"record:{self.folder}/out/"],
            **more,
        }

    def render(
        self,
        start: Mapping[str, Any] | None = None,
        changes: Mapping[int, Mapping[str, Any]] | None = None,
        seconds: float | None = 2.0,
        **more: Any,
    ) -> list[np.ndarray]:
        """start: with the name of the show's own source. changes: by the number of the frame, what
        a cue sets there."""
        keep = {k: more.pop(k) for k in ("replay", "take_log", "fps") if k in more}
        start = dict(start or {})
        own = start.pop("source", "kiss")
        tree = {"source": str(self.clips / f"{own}.mkv"), **self.tree(start, **more)}
        if changes:
            tree["cues"] = [
                {"name": f"at {frame}", "set": dict(values)} for frame, values in changes.items()
            ]
            tree["timeline"] = [{"at": frame / RATE, "cue": f"at {frame}"} for frame in changes]
        out = self.folder / "out"
        before = set(out.glob("**/*.png")) if out.exists() else set()
        Rendering(check_show(tree, "here"), self.said.append, seconds, **keep).run()
        made = sorted(set(out.glob("**/*.png")) - before)
        pictures = [cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) for path in made]
        return [picture for picture in pictures if picture is not None]

    def numbers(self, *given: Any, **more: Any) -> list[int]:
        return [number_of(Frame(picture, 0, 0.0)) for picture in self.render(*given, **more)]


@pytest.fixture
def rig(tmp_path: Path, clips: Path) -> Rig:
    return Rig(tmp_path, clips)


def test_a_cue_cuts_to_another_source_in_its_frame(rig: Rig) -> None:
    seen = rig.numbers(changes={5: {"source": "drive"}, 9: {"source": "kiss"}}, seconds=1.2)
    kiss, drive = list(range(KISS, KISS + 5)), list(range(DRIVE, DRIVE + 4))
    assert seen == [*kiss, *drive, KISS, KISS + 1, KISS + 2]


def test_a_source_is_chosen_by_its_number(rig: Rig) -> None:
    assert rig.numbers(changes={2: {"source": 2}}, seconds=0.4) == [
        KISS,
        KISS + 1,
        CRASH,
        CRASH + 1,
    ]


def test_deck_b_comes_under_the_fader_and_goes_again(rig: Rig) -> None:
    changes = {
        2: {"deck/b": "drive"},
        4: {"deck/mix": 1},
        7: {"deck/b": ""},
        8: {"deck/b": "crash"},
    }
    seen = rig.numbers({"deck/mode": "wipe-left"}, changes, seconds=1.0)
    kiss = [KISS + n for n in range(10)]
    assert seen[:4] == kiss[:4], "deck/mix is 0"
    assert seen[5:7] == [DRIVE + 3, DRIVE + 4], "which has played since it was there"
    assert seen[7] == kiss[7], "without deck B there is nothing to mix"
    assert seen[8:] == [CRASH, CRASH + 1]


def test_two_decks_are_mixed_in_each_frame(rig: Rig) -> None:
    seen = rig.render({"deck/b": "drive", "deck/mix": 0.5}, seconds=0.5)
    alone = rig.render(seconds=0.5)
    other = rig.render({"source": "drive"}, seconds=0.5)
    for made, one, two in zip(seen, alone, other, strict=True):
        assert np.abs(made - (one / 2 + two / 2)).max() <= 1


def test_one_clip_on_both_decks_has_two_positions(rig: Rig) -> None:
    start = {"deck/b": "kiss", "deck/b/position": 0.5, "deck/mix": 1, "deck/b/speed": 2}
    changes = {1: {"deck/b/position": 0.5}, 4: {"deck/mix": 0}}
    seen = rig.numbers(start, changes, seconds=0.6)
    assert seen[1:4] == [KISS + 10, KISS + 12, KISS + 14]
    assert seen[5] == KISS + 5


@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        ({"source/speed": 2}, [0, 2, 4, 6, 8, 10]),
        ({"source/speed": 0.5}, [0, 0, 1, 1, 2, 2]),
        ({"source/speed": 0}, [0, 0, 0, 0, 0, 0]),
        ({"source/speed": -1}, [19, 18, 17, 16, 15, 14]),
        ({"source/in": 0.5, "source/out": 0.65}, [10, 11, 12, 10, 11, 12]),
        (
            {"source/in": 0.5, "source/out": 0.65, "source/loop": "ping-pong"},
            [10, 11, 12, 11, 10, 11],
        ),
        ({"source/in": 0.8, "source/loop": "once"}, [16, 17, 18, 19, 19, 19]),
    ],
)
def test_the_transport_is_followed_to_the_frame(
    rig: Rig, start: dict[str, Any], wanted: list[int]
) -> None:
    assert rig.numbers(start, seconds=0.6) == [KISS + number for number in wanted]


def test_a_position_is_sought_in_the_frame_in_which_it_is_set(rig: Rig) -> None:
    changes = {3: {"source/position": 0.5}, 5: {"source/speed": 0, "source/position": 0.25}}
    seen = rig.numbers(None, changes, seconds=0.8)
    assert seen == [KISS + n for n in (0, 1, 2, 10, 11, 5, 5, 5)]


def test_a_cue_that_names_a_source_and_a_place_begins_there(rig: Rig) -> None:
    seen = rig.numbers(None, {2: {"source": "drive", "source/position": 0.5}}, seconds=0.4)
    assert seen == [KISS, KISS + 1, DRIVE + 15, DRIVE + 16]


def test_next_goes_on_without_a_gap_and_round(rig: Rig) -> None:
    start = {"source": "crash", "source/loop": "next", "source/speed": 2}
    seen = rig.numbers(start, seconds=3.6)
    crash, kiss, drive = (
        [first + n for n in range(0, count, 2)]
        for first, count in ((CRASH, 8), (KISS, 20), (DRIVE, 30))
    )
    assert seen[:36] == [*crash, *kiss, *drive, *crash, *kiss][:36]


def test_a_crossfade_takes_its_time_and_both_clips_play_on(rig: Rig) -> None:
    seen = rig.render({"crossfade": 0.4}, {2: {"source": "drive"}}, seconds=0.8)
    for number, share in ((2, 0.0), (3, 0.25), (4, 0.5), (5, 0.75), (6, 1.0)):
        one, two = numbered(KISS + number), numbered(DRIVE + number - 2)
        wanted = cv2.addWeighted(one, 1 - share, two, share, 0)
        assert np.abs(seen[number].astype(int) - wanted).mean() < 6, number


def test_twice_the_same_bytes(rig: Rig) -> None:
    changes = {
        2: {"source": "drive", "deck/b": "kiss", "deck/mix": 0.3, "deck/mode": "luma"},
        5: {"source/speed": -2, "deck/b/speed": 0.3, "deck/space": "flow"},
        8: {"source": "crash", "source/loop": "next", "crossfade": 0.3},
    }
    once, again = (rig.render({"crossfade": 0.2}, changes, seconds=1.6) for _ in range(2))
    assert len(once) == 16
    assert [a.tobytes() for a in once] == [b.tobytes() for b in again]


def test_a_take_of_switches_renders_what_was_played(rig: Rig, tmp_path: Path) -> None:
    log = tmp_path / "set.take"
    changes = {
        2: {"source": "drive"},
        4: {"deck/b": "crash", "deck/mix": 1},
        7: {"deck/mix": 0, "source/position": 0.5},
    }
    played = rig.numbers(None, changes, seconds=1.0, take_log=log)
    show = check_show({"source": "testcard", **rig.tree()}, "here")
    take = Take(log, show.table())
    assert rig.numbers(None, None, seconds=None, replay=take) == played


@pytest.mark.parametrize(
    ("line", "last"),
    [
        ('1.050000 source="kiss"', [KISS, KISS + 1, KISS + 2, KISS + 3]),
        ('0.700000 source="kiss"', [KISS + 1, KISS + 2, KISS + 3, KISS + 4]),
        ("0.900000 source/position=0.5", [CRASH + 7, CRASH + 4, CRASH + 5, CRASH + 6]),
    ],
    ids=["late", "a frame early", "sought back at its end"],
)
def test_what_follows_a_clip_is_what_the_take_says(
    rig: Rig, tmp_path: Path, line: str, last: list[int]
) -> None:
    log = tmp_path / "set.take"
    first = '0.000000 source="crash" source/loop="next" source/position=0'
    log.write_text(f"# vj take 1\n{first}\n{line}\n1.150000 \n")
    show = check_show({"source": "testcard", **rig.tree()}, "here")
    take = Take(log, show.table())
    seen = rig.numbers({"source": "crash"}, seconds=1.2, replay=take)
    assert seen[:7] == [CRASH + n for n in range(7)]
    assert seen[8:] == last


def test_a_walk_that_is_started_again_begins_again(rig: Rig, tmp_path: Path) -> None:
    for name, shade in (("dark", 40), ("light", 200)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((64, 96, 3), shade, np.uint8))
    walk = f"walk:{tmp_path}/dark.png,{tmp_path}/light.png"
    log = tmp_path / "set.take"
    log.write_text("# vj take 1\n0.0 source/start=0\n0.3 source/start=1\n0.65 \n")
    take = Take(log, check_show(rig.tree(), "here").table())
    start = {"walk/leg": 1, "walk/ease": "linear"}
    seen = rig.render(start, seconds=0.6, source=walk, replay=take)
    shades = [round(float(picture.mean())) for picture in seen]
    assert shades[3:] == shades[:3] == sorted(set(shades[:3]))


# Where it ends.


def test_without_a_length_it_ends_with_the_clip_that_it_begins_with(rig: Rig) -> None:
    assert rig.numbers(None, seconds=None) == [KISS + n for n in range(20)]
    assert rig.numbers({"source": "crash"}, seconds=None) == [CRASH + n for n in range(8)]


def test_without_a_length_what_is_played_otherwise_ends_too(rig: Rig) -> None:
    assert len(rig.numbers({"source": "crash", "source/speed": 0.5}, seconds=None)) == 16
    assert len(rig.numbers({"source": "crash", "source/speed": -1}, seconds=None)) == 8
    assert len(rig.numbers({"source": "crash", "source/speed": 0}, seconds=None)) == 8
    assert len(rig.numbers({"source": "crash", "source/loop": "ping-pong"}, seconds=None)) == 16
    other = {3: {"source": "crash"}}
    crash = [CRASH + n % 8 for n in range(17)]
    assert rig.numbers(None, other, seconds=None) == [KISS, KISS + 1, KISS + 2, *crash]


def test_without_a_length_next_ends_after_the_last_of_the_list(rig: Rig) -> None:
    seen = rig.numbers({"source/loop": "next"}, seconds=None)
    wanted = [(KISS, 20), (DRIVE, 30), (CRASH, 8)]
    assert seen == [first + n for first, count in wanted for n in range(count)]


def test_a_show_that_does_not_loop_ends_with_its_clip_however_long_it_may_be(rig: Rig) -> None:
    crash = [CRASH + n for n in range(8)]
    assert rig.numbers({"source": "crash"}, seconds=2.0, loop=False) == crash
    changes = {4: {"source/loop": "loop"}}
    assert rig.numbers({"source": "crash"}, changes, seconds=1.2, loop=False) == [
        *crash,
        *crash[:4],
    ]
    changes = {4: {"source": "kiss"}}
    wanted = [*crash[:4], *(KISS + n for n in range(20))]
    for seconds in (2.6, None):
        assert rig.numbers({"source": "crash"}, changes, seconds=seconds, loop=False) == wanted


def test_more_pictures_a_second_than_the_clip_has_repeat_its_frames(rig: Rig) -> None:
    seen = rig.numbers(None, seconds=0.5, fps=20)
    assert seen == [KISS + n // 2 for n in range(10)]


# What cannot be played.


def test_a_live_source_is_told_once_and_what_plays_goes_on(rig: Rig) -> None:
    tree = rig.tree()
    sources = {**tree["sources"], "cam": "camera:0"}
    changes = {1: {"source": "cam"}, 2: {"source": "kiss"}, 3: {"source": "cam"}}
    seen = rig.numbers(None, changes, seconds=0.6, sources=sources)
    assert seen == [KISS + n for n in (0, 1, 0, 1, 2, 3)]
    told = [line for line in rig.said if "camera:0" in line]
    assert told == ["source cam: camera:0 is live, offline it is not; what plays goes on"]


def test_a_clip_that_a_cue_asks_for_is_missed_before_the_first_frame(rig: Rig) -> None:
    sources = {**rig.tree()["sources"], "lost": "lost.mkv"}
    with pytest.raises(Fault, match=r"lost\.mkv"):
        rig.render(None, {5: {"source": "lost"}}, sources=sources)
    assert not (rig.folder / "out").exists()
    assert len(rig.render(None, seconds=0.2, sources=sources)) == 2, "nobody asks for it"


@pytest.mark.parametrize("row", ["source", "deck/b", "model"])
def test_what_a_take_asks_for_and_is_not_here_is_told_with_its_moment(
    rig: Rig, tmp_path: Path, row: str
) -> None:
    sources = {**rig.tree()["sources"], "lost": "lost.mkv"}
    models = {"lost": "/nowhere/lost"}
    log = tmp_path / "set.take"
    log.write_text(f'# vj take 1\n0.0 {row}=""\n11.25 {row}="lost"\n11.4 {row}=""\n')
    take = Take(log, check_show(rig.tree(sources=sources, models=models), "here").table())
    with pytest.raises(Fault, match=r"lost.* \(set\.take asks for it at 11\.25 s\)$"):
        rig.render(seconds=12.0, sources=sources, models=models, replay=take)
    assert not (rig.folder / "out").exists()


def test_drawn_scenes_are_chosen_as_clips_are(rig: Rig) -> None:
    sources = {"toys": "drawn:crash", "kiss": "drawn:kisses"}
    changes: dict[int, dict[str, Any]] = {2: {"source": "kiss"}, 4: {"deck/mix": 1}}
    start = {"deck/b": "kiss"}
    seen = rig.render(start, changes, seconds=0.6, sources=sources, source="drawn:crash")
    alone = rig.render(seconds=0.6, sources=sources, source="drawn:kisses")
    assert np.array_equal(seen[2], alone[0])
    assert np.array_equal(seen[3], alone[1])
    assert np.array_equal(seen[5], alone[5])
