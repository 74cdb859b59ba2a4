"""Clips whose frames come at varying times, rendered: each frame once, at its own time."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import pytest
from PIL import Image

from tests.sources.numbered import SIZE, number_of, numbered, numbered_clip
from vj.app.offline import Rendering
from vj.app.offline_models import OfflineModels
from vj.control.takes import Take
from vj.core.frame import Frame
from vj.parameters.table import Table
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.show.load import check_show

CALM = {"feedback/amount": 0, "blend/smoothing": 0, "crossfade": 0, "mix/wet": 0}
PHONE = (0, 31, 68, 74, 133, 166, 205, 1205, 1233, 1240)
"""Milliseconds at which a phone's frames begin: jitter, and a second that is missing."""
B_FRAMES = {"bf": "2", "g": "6", "sc_threshold": "0"}


def render(
    clip: Path | str, out: Path, seconds: float | None = None, fps: float | None = None, **more: Any
) -> list[str]:
    """Render a show of a clip without a model; what was said."""
    keep = {key: more.pop(key) for key in ("replay", "take_log") if key in more}
    start = {**CALM, **more.pop("start", {})}
    tree = {"size": str(SIZE), "model": "none", "source": str(clip), "start": start}
    said: list[str] = []
    show = check_show({**tree, "sinks": [f"record:{out}"], **more}, "here")
    Rendering(show, said.append, seconds, fps, **keep).run()
    return said


def seen(path: Path) -> tuple[list[int], list[float], float]:
    """The numbers of a movie's frames, when each begins and when the last one ends, in seconds."""
    with av.open(str(path)) as movie:
        frames = list(movie.decode(video=0))
        last = frames[-1]
        assert last.time is not None
        assert last.time_base is not None
        end = last.time + float(last.duration * last.time_base)
        numbers = [number_of(Frame(one.to_ndarray(format="rgb24"), 0, 0.0)) for one in frames]
        return numbers, [one.time or 0.0 for one in frames], end


def write(
    path: Path,
    begins: Sequence[int],
    lasts: Mapping[int, int],
    options: Mapping[str, str] | None = None,
) -> Path:
    """A clip of numbered frames. begins: milliseconds. lasts: of those that do not last up to the
    next one, or are the last."""
    ticks = Fraction(1, 1000)
    durations = {one: other - one for one, other in pairwise(begins)} | dict(lasts)
    with av.open(str(path), "w") as file:
        track: Any = file.add_stream("libx264", rate=10, options=dict(options or {}))
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        track.codec_context.time_base = ticks
        packets = []
        for number, begin in enumerate(begins):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = begin, ticks
            packets += track.encode(frame)
        for packet in (*packets, *track.encode()):
            packet.duration = durations[packet.pts]
            file.mux(packet)
    return path


def table(clip: Path) -> Table:
    return check_show({"model": "none", "source": str(clip)}, "here").table()


def seconds(milliseconds: Sequence[int]) -> list[float]:
    return [moment / 1000 for moment in milliseconds]


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    return numbered_clip(
        tmp_path / "phone.mkv", len(PHONE), milliseconds=PHONE, options={**B_FRAMES}
    )


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_each_frame_is_painted_once_at_its_time(phone: Path, ending: str, tmp_path: Path) -> None:
    out = tmp_path / f"out.{ending}"
    said = render(phone, out)
    numbers, times, _ = seen(out)
    assert numbers == list(range(len(PHONE)))
    assert times == pytest.approx(seconds(PHONE), abs=0.0005)
    assert sum("come at varying times" in line for line in said) == 1


def test_a_constant_rate_can_be_asked_for(phone: Path, tmp_path: Path) -> None:
    render(phone, tmp_path / "out.mp4", fps=20)
    numbers, times, _ = seen(tmp_path / "out.mp4")
    assert times == pytest.approx([n / 20 for n in range(len(times))])
    assert numbers[:6] == [0, 1, 3, 4, 5, 6]
    assert numbers.count(6) == 20


def test_a_folder_has_its_frames_at_the_rate_of_the_show(phone: Path, tmp_path: Path) -> None:
    render(phone, tmp_path / "frames")
    pictures = [cv2.imread(str(path), 1) for path in sorted((tmp_path / "frames").iterdir())]
    numbers = [number_of(Frame(picture, 0, 0.0)) for picture in pictures if picture is not None]
    assert numbers == [bisect_right(PHONE, n * 1000 / 30) - 1 for n in range(len(numbers))]
    assert len(numbers) == 39


def test_a_picture_that_stands_at_the_end_does_so_in_the_movie(tmp_path: Path) -> None:
    """x264 stores the last pictures out of their order, and only the edit list knows the end."""
    lasts = {1100: 1900}
    clip = tmp_path / "slides.mp4"
    write(clip, [100 * n for n in range(12)], lasts, {"bf": "3"})
    render(clip, tmp_path / "out.mp4")
    numbers, times, end = seen(tmp_path / "out.mp4")
    assert numbers == list(range(12))
    assert times == pytest.approx([n / 10 for n in range(12)], abs=1e-4)
    assert end == pytest.approx(3.0, abs=1e-3)


@pytest.mark.parametrize("out", ["out.mp4", "out.gif"])
def test_a_gif_keeps_its_durations(out: str, tmp_path: Path) -> None:
    begins = (0, 70, 100, 1300)
    first, *more = (Image.fromarray(numbered(number)) for number in range(4))
    durations = [70, 30, 1200, 2000]
    first.save(tmp_path / "loop.gif", save_all=True, append_images=more, duration=durations, loop=0)
    render(tmp_path / "loop.gif", tmp_path / out)
    numbers, times, end = seen(tmp_path / out)
    assert numbers == [0, 1, 2, 3]
    assert times == pytest.approx(seconds(begins), abs=1e-4)
    assert end == pytest.approx(3.3, abs=1e-4)


UNEVEN = (0, 100, 150, 400, 1000, 1100)
"""Of a clip of 1.4 seconds."""


@pytest.fixture
def uneven(tmp_path: Path) -> Path:
    return write(tmp_path / "uneven.mkv", UNEVEN, {1100: 300})


@pytest.mark.parametrize(
    ("more", "numbers", "times", "end"),
    [
        (
            {"seconds": 1.52},
            [*range(6), 0, 1],
            [0, 100, 150, 400, 1000, 1100, 1400, 1500],
            1.52,
        ),
        (
            {"start": {"source/speed": -1.0}},
            [5, 4, 3, 2, 1, 0],
            [0, 300, 400, 1000, 1250, 1300],
            1.4,
        ),
        ({"start": {"source/speed": 2.0}}, list(range(6)), [0, 50, 75, 200, 500, 550], 0.7),
        (
            {"slow": 2},
            [0, None, 1, None, 2, None, 3, None, 4, None, 5],
            [0, 100, 200, 250, 300, 550, 800, 1400, 2000, 2100, 2200],
            2.5,
        ),
    ],
)
def test_it_loops_and_runs_at_another_speed_at_its_own_times(
    more: dict[str, Any],
    numbers: list[int | None],
    times: list[int],
    end: float,
    uneven: Path,
    tmp_path: Path,
) -> None:
    render(uneven, tmp_path / "out.mp4", **more)
    found, begins, ends = seen(tmp_path / "out.mp4")
    assert [n for n, wanted in zip(found, numbers, strict=True) if wanted is not None] == [
        n for n in numbers if n is not None
    ]
    assert begins == pytest.approx(seconds(times), abs=1e-4)
    assert ends == pytest.approx(end, abs=1e-3)


def test_a_curve_is_read_at_the_time_of_each_frame(uneven: Path, tmp_path: Path) -> None:
    curve = {"to": "strength", "points": [["0:00", 0], ["0:02", 1]]}
    take = tmp_path / "set.take"
    render(uneven, tmp_path / "out.mp4", curves=[curve], take_log=take)
    lines = [line.split() for line in take.read_text().splitlines() if line[0].isdigit()]
    found = {float(line[0]): line[1] for line in lines[1:] if len(line) > 1}
    assert found == {t: f"strength={round(t / 2, 6):g}" for t in seconds(UNEVEN[1:])}


def test_a_take_of_it_is_rendered_again_alike(uneven: Path, tmp_path: Path) -> None:
    curve = {"to": "input/rotate", "points": [["0:00", 0], ["0:02", 90]]}
    one, other = tmp_path / "one.mp4", tmp_path / "other.mp4"
    render(uneven, one, curves=[curve], take_log=tmp_path / "set.take")
    render(uneven, other, replay=Take(tmp_path / "set.take", table(uneven)))
    assert other.read_bytes() == one.read_bytes()


def test_a_take_of_a_live_show_is_replayed_in_time(uneven: Path, tmp_path: Path) -> None:
    """Its frames came thirty times a second."""
    lines = ["# vj take 1", *(f"{n / 30:.6f} input/rotate={n / 2}" for n in range(43))]
    (tmp_path / "live.take").write_text("\n".join(lines) + "\n")
    again = tmp_path / "again.take"
    take = Take(tmp_path / "live.take", table(uneven))
    render(uneven, tmp_path / "out.mp4", replay=take, take_log=again)
    assert seen(tmp_path / "out.mp4")[1] == pytest.approx(seconds((*UNEVEN, 1400)), abs=1e-4)
    assert Take(again, table(uneven)).at("input/rotate", 1.0) == pytest.approx(15.0)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (
            {"curves": [{"to": "source/speed", "points": [["0:00", 1], ["0:01", 2]]}]},
            "source/speed changes",
        ),
        ({"modulators": [{"lfo": "sine", "to": "source/in", "depth": 0.1}]}, "source/in changes"),
        ({"macros": {"go": {"drives": {"source/out": [0, 1]}}}}, "source/out changes"),
        (
            {
                "cues": [{"name": "back", "set": {"source/position": 0.1}}],
                "timeline": [{"at": 0.5, "cue": "back"}],
            },
            "source/position changes",
        ),
        ({"start": {"deck/b": "other"}}, "a second deck plays"),
    ],
)
def test_what_happens_between_two_frames_makes_the_rate_constant_and_is_said(
    more: dict[str, Any], why: str, uneven: Path, tmp_path: Path
) -> None:
    sources = {"other": str(uneven)}
    said = render(uneven, tmp_path / "out.mp4", sources=sources, **more)
    assert [line for line in said if "varying" in line] == [
        f"{uneven}: its frames come at varying times; they are rendered at a constant rate, "
        f"30 a second, since {why}"
    ]
    times = seen(tmp_path / "out.mp4")[1]
    assert times == pytest.approx([n / 30 for n in range(len(times))])


class Delayed(PassThrough):
    """Gives the picture of a frame two frames after it came in, as a batch of three steps does."""

    def __init__(self) -> None:
        super().__init__(SIZE, "delayed")
        self._held: deque[GeneratedImage] = deque()

    def paint(self, entered: Any, snapshot: Any, context: Any) -> GeneratedImage | None:
        given = super().paint(entered, snapshot, context)
        assert given is not None
        self._held.append(given)
        return self.drain() if len(self._held) > 2 else None

    def drain(self) -> GeneratedImage | None:
        return self._held.popleft() if self._held else None


def test_a_model_of_several_steps_does_not_shift_them(
    uneven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OfflineModels, "open", lambda self, snapshot: Delayed())
    render(uneven, tmp_path / "out.mp4")
    numbers, times, end = seen(tmp_path / "out.mp4")
    assert numbers == list(range(6))
    assert times == pytest.approx(seconds(UNEVEN), abs=1e-4)
    assert end == pytest.approx(1.4, abs=1e-3)


def test_pictures_of_a_millisecond_are_painted_too(tmp_path: Path) -> None:
    begins = [0, 1000, 1001, 1002, 1003, 2000]
    clip = write(tmp_path / "burst.mkv", begins, {2000: 500})
    render(clip, tmp_path / "out.mp4")
    numbers, times, _ = seen(tmp_path / "out.mp4")
    assert numbers == list(range(6))
    assert times == pytest.approx(seconds(begins), abs=1e-4)


def test_a_fade_between_two_clips_is_not_as_coarse_as_they_are(tmp_path: Path) -> None:
    slides = write(tmp_path / "slides.mkv", [0, 600], {600: 500})
    more = write(tmp_path / "more.mkv", [0, 600], {600: 500})
    sources = {"one": str(slides), "two": str(more)}
    start = {"source/loop": "next", "crossfade": 0.5}
    render(slides, tmp_path / "out.mp4", 2.2, sources=sources, start=start)
    times = seen(tmp_path / "out.mp4")[1]
    assert times[:3] == pytest.approx([0, 0.6, 1.1], abs=1e-4)
    assert sum(1.1 <= moment <= 1.6 for moment in times) in (15, 16, 17)
    assert sum(moment > 1.65 for moment in times) == 1


def test_clips_of_two_rates_keep_theirs(tmp_path: Path, uneven: Path) -> None:
    fast = numbered_clip(tmp_path / "fast.mp4", 5, rate=25)
    slow = numbered_clip(tmp_path / "slow.mp4", 3, rate=10)
    render(f"clips:{fast},{slow}", tmp_path / "out.mp4")
    numbers, times, end = seen(tmp_path / "out.mp4")
    assert numbers == [0, 1, 2, 3, 4, 0, 1, 2]
    assert times == pytest.approx(seconds((0, 40, 80, 120, 160, 200, 300, 400)), abs=1e-4)
    assert end == pytest.approx(0.5, abs=1e-3)


def test_a_clip_of_varying_times_that_follows_keeps_them(tmp_path: Path, uneven: Path) -> None:
    fast = numbered_clip(tmp_path / "fast.mp4", 5, rate=25)
    sources = {"fast": str(fast), "uneven": str(uneven)}
    render(fast, tmp_path / "out.mp4", sources=sources, start={"source/loop": "next"})
    numbers, times, _ = seen(tmp_path / "out.mp4")
    assert numbers == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5]
    after = [200 + moment for moment in UNEVEN]
    assert times == pytest.approx(seconds((0, 40, 80, 120, 160, *after)), abs=1e-4)


def test_a_clip_of_a_constant_rate_is_counted_as_ever(tmp_path: Path) -> None:
    clip = numbered_clip(tmp_path / "even.mkv", 12, rate=30)
    said = render(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as movie:
        stream = movie.streams.video[0]
        assert (stream.average_rate, stream.frames) == (30, 12)
    assert not [line for line in said if "varying" in line]
