"""image/from in a rendering: pictures are taken at the numbers of the frames, the same ones each
time, and those of a take that is replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.sources.numbered import SIZE, number_of, numbered_clip
from vj.app.offline import Rendering
from vj.control.takes import FIRST_LINE, Take
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.parameters.store import Snapshot
from vj.pipeline.live_picture import LivePictures, TakenPicture
from vj.show.load import check_show
from vj.show.schema import Show
from vj.sources.image import read_picture

RATE = 10
STAGE, GUEST = 1000, 2000
"""The numbers of the first frames of the clips."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for name, first in (("stage", STAGE), ("guest", GUEST)):
        numbered_clip(folder / f"{name}.mkv", 40, rate=RATE, first=first)
    return folder


class Rig:
    """Renders a show of two clips, and notes which frame was taken in each frame; 0 for none."""

    def __init__(self, folder: Path, clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.clips = folder, clips
        self.messages: list[str] = []
        self.taken: list[int] = []
        original = LivePictures.of

        def noted(pictures: LivePictures, snapshot: Snapshot, *more: Any) -> TakenPicture | None:
            found = original(pictures, snapshot, *more)
            number = 0 if found is None else number_of(Frame(found.pixels, 0, 0.0))
            self.taken.append(number)
            return found

        monkeypatch.setattr(LivePictures, "of", noted)

    def render(
        self,
        start: dict[str, Any],
        changes: dict[int, dict[str, Any]] | None = None,
        replay: Take | None = None,
        **more: Any,
    ) -> list[int]:
        """See `show`."""
        self.taken.clear()
        show = self.show(start, changes, **more)
        Rendering(show, self.messages.append, 1.2, replay=replay).run()
        return list(self.taken)

    def show(
        self,
        start: dict[str, Any],
        changes: dict[int, dict[str, Any]] | None = None,
        **more: Any,
    ) -> Show:
        """changes: by the number of the frame, what a cue sets there."""
        cues = [{"name": f"at {n}", "set": values} for n, values in (changes or {}).items()]
        tree = {
            "source": str(self.clips / "stage.mkv"),
            "sources": {"guest": str(self.clips / "guest.mkv"), "cam": "camera:0"},
            "model": "none",
            "size": str(SIZE),
            "fps": RATE,
            "start": {"prompt/travel": 0, "feedback/amount": 0, **start},
            "sinks": [f"record:{self.folder}/out/"],
            "cues": cues,
            "timeline": [{"at": n / RATE, "cue": f"at {n}"} for n in changes or {}],
            **more,
        }
        return check_show(tree, "here")


@pytest.fixture
def rig(tmp_path: Path, clips: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(tmp_path, clips, monkeypatch)


def test_a_clip_of_the_guest_moves_on_with_the_frames(rig: Rig) -> None:
    start = {"image/from": "guest", "image/every": 4}
    wanted = [GUEST + 4 * (n // 4) for n in range(12)]
    assert rig.render(start) == wanted
    assert rig.render(start) == wanted


def test_it_begins_when_it_is_named_and_what_is_on_a_deck_is_its_picture(rig: Rig) -> None:
    changes: dict[int, dict[str, Any]] = {
        3: {"image/from": "guest"},
        6: {"source": "guest", "crossfade": 0},
    }
    taken = rig.render({"image/every": 1, "crossfade": 0}, changes)
    assert taken[:6] == [0, 0, 0, GUEST, GUEST + 1, GUEST + 2]
    assert taken[6:9] == [GUEST, GUEST + 1, GUEST + 2]


def test_grabs_of_a_take_are_taken_in_their_frames(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "set.take"
    lines = [
        FIRST_LINE,
        '0 image/from="guest" image/grab=0',
        "0.5 image/grab=1",
        "0.8 image/grab=2",
        "1.1 mix/wet=1.0",
    ]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    taken = rig.render({}, replay=Take(path, rig.show({}).table()))
    assert taken[:12] == [0] * 5 + [GUEST + 5] * 3 + [GUEST + 8] * 4


def test_a_camera_is_told_and_no_picture_is_taken(rig: Rig) -> None:
    assert rig.render({"image/from": "cam", "image/every": 1}) == [0] * 12
    said = [line for line in rig.messages if line.startswith("image/from cam:")]
    assert len(said) == 1
    assert "live" in said[0]


def test_a_source_that_is_not_there_ends_the_rendering(rig: Rig) -> None:
    with pytest.raises(Fault, match=r"image/from gone: .*gone\.mkv"):
        rig.render(
            {"image/from": "gone", "image/every": 1}, sources={"gone": str(rig.folder / "gone.mkv")}
        )


def test_the_built_in_model_paints_in_the_guest_s_colours(tmp_path: Path) -> None:
    """The same bytes twice, too."""
    for name, colour in (("rose", (120, 40, 230)), ("sea", (200, 90, 10))):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((40, 60, 3), colour, np.uint8))
    tree = {
        "source": "drawn:portrait",
        "sources": {name: str(tmp_path / f"{name}.png") for name in ("rose", "sea")},
        "model": "drawn",
        "size": "64x64",
        "fps": RATE,
        "start": {
            "image/from": "rose",
            "image/every": 1,
            "strength": 1,
            "prompt/a": "oil painting",
            "prompt/travel": 0.2,
        },
        "cues": [{"name": "sea", "set": {"image/from": "sea"}}],
        "timeline": [{"at": 0.5, "cue": "sea"}],
    }
    films = []
    for take in ("one", "two"):
        show = check_show({**tree, "sinks": [f"record:{tmp_path}/{take}/"]}, "here")
        Rendering(show, print, 1.2).run()
        files = sorted((tmp_path / take).glob("**/*.png"))
        films.append([read_picture(file, "film")[..., :3] for file in files])
    for one, two in zip(*films, strict=True):
        assert np.array_equal(one, two)
    red, _, blue = films[0][4].reshape(-1, 3).mean(0)
    assert red > blue + 20
    red, _, blue = films[0][-1].reshape(-1, 3).mean(0)
    assert blue > red + 20
