"""What a page asks a live show for."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.conftest import PlayShow
from vj.app.page_actions import page_actions
from vj.app.sent_picture import decoded
from vj.core.errors import Fault


def data_url(picture: np.ndarray, ending: str = ".png") -> str:
    body = cv2.imencode(ending, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()
    return f"data:image/{ending[1:]};base64,{base64.b64encode(body).decode()}"


def header_url(width: int, height: int) -> str:
    """A PNG that says how large it is, and has nothing in it."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head) - 4) + head + struct.pack(">I", zlib.crc32(head))
    end = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk + end).decode()


NOISE = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
CUT = data_url(NOISE)[:8000]


def test_a_picture_comes_out_as_it_went_in() -> None:
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:, :15] = 250, 10, 20
    assert np.array_equal(decoded(data_url(picture), "canvas"), picture)
    assert decoded(data_url(picture, ".webp"), "canvas").shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (None, "data URL"),
        ("data:text/html;base64,AAAA", "data URL"),
        ("/etc/hostname", "data URL"),
        ("data:image/png;base64,", "cannot be read"),
        ("data:image/png;base64,!!!!", "cannot be read"),
        ("data:image/heic;base64,AAAA", "JPEG, PNG and WebP"),
        (data_url(np.zeros((4, 5000, 3), np.uint8)), "5000x4 is too large"),
        (header_url(12000, 12000), "12000x12000 is too large"),
        (header_url(30000, 30000), "canvas: this picture is too large; 4096 a side can be sent"),
        (header_url(20, 20), "cannot be read"),
        (CUT, "cannot be read"),
    ],
)
def test_what_is_no_picture_is_refused(image: object, words: str) -> None:
    with pytest.raises(Fault, match=words):
        decoded(image, "canvas")


def test_nothing_is_written_to_the_terminal_about_what_is_cut(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Fault):
        decoded(CUT, "canvas")
    assert capfd.readouterr() == ("", "")


def test_what_is_transparent_is_on_white_and_what_was_held_upright_is_turned() -> None:
    pixels = np.zeros((8, 16, 4), np.uint8)
    pixels[:, :8] = (200, 0, 0, 255)
    body = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    Image.fromarray(pixels).save(body, "PNG", exif=exif)
    url = "data:image/png;base64," + base64.b64encode(body.getvalue()).decode()
    found = decoded(url, "canvas")
    assert found.shape == (16, 8, 3)
    assert found[2, 2].tolist() == [200, 0, 0]
    assert found[12, 2].tolist() == [255, 255, 255]


IDLE = """\
show: left alone
size: 64x64
source: testcard
sources: {other: testcard}
model: none
sinks: []
osc: 127.0.0.1:0
page: off
midi: off
fps: 10
cues: [{name: calm, set: {mix/wet: 0.1}}, {name: up, set: {mix/wet: 0.7}}]
idle: {after: 3 s, cue: calm, wake: up}
"""


def test_who_draws_or_chooses_on_the_page_is_a_hand(tmp_path: Path, play_show: PlayShow) -> None:
    path = tmp_path / "alone.yaml"
    path.write_text(IDLE)
    show = play_show(path)
    live = show.performance
    actions = page_actions(
        live.session, live.writer, live.choosers, live.styles, live.context.canvas, live.displays
    )
    stroke = {"points": [[0.1, 0.1, 1], [0.9, 0.9, 1]], "colour": "#ff0000", "width": 0.05}
    for kind, asked in (
        ("stroke", {**stroke, "stroke": 1, "person": 1}),
        ("canvas", {"do": "undo", "person": 1}),
        ("choose", {"what": "source", "value": "other"}),
    ):
        show.until(lambda: live.session.engine.cues.current == "calm")
        actions[kind](asked)
        show.frames(2)
        assert live.session.engine.cues.current == "up", kind
