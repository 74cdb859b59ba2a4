"""background/source in a show: a source of the show behind the one that plays, live and offline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.waiting import until
from vj.app.live import Performance
from vj.app.offline import Rendering
from vj.core.errors import Fault
from vj.show.load import check_show
from vj.sources.image import read_picture

START = {"mask/mode": "luma", "mask/invert": False, "background/source": "blue"}
"""The dark source is nobody: all of it is background."""


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    for name, colour in {"dark": (0, 0, 0), "blue": (200, 0, 0), "green": (0, 180, 0)}.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((48, 48, 3), colour, np.uint8))

    def made(**more: Any) -> dict[str, Any]:
        folder = tmp_path.as_posix()
        sources = {name: f"image:{folder}/{name}.png" for name in ("blue", "green")}
        show = {"source": f"image:{folder}/dark.png", "sources": sources, "model": "none"}
        return {**show, "size": "64x64", "fps": 12, "sinks": [], "start": START, **more}

    return made


def test_live_it_is_shown_changed_and_missed_when_a_save_takes_it_away(
    tree: Callable[..., dict[str, Any]],
) -> None:
    quiet = {"midi": "off", "osc": "127.0.0.1:0", "page": "off"}
    messages: list[str] = []
    performance = Performance(check_show(tree(**quiet), "here"), messages.append)
    performance.start()

    def shown() -> list[int]:
        last = performance.loop.pipeline.backend.compositor.last()
        return [0, 0, 0] if last is None else [round(255 * part) for part in last[32, 32]]

    try:
        until(lambda: shown() == [0, 0, 200], lambda: (shown(), messages))
        performance.store.set("background/source", "green")
        until(lambda: shown() == [0, 180, 0], lambda: (shown(), messages))
        assert "source blue" not in str(performance.supervisor.threads)
        fewer = tree(**quiet)
        del fewer["sources"]["green"]
        assert performance.adopt(check_show({**fewer, "start": {**START}}, "here"))
        until(lambda: any("green: is no longer in the show" in line for line in messages))
        assert shown() == [0, 180, 0], "and what is there stays"
    finally:
        performance.stop()


def rendered(tree: dict[str, Any], folder: Path) -> list[np.ndarray]:
    Rendering(check_show({**tree, "sinks": [f"record:{folder}/"]}, "here"), print, 1.0).run()
    return [read_picture(path, "film")[..., :3] for path in sorted(folder.glob("**/*.png"))]


def test_rendered_it_plays_at_its_own_speed_and_twice_to_the_same_bytes(
    tree: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    moving = {"road": "drawn:drive"}
    start = {**START, "background/source": "road"}
    slow = {**start, "background/speed": 0.5}
    once, twice, half = (
        rendered(tree(sources=moving, start=values), tmp_path / name)
        for name, values in (("once", start), ("twice", start), ("half", slow))
    )
    assert len(once) == 12
    assert all(np.array_equal(one, two) for one, two in zip(once, twice, strict=True))
    for number in (1, 2, 5):
        assert np.array_equal(half[2 * number], once[number])
    assert not np.array_equal(once[0], once[6])


def test_rendered_what_cannot_be_played_ends_it_or_is_told(
    tree: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    gone = tree(sources={"blue": f"{tmp_path.as_posix()}/gone.mkv"})
    with pytest.raises(Fault, match=r"background/source blue: .*gone\.mkv"):
        rendered(gone, tmp_path / "gone")
