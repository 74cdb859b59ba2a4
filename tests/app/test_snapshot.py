"""A picture with its settings inside, written while a show plays and in a rendering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.shows import PlayedShow
from tests.waiting import until
from vj.app.offline import Rendering
from vj.app.snapshot import Snapshots
from vj.control.keyboard import play_key
from vj.control.takes import Take
from vj.core.frame import Frame
from vj.core.png_text import text_chunk, text_in, with_chunks
from vj.parameters.store import Store
from vj.show.load import load_show
from vj.show.picture_settings import (
    PictureSettings,
    read_picture,
)

SHOW = """\
# the room
show: Kiss & go
size: 64x64
output: 96x96
upscale: lanczos
source: testcard
sources: {card: testcard, kiss: "drawn:kiss"}
model: none
models: {painted: drawn}
fps: 10
page: off
osc: 127.0.0.1:0
midi: off
start: {mix/wet: 0.5}
macros: {pedal: {drives: {picture/hue: [0, 90]}}}
cues:
  - {name: hot, set: {picture/saturation: 1.5}}
  - {name: shot, set: {snapshot: true}}
timeline:
  - {at: 0:00.2, cue: hot}
  - {at: 0:00.5, cue: shot}
sinks: ["record:out/"]
"""


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "kiss.yaml"
    path.write_text(SHOW, encoding="utf-8")
    return path


def picture(number: int = 0) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)


def test_a_text_in_a_png_leaves_its_pixels_alone(tmp_path: Path) -> None:
    png = cv2.imencode(".png", picture())[1].tobytes()
    text = "Ünïcode — " + "x" * 5000
    with_text = with_chunks(png, text_chunk("a:b", text) + text_chunk("a", "other"))
    assert text_in(with_text, "a:b") == text
    assert text_in(with_text, "a") == "other"
    assert text_in(png, "a:b") is None
    read = cv2.imdecode(np.frombuffer(with_text, np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    assert np.array_equal(read, picture())
    for broken in (b"GIF89a", with_text[:3000], b""):
        with pytest.raises(ValueError, match=r"is no PNG|ends in the middle"):
            text_in(broken, "a:b")


def rendered(path: Path, seconds: float = 1.0) -> list[str]:
    messages: list[str] = []
    Rendering(load_show(path), messages.append, seconds=seconds, file=path).run()
    return messages


def test_a_cue_writes_the_picture_of_its_frame_and_what_it_was_made_of(show: Path) -> None:
    messages = rendered(show)
    (path,) = Path("takes").iterdir()
    assert path.name == "kiss-go-000005.png"
    assert f"snapshot {path}; python3 launch.py --from {path} plays it" in messages
    written = path.read_bytes()
    frame = cv2.imread("out/000005.png")
    read = cv2.imread(str(path))
    assert frame is not None
    assert read is not None
    assert read.shape == (96, 96, 3), "at the output's size"
    assert np.array_equal(read, frame), "of that frame"
    settings = read_picture(path)
    assert (settings.show, settings.file, settings.text) == ("Kiss & go", "kiss.yaml", SHOW)
    assert (settings.model, settings.source, settings.position) == ("none", "testcard", 0.5)
    values = settings.values
    assert (values["mix/wet"], values["picture/saturation"], values["seed/a"]) == (0.5, 1.5, 2)
    assert "snapshot" not in values
    assert str(show.parent) not in written.decode("latin-1"), "no path of this machine"
    rendered(show)
    assert (path.with_stem(f"{path.stem}-2")).read_bytes() == written, "the same bytes"


def test_jumping_over_a_cue_that_fired_takes_no_picture_again(show: Path) -> None:
    text = SHOW.replace("start: {", "start: {timeline/position: 0.7, ")
    show.write_text(text, encoding="utf-8")
    rendered(show, 0.3)
    assert not Path("takes").exists()


@pytest.fixture
def play(show: Path) -> Any:
    """Without its timeline, whose cue would take a picture by itself."""
    shows: list[PlayedShow] = []
    lines = [line for line in SHOW.splitlines() if "timeline" not in line and "at: " not in line]
    show.write_text("\n".join(lines), encoding="utf-8")

    def begin(**options: Any) -> PlayedShow:
        shows.append(PlayedShow(show, **options))
        return shows[-1]

    yield begin
    for one in shows:
        one.close()


def test_live_it_is_written_beside_the_picture(play: Callable[..., PlayedShow]) -> None:
    played = play()
    store = played.performance.store
    store.set("picture/contrast", 1.25)
    played.frames(10)  # it glides there
    play_key("p", store, {}, print)
    played.until(lambda: list(Path("takes").glob("*.png")))
    (path,) = Path("takes").glob("*.png")
    read = cv2.imread(str(path))
    assert read is not None
    assert read.shape == (96, 96, 3)
    settings = read_picture(path)
    assert settings.values["picture/contrast"] == 1.25
    assert (settings.model, settings.size, settings.output) == ("none", "64x64", "96x96")
    until(lambda: any(f"snapshot {path}" in line for line in played.messages))


def test_one_is_taken_by_hand_while_a_take_plays(
    play: Callable[..., PlayedShow], show: Path
) -> None:
    loaded = load_show(show)
    Rendering(loaded, print, seconds=3.0, take_log=Path("set.take")).run()
    played = play(replay=Take(Path("set.take"), loaded.table()))
    played.frames(3)
    played.performance.store.set("snapshot", True)
    played.until(lambda: list(Path("takes").glob("*.png")))
    played.frames(5)
    assert len(list(Path("takes").glob("*.png"))) == 1


def test_a_disk_that_takes_nothing_is_told(play: Callable[..., PlayedShow]) -> None:
    Path("takes").write_text("no folder")
    played = play()
    played.performance.store.set("snapshot", True)
    told = "snapshot: cannot be written in takes"
    played.until(lambda: any(told in line for line in played.messages))
    played.frames(5)
    assert played.performance.metrics.faults == 0, "the picture went on"
    assert Path("takes").read_text() == "no folder"


class Taken:
    """Snapshots without a show: what is written, in order."""

    def __init__(self, replayed: bool = False) -> None:
        self.store = Store({})
        self.names: list[str] = []
        self.snapshots = Snapshots(
            lambda snapshot: PictureSettings("0", "x", time=snapshot.time),
            lambda task: task(),
            self.names.append,
            file=lambda: None,
            mark=lambda: None,
            replayed=replayed,
            name=lambda settings: f"at {settings.time:g}",
        )
        self.store.observers.append(self.snapshots.observe)

    def frame(self, number: int, shown: int | None = None) -> None:
        """A frame is sampled, and one is shown, or none."""
        self.store.sample(number / 10)
        if shown is not None:
            self.snapshots.published(shown, shown / 10)
            self.snapshots.sent(Frame(picture(shown), shown, shown / 10))


def test_a_picture_that_comes_later_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With several steps, the picture of a frame comes some frames after it."""
    monkeypatch.chdir(tmp_path)
    taken = Taken()
    wanted = []
    for number in range(8):
        if number == 3:
            taken.store.set("snapshot", True)
        taken.frame(number, number - 2 if number >= 2 else None)
        wanted.append(taken.snapshots.wanted)
    assert wanted == [3 <= number < 5 for number in range(8)], "from the press until it was sent"
    assert [name.split(";")[0] for name in taken.names] == [
        f"snapshot {Path('takes') / 'at 0.3.png'}"
    ]
    read = cv2.imread("takes/at 0.3.png")
    assert read is not None
    assert np.array_equal(read[..., ::-1], picture(3))


def test_a_take_whose_count_begins_anywhere_takes_no_picture_at_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for replayed, count in ((True, 0), (False, 1)):
        taken = Taken(replayed)
        taken.store.set("snapshot", True)
        taken.frame(0, 0)
        assert len(taken.names) == count
        taken.store.set("snapshot", True)
        taken.frame(1, 1)
        assert len(taken.names) == count + 1
