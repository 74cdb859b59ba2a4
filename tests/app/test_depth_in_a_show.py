"""A depth model in a show: it masks live and offline, is exchanged as the file is saved, and a bad
one is told while the picture goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.app.test_person_in_a_show import Played
from tests.pipeline.test_depth import AROUND, RED, depth_model, stage
from vj.app.offline import Rendering
from vj.pipeline.depth import NO_MASK
from vj.pipeline.network_thread import NetworkThread
from vj.show.load import load_show

MASKED = "start: {mask/mode: depth, mask/feather: 0, mask/steady: 0}\n"


SIZE = (112, 200)
LINES = """\
show: near
source: stage.png
model: none
size: 200x112
midi: off
osc: 127.0.0.1:0
page: off
"""


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Callable[[str], Played]]:
    Image.fromarray(stage(size=SIZE)).save(tmp_path / "stage.png")
    depth_model(tmp_path / "depth.onnx")
    playing: list[Played] = []

    def begin(more: str) -> Played:
        playing.append(Played(tmp_path, more, LINES))
        return playing[-1]

    yield begin
    for one in playing:
        one.performance.stop()


def keeps_what_is_near(mask: np.ndarray | None) -> bool:
    return mask is not None and mask[RED].max() == 0 and mask[AROUND].min() == 255


def test_a_show_keeps_what_is_near_and_ends_its_thread(show: Callable[[str], Played]) -> None:
    played = show(f"depth: depth.onnx\n{MASKED}")
    played.until(lambda: keeps_what_is_near(played.mask()))
    threads = played.performance.supervisor.threads
    assert "the depth model" in threads
    played.performance.store.set("mask/invert", True)
    played.until(lambda: (mask := played.mask()) is not None and mask[RED].min() == 255)
    played.performance.stop()
    played.until(lambda: "the depth model" not in played.performance.supervisor.threads)


def test_a_file_that_does_not_load_is_told_and_another_takes_over_as_the_show_is_saved(
    show: Callable[[str], Played], tmp_path: Path
) -> None:
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    played = show(f"depth: junk.onnx\n{MASKED}")
    played.until(lambda: played.performance.metrics.painted > 3)
    assert played.mask() is None, "everything is painted"
    played.until(lambda: played.said("junk.onnx: is not an ONNX model") == 1)
    assert played.said(NO_MASK) == 0
    played.write(f"depth: depth.onnx\n{MASKED}")

    def replaced() -> bool:
        played.performance.background.check()
        return keeps_what_is_near(played.mask())

    played.until(replaced)
    before = played.performance.loop_parts._depth
    assert isinstance(before, NetworkThread)
    played.write(f"depth: gone.onnx\n{MASKED}")

    def told() -> bool:
        played.performance.background.check()
        return played.said("gone.onnx") > 0

    played.until(told)
    assert played.performance.loop_parts._depth is before, "what plays is as it was"


def test_a_mask_of_depth_without_a_model_says_what_would_be_right(
    show: Callable[[str], Played],
) -> None:
    played = show("")
    played.until(lambda: played.performance.metrics.painted > 1)
    assert played.said(NO_MASK) == 0
    played.performance.store.set("mask/mode", "depth")
    played.until(lambda: played.said(NO_MASK) == 1)


def test_offline_each_frame_has_its_own_depth_twice_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    depth_model(tmp_path / "depth.onnx")
    (tmp_path / "in").mkdir()
    for number in range(5):  # what is near moves on with each frame
        moved = np.roll(stage(size=SIZE), 8 * number, axis=1)
        Image.fromarray(moved).save(tmp_path / "in" / f"{number}.png")
    pictures = []
    for name in ("one", "two"):
        lines = (
            LINES.replace("stage.png", "in/")
            + f"fps: 5\ndepth: {{model: depth.onnx, side: 112}}\n{MASKED}"
            f"sinks:\n  - {{to: 'record:{name}/', show: mask}}\n"
            f"  - {{to: 'record:{name}-depth/', show: depth}}\n"
        )
        Path("near.yaml").write_text(lines, encoding="utf-8")
        Rendering(load_show(Path("near.yaml")), print, seconds=1).run()
        pictures.append([file.read_bytes() for file in sorted((tmp_path / name).glob("*.png"))])
    assert pictures[0] == pictures[1]
    files = sorted((tmp_path / "one").glob("*.png"))
    assert len(files) == 5
    for number, file in enumerate(files):
        mask = np.asarray(Image.open(file).convert("L"))
        columns = np.nonzero(mask[56] < 128)[0]
        assert abs(columns.mean() - (92 + 8 * number) % 200) < 8, number
        near = np.asarray(Image.open(tmp_path / "one-depth" / file.name).convert("L"))
        assert near[56, round(columns.mean())] > 220, "of the same frame"
        assert near[5].max() < 30
