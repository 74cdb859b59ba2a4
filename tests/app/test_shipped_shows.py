"""The shows of mappings/: each does what it was written for, rendered offline with the
built-in model."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from tests.conftest import StartShow
from vj.commands.gallery import ENTRIES, gallery, rendered
from vj.show.load import FIRST_SHOW, load_show

MAPPINGS = FIRST_SHOW.parent
SMALL = {"size": "128x128"}
RATE = 8.0


def untouched(name: str, seconds: float, **more: Any) -> list[np.ndarray]:
    """The input that a show gets, prepared."""
    return rendered(
        name,
        {"model": "none", **more},
        seconds,
        RATE,
        start={"mix/wet": 0},
        curves=[],
        timeline=[],
        modulators=[],
    )


def apart(one: np.ndarray, two: np.ndarray) -> float:
    """Mean difference, 0..255."""
    return float(cv2.absdiff(one, two).mean())


@pytest.mark.parametrize("name", ENTRIES)
def test_each_is_short_and_teaches(name: str) -> None:
    text = (MAPPINGS / f"{name}.yaml").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 75
    assert "What to learn here:" in text
    assert f"python3 launch.py {name}" in text
    show = load_show(MAPPINGS / f"{name}.yaml")
    assert "preview" in show.sinks


def test_all_shows_are_in_the_gallery() -> None:
    assert {path.stem for path in MAPPINGS.glob("*.yaml")} == {*ENTRIES, "first_show"}


def test_touchdesigners_channels_and_words_play_it(start_show: StartShow, tmp_path: Path) -> None:
    """As an OSC Out CHOP and an OSC Out DAT send them; without Spout and without its NDI source the
    test card plays."""
    one = start_show(
        "touchdesigner", "--source", "testcard", "--model", "none", "--sink", "record:out.mp4"
    )
    one.until_playing()
    bundle = OscBundleBuilder(IMMEDIATELY)  # a CHOP sends its channels together
    for channel, value in (("/chan1", 0.9), ("/chan3", 0.5), ("/chan8", 0.25)):
        message = OscMessageBuilder(channel)
        message.add_arg(value)
        bundle.add_content(message.build())
    one.send_bytes(bundle.build().dgram)
    one.send("/vj/prompt", "deep ocean")
    for name, value in (("strength", 0.9), ("feedback/amount", 0.475), ("mix/wet", 0.25)):
        one.until_value(name, value)
    one.until_value("prompt/a", "deep ocean")
    one.until_recorded("record:out.mp4", 1.0)
    one.end()
    assert one.process.returncode == 0, one.text
    assert (tmp_path / "out.mp4").stat().st_size > 10_000


def test_touchdesigners_picture_is_as_calm_as_without_feedback() -> None:
    """Gold that is fed back too strongly makes stripes of its own, more with every second."""

    def moved(**start: Any) -> float:
        given = {"size": "128x72", "source": "testcard"}
        film = rendered("touchdesigner", given, 2.5, 30, start=start)[45:]
        return float(np.mean([apart(a, b) for a, b in itertools.pairwise(film)]))

    assert moved() < 1.2 * moved(**{"feedback/amount": 0})


@pytest.mark.long
def test_the_gallery_is_made_of_loops_and_sheets(tmp_path: Path) -> None:
    messages: list[str] = []
    assert (
        gallery(
            ["kiss_crash", "touchdesigner", "room", "--to", str(tmp_path), "--seconds", "0.5"],
            messages.append,
        )
        == 0
    )
    from PIL import Image

    for name in ("kiss_crash", "touchdesigner"):
        with Image.open(tmp_path / f"{name}.webp") as moving:
            assert moving.n_frames == 6
            assert moving.info["loop"] == 0
        sheet = cv2.imread(str(tmp_path / f"{name}.jpg"))
        assert sheet is not None
        assert sheet.shape[1] == 8 * 224
    with Image.open(tmp_path / "room.webp") as moving:
        assert (moving.n_frames, moving.size) == (6, (448, 149))
    assert [line for line in messages if not line.startswith(" ")] == [
        "kiss_crash: 0.5 s",
        "touchdesigner: 0.5 s",
        "room: 0.5 s of each piece",
    ]
