"""Clips whose frames come at varying times, rendered: each frame once, at its own time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import pytest

from tests.sources.numbered import SIZE, number_of, numbered_clip
from vj.app.offline import Rendering
from vj.core.frame import Frame
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
