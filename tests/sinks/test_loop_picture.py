"""Pictures that loop: what other programs read of them is what was sent, at its time, and the end
leads into the beginning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.sinks.test_recorder import SteppedClock, check_colours, frames_of, generated
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sinks import SinkSettings, make_sink
from vj.sinks.mark import Mark
from vj.sinks.recorder import Recorder

SIZE = 96, 64
MARK = Mark("0.1.0", "pocket", "Kiss & tell", "trainedAlgorithmicMedia")


def brightening(number: int, count: int = 60) -> np.ndarray:
    """A grey that grows, with a dark bar that walks: alike pictures would become one."""
    picture = np.full((32, 32, 3), 40 + 160 * number // count, np.uint8)
    picture[:, number % 8 * 4 : number % 8 * 4 + 4] = 0
    return picture


def looped(
    path: Path | str,
    pictures: list[np.ndarray],
    fps: float = 30,
    moments: list[float] | None = None,
    messages: list[str] | None = None,
) -> Recorder:
    """Recorded by a rule: offline, or live at `moments` (seconds)."""
    clock = SteppedClock()
    log = (messages if messages is not None else []).append
    live = moments is not None
    settings = SinkSettings(clock if live else FrameClock(fps), live, log, mark=lambda: MARK)
    sink = make_sink(f"record:{path}", settings)
    assert isinstance(sink, Recorder)
    height, width = pictures[0].shape[:2]
    sink.open(width, height, fps)
    for number, picture in enumerate(pictures):
        clock.moment = 100.0 + (moments[number] if moments else 0)
        sink.send(Frame(picture, number, 0.0))
    sink.close()
    return sink


def read(path: Path) -> tuple[list[np.ndarray], list[int]]:
    """Each picture as RGBA, and for how many milliseconds it is shown."""
    with Image.open(path) as image:
        assert image.info["loop"] == 0, "it loops for ever"
        pictures, shown = [], []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            pictures.append(np.asarray(image.convert("RGBA")))
            shown.append(image.info["duration"])
    return pictures, shown


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_a_loop_reads_back_as_it_was_sent(ending: str, tmp_path: Path) -> None:
    sent = [generated(*SIZE, number) for number in range(30)]
    sink = looped(tmp_path / f"new/loop.{ending}", sent)
    pictures, shown = read(sink.path)
    assert len(pictures) == 30
    assert sum(shown) == pytest.approx(1000, abs=1), "a second plays for a second"
    check_colours(pictures[12][..., :3])
    at = int(pictures[12][3, :, :3].sum(axis=1).argmax())
    assert abs(at - 48) < 8, "the walking square is where it was"
    assert sink.state().startswith("finished: 1.0 s")
    again = looped(tmp_path / f"again.{ending}", sent)
    assert again.path.read_bytes() == sink.path.read_bytes(), "the same bytes"


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_what_was_lost_live_costs_no_time(ending: str, tmp_path: Path) -> None:
    moments = [number / 30 for number in range(30) if number not in (7, 8, 9, 20)]
    sent = [generated(*SIZE, round(moment * 30)) for moment in moments]
    pictures, shown = read(looped(tmp_path / f"loop.{ending}", sent, moments=moments).path)
    # libwebp shows the last picture as long as the others on the average
    assert (len(pictures), sum(shown)) == (26, pytest.approx(1000, abs=6))
    assert shown[6] == pytest.approx(4000 / 30, abs=10), "what came before stays meanwhile"


def test_a_gif_has_no_more_pictures_than_browsers_play(tmp_path: Path) -> None:
    sent = [generated(*SIZE, number) for number in range(120)]
    pictures, shown = read(looped(tmp_path / "loop.gif", sent, fps=120).path)
    assert len(pictures) == 30
    assert min(shown) >= 30
    assert sum(shown) == pytest.approx(1000, abs=20)


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_the_end_fades_into_the_beginning(ending: str, tmp_path: Path) -> None:
    sent = [brightening(number) for number in range(60)]
    sink = looped(tmp_path / f"loop.{ending}?loop_fade=0.5", sent)
    pictures, shown = read(sink.path)
    assert (len(pictures), sum(shown)) == (45, pytest.approx(1500, abs=1))
    levels = [float(picture[..., :3].mean()) for picture in pictures]
    assert levels[0] == pytest.approx(sent[15].mean(), abs=3), "the first ones are kept back"
    assert levels[-1] == pytest.approx(sent[14].mean(), abs=4), "and the last leads into them"
    steps = np.abs(np.diff([*levels, levels[0]]))
    assert steps.max() < 10, "no jump anywhere, around the seam neither"
    hard = read(looped(tmp_path / f"hard.{ending}", sent).path)[0]
    assert abs(float(hard[-1].mean()) - float(hard[0].mean())) > 80


def test_a_long_fade_ends_in_time_live(tmp_path: Path) -> None:
    sent = [brightening(number, 180) for number in range(180)]
    moments = [number / 30 for number in range(180)]
    sink = looped(tmp_path / "loop.gif?loop_fade=2", sent, moments=moments)
    pictures, shown = read(sink.path)
    assert 60 + 15 <= len(pictures) <= 60 + 20, "of the 60 of the fade every third is written"
    assert sum(shown) == pytest.approx(4000, abs=20)
    assert pictures[-1][..., :3].mean() == pytest.approx(sent[59].mean(), abs=4)


def test_too_short_a_loop_has_no_fade_and_says_so(tmp_path: Path) -> None:
    messages: list[str] = []
    sent = [brightening(number, 20) for number in range(20)]
    sink = looped(tmp_path / "loop.gif?loop_fade=1-s", sent, messages=messages)
    assert len(read(sink.path)[0]) == 20
    assert messages == [
        f"record:{tmp_path}/loop.gif: 0.7 s are too short for a fade of 1 s: the loop has none"
    ]


def test_a_webp_keeps_the_mask_as_alpha(tmp_path: Path) -> None:
    alpha = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (32, 1))
    sent = [np.dstack([brightening(n)[:, :1].repeat(64, 1), alpha]) for n in range(3)]
    back = read(looped(tmp_path / "loop.webp?alpha=mask", sent).path)[0]
    assert np.array_equal(back[1][..., 3], alpha)


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_a_loop_says_that_it_was_painted(ending: str, tmp_path: Path) -> None:
    path = looped(tmp_path / f"loop.{ending}", [generated(*SIZE, n) for n in range(3)]).path
    with Image.open(path) as image:
        if ending == "gif":
            assert image.info["comment"].decode() == MARK.comment
        else:
            assert MARK.source_uri.encode() in image.info["xmp"]
    assert b"trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>" in path.read_bytes()


def test_a_gif_that_was_not_finished_plays_up_to_its_last_picture(tmp_path: Path) -> None:
    recorder = Recorder(f"{tmp_path}/loop.gif", SinkSettings(FrameClock(30), live=False))
    recorder.open(*SIZE, 30)
    for number in range(10):
        recorder.send(Frame(generated(*SIZE, number), number, 0.0))
    killed = (tmp_path / "loop.gif").read_bytes()
    recorder.close()
    (tmp_path / "killed.gif").write_bytes(killed)
    assert len(frames_of(tmp_path / "killed.gif")) == 9, "all but the one that waits to be timed"


def test_only_loops_have_a_loop_fade() -> None:
    with pytest.raises(Fault, match=r"loop_fade: is for pictures that loop: record:loop\.gif"):
        make_sink("record:out.mp4?loop_fade=1", SinkSettings(FrameClock(30)))
    with pytest.raises(Fault, match="0 to 5 s would be right"):
        make_sink("record:out.gif?loop_fade=9", SinkSettings(FrameClock(30)))
