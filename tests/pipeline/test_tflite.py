"""Networks in TensorFlow Lite's format run by LiteRT and by OpenCV, and give the same."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from vj.core.errors import Fault
from vj.core.fetched import fetched
from vj.core.frame import Size
from vj.pipeline import tflite
from vj.pipeline.tflite import TfliteNetwork

ASTRONAUT = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"
NETWORKS = {
    "selfie_segmentation.tflite": Size(256, 256),
    "selfie_segmentation_landscape.tflite": Size(256, 144),
    "face_detection_short_range.tflite": Size(128, 128),
    "face_landmark.tflite": Size(192, 192),
    "pose_landmark_full.tflite": Size(256, 256),
}
litert = pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is None,
    reason="ai-edge-litert is not installed: python3 launch.py add person",
)


def path_of(name: str) -> Path:
    path = fetched(name)
    assert path is not None
    return path


def astronaut(size: Size) -> np.ndarray:
    """(1, H, W, 3) float32 0..1."""
    picture = cv2.cvtColor(cv2.imread(str(ASTRONAUT)), cv2.COLOR_BGR2RGB)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)[None].astype(np.float32) / 255


@litert
@pytest.mark.parametrize("name", [pytest.param(name, marks=needs(name)) for name in NETWORKS])
def test_both_engines_give_the_same(name: str) -> None:
    lite, opencv = (TfliteNetwork(path_of(name), engine=e) for e in ("litert", "opencv"))
    assert lite.input_size == opencv.input_size == NETWORKS[name]
    picture = astronaut(lite.input_size)
    found, same = lite.run(picture), opencv.run(picture)
    assert found.keys() == same.keys()
    for out, values in found.items():
        assert values.shape == same[out].shape, out
        assert values.std() > 0 or values.size == 1, out
        np.testing.assert_allclose(same[out], values, atol=2e-3 * max(1, np.abs(values).max()))


@litert
@needs("selfie_segmentation.tflite")
def test_litert_is_taken_where_it_is_and_opencv_where_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = path_of("selfie_segmentation.tflite")
    assert TfliteNetwork(path).engine == "litert"
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)  # not to be imported
    assert TfliteNetwork(path).engine == "opencv"
    with pytest.raises(Fault, match="cannot be run \\(litert"):
        TfliteNetwork(path, engine="litert")


@litert
@needs("selfie_segmentation.tflite")
def test_the_terminal_shows_nothing_of_litert_and_all_of_others() -> None:
    code = f"""
import sys, numpy as np
from pathlib import Path
from vj.pipeline import tflite
sys.stderr.write("before\\n")
with tflite._without_chatter():
    sys.stderr.write("meanwhile\\n")
network = tflite.TfliteNetwork(Path({str(path_of("selfie_segmentation.tflite"))!r}))
network.run(np.zeros((1, 256, 256, 3), np.float32))
assert network.engine == "litert"
sys.stderr.write("after\\n")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == ["before", "meanwhile", "after"]


@litert
@needs("selfie_segmentation.tflite")
def test_networks_load_on_several_threads_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    networks: list[TfliteNetwork] = []
    path = path_of("selfie_segmentation.tflite")
    threads = [
        threading.Thread(target=lambda: networks.append(TfliteNetwork(path))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(networks) == 4
    sys.stderr.write("still here\n")
    assert capfd.readouterr().err == "still here\n"


def test_what_is_no_network_is_told(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"nothing\.tflite: cannot be read \(No such file"):
        TfliteNetwork(tmp_path / "nothing.tflite")
    for content in (
        b"",
        b"junk" * 8,
        b"\x1c\0\0\0TFL3" + b"\xff" * 64,
        b"\0\0\0\0TFL3" + b"\0" * 64,
    ):
        (tmp_path / "junk.tflite").write_bytes(content)
        with pytest.raises(Fault, match=r"junk\.tflite: is not a TensorFlow Lite network"):
            TfliteNetwork(tmp_path / "junk.tflite")


@needs("selfie_segmentation.tflite")
def test_a_file_that_was_cut_short_is_told(tmp_path: Path) -> None:
    whole = path_of("selfie_segmentation.tflite").read_bytes()
    (tmp_path / "half.tflite").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Fault, match=r"half\.tflite"):
        tflite.TfliteNetwork(tmp_path / "half.tflite")
