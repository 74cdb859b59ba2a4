"""crash_kiss.yaml and fox_face.yaml, which the translators that come with vj paint."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import PlayShow
from tests.fetched import needs, nothing_fetched
from vj.commands.gallery import rendered
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.show.load import FIRST_SHOW
from vj.sources.drawn import make_scene, still
from vj.translator.trackers import NEEDED

SMALL = {"size": "128x128"}
RATE = 2.0


def apart(one: np.ndarray, two: np.ndarray) -> float:
    """Mean difference, 0..255."""
    return float(cv2.absdiff(one, two).mean())


def hue(picture: np.ndarray) -> np.ndarray:
    """The mean of red - green and green - blue."""
    return np.diff(picture.astype(np.float32), axis=2).reshape(-1, 2).mean(0)


def test_the_crash_is_untouched_until_the_pedal_makes_a_kiss_of_it() -> None:
    painted = rendered("crash_kiss", SMALL, 7, RATE)
    drive, crash = (make_scene(name, Size(128, 128)) for name in ("drive", "crash"))
    given = [drive.draw(number / RATE) for number in range(12)]
    assert all(np.array_equal(painted[number], given[number]) for number in range(2))
    assert apart(painted[8], given[8]) > 25
    kiss = hue(still("kiss", Size(128, 128)))
    far = [np.linalg.norm(hue(one[8]) - kiss) for one in (painted, given)]
    assert far[0] < 0.7 * far[1], "in the colours of a kiss"
    kissing = make_scene("kiss", Size(128, 128)).draw(8 / RATE)
    greys = [
        cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).ravel() for one in (painted[8], kissing, given[8])
    ]
    seen = [float(np.corrcoef(greys[0], other)[0, 1]) for other in greys[1:]]
    assert seen[0] > 0.7 > seen[1] + 0.3, "and one sees the two who kiss"
    shares = [apart(painted[number], given[number]) for number in (3, 4, 5)]
    assert shares == sorted(shares), "it comes little by little"
    assert np.array_equal(painted[13], crash.draw(0.5)), "the foot has lifted"


@needs(*NEEDED["face"])
def test_a_face_moves_the_fox() -> None:
    painted = rendered("fox_face", {}, 4, RATE)
    dancer = make_scene("dancer", Size(256, 256))
    for number in range(5, 8):  # she comes in before
        picture = painted[number]
        assert apart(picture, dancer.draw(number / RATE)) > 30
        fur = (picture[..., 0] > 150) & (picture[..., 2] < 110)
        assert 0.08 < float(fur.mean()) < 0.6
    assert not np.array_equal(painted[6], painted[7]), "it moves as she does"


def test_without_what_finds_faces_the_picture_stays_and_the_command_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, play_show: PlayShow
) -> None:
    nothing_fetched(monkeypatch)
    text = (FIRST_SHOW.parent / "fox_face.yaml").read_text(encoding="utf-8")
    alone = "sinks: []\nosc: 127.0.0.1:0\npage: off\nmidi: off"
    path = tmp_path / "fox_face.yaml"
    path.write_text(text.replace("sinks: [ndi:vj, preview]", alone))
    show = play_show(path)
    show.until(lambda: any("python3 launch.py add person" in one for one in show.messages))
    show.frames(3)
    assert show.performance.loop.backend_name == "none"
    with pytest.raises(Fault, match="face: needs models that are not here"):
        rendered("fox_face", {}, 0.5, RATE)
