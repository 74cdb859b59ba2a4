"""Person models: those that a show names, and the thread on which any of them runs beside the
picture."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.pipeline.test_masks import room, sampled, sharp, with_somebody, wrong
from tests.waiting import PATIENCE, until
from vj.core.errors import Fault
from vj.pipeline.flow_backends import make_flow
from vj.pipeline.masks import Masks
from vj.pipeline.network_thread import NetworkThread, moved
from vj.pipeline.person_segmentation import PersonModel


def test_a_quick_model_gives_the_mask_of_this_very_frame() -> None:
    beside = NetworkThread(lambda image: image[..., 0].astype(np.float32), print, patience=PATIENCE)
    until(lambda: beside(np.zeros((8, 8, 3), np.uint8)) is not None)
    for value in range(50):
        mask = beside(np.full((8, 8, 3), value, np.uint8))
        assert mask is not None
        assert mask[0, 0] == value
    beside.close()


def test_where_frames_come_slowly_a_mask_may_take_its_share_of_the_time() -> None:
    beside = NetworkThread(lambda image: image[..., 0].astype(np.float32), print, patience=0.0)
    until(lambda: beside(np.zeros((8, 8, 3), np.uint8)) is not None)
    late = 0
    for value in range(20):
        beside._asked -= 10  # the last frame came ten seconds ago
        mask = beside(np.full((8, 8, 3), value, np.uint8))
        late += mask is None or mask[0, 0] != value
    assert late <= 2, "a tenth of a second is enough, but on a machine that is held up"
    beside.close()


def test_a_slow_model_is_not_waited_for_and_its_mask_moves_along() -> None:
    free, found = threading.Semaphore(0), threading.Event()

    def slow(image: np.ndarray) -> np.ndarray:
        assert free.acquire(timeout=PATIENCE)
        mask = (cv2.blur(image, (5, 5))[..., 0] > 128).astype(np.float32)
        found.set()
        return mask

    def square(left: int) -> np.ndarray:
        rng = np.random.default_rng(3)
        picture = rng.integers(0, 60, (96, 96, 3), dtype=np.uint8)
        picture[30:66, left : left + 36] = rng.integers(190, 255, (36, 36, 3), dtype=np.uint8)
        return cv2.blur(picture, (3, 3))

    beside = NetworkThread(slow, print, patience=0.0)  # no model is quick enough
    first = square(20)
    assert beside(first) is None
    free.release()
    until(lambda: beside(first) is not None)
    later = beside(square(25))  # while the model has not begun with it
    assert later is not None
    wanted = np.zeros((96, 96), bool)
    wanted[30:66, 25:61] = True
    assert ((later > 0.5) != wanted).sum() < 0.5 * 2 * 5 * 36, "half of what standing still is off"
    beside.close()
    free.release(5)


def test_closing_wakes_who_waits_for_a_mask() -> None:
    stuck, begun = threading.Event(), threading.Event()

    def find(image: np.ndarray) -> np.ndarray:
        if image[0, 0, 0]:
            begun.set()
            stuck.wait(PATIENCE)
        return np.ones((4, 4), np.float32)

    beside = NetworkThread(find, print, patience=PATIENCE)
    until(lambda: beside(np.zeros((8, 8, 3), np.uint8)) is not None)
    waits = threading.Thread(target=beside, args=(np.ones((8, 8, 3), np.uint8),))
    waits.start()
    assert begun.wait(PATIENCE)
    beside.close()
    waits.join(PATIENCE / 2)
    assert not waits.is_alive()
    stuck.set()


@pytest.mark.parametrize("size", [(8, 8), (400, 16), (16, 400), (640, 360)])
@pytest.mark.parametrize("mask", [(1, 1), (4, 4), (144, 256), (500, 700)])
def test_a_mask_of_any_size_moves(size: tuple[int, int], mask: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    old, new = (rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8) for _ in range(2))
    out = moved(np.ones(mask, np.float32), old, new, make_flow())
    np.testing.assert_allclose(out, 1, atol=1e-5)
    other = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert moved(np.ones(mask, np.float32), old, other, make_flow()).shape == mask


def person_model(path: Path, planes: bool = True, channels: int = 1, kind: str = "mask") -> Path:
    """An ONNX file that takes the red in a picture for people."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    shape: list[Any] = [1, 3, 32, 32] if planes else [1, 32, 32, 3]
    weights = np.zeros((channels, 3, 1, 1), np.float32)
    weights[-1] = np.float32([8, -4, -4])[:, None, None]
    nodes = [] if planes else [helper.make_node("Transpose", ["picture"], ["p"], perm=[0, 3, 1, 2])]
    nodes.append(helper.make_node("Conv", ["picture" if planes else "p", "w", "b"], ["c"]))
    if kind == "mask" and channels == 1:
        nodes.append(helper.make_node("Sigmoid", ["c"], ["m"]))
    else:
        nodes.append(helper.make_node("Identity", ["c"], ["m"]))
    out: list[Any] = [1, channels, 32, 32]
    if kind == "numbers":
        nodes.append(helper.make_node("ReduceMean", ["m"], ["out"], keepdims=0))
        out = []
    else:
        nodes.append(
            helper.make_node(
                "Transpose", ["m"], ["out"], perm=[0, 1, 2, 3] if planes else [0, 2, 3, 1]
            )
        )
        out = out if planes else [1, 32, 32, channels]
    bias = np.float32([0, -2])[-channels:]
    constants = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")]
    graph = helper.make_graph(
        nodes,
        "people",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, out)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize(
    ("planes", "channels", "kind"),
    [(True, 1, "mask"), (False, 1, "mask"), (True, 2, "scores"), (True, 1, "scores")],
)
def test_a_person_model_of_any_shape_finds_people(
    tmp_path: Path, planes: bool, channels: int, kind: str
) -> None:
    model = PersonModel(person_model(tmp_path / "people.onnx", planes, channels, kind))
    masks = Masks(print, model.find)
    assert wrong(masks.find(with_somebody(room()), sampled(**sharp(mask__mode="person")))) == 0


def test_a_file_that_is_no_person_model(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="there is no such file"):
        PersonModel(tmp_path / "people.onnx")
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(Fault, match="is not an ONNX model"):
        PersonModel(tmp_path / "junk.onnx")
    model = PersonModel(person_model(tmp_path / "other.onnx", kind="numbers"))
    with pytest.raises(Fault, match=r"a mask .* would be right"):
        model.find(room())


def test_a_slow_person_model_holds_nothing_up_and_its_failure_is_logged_once() -> None:
    messages: list[str] = []
    failures: list[int] = []
    release = threading.Event()

    def slow(image: np.ndarray) -> np.ndarray:
        release.wait(PATIENCE)
        if image[0, 0, 0] == 0:
            failures.append(1)
            raise RuntimeError("out of memory")
        return np.ones((4, 4), np.float32)

    beside = NetworkThread(slow, messages.append)
    assert beside(np.full((8, 8, 3), 9, np.uint8)) is None, "at once, while the model computes"
    release.set()
    until(lambda: beside(np.full((8, 8, 3), 9, np.uint8)) is not None)

    def dark() -> bool:
        assert beside(np.zeros((8, 8, 3), np.uint8)) is not None, "the mask that it has"
        return len(failures) >= 5

    until(dark)
    beside.close()
    assert messages == ["mask/mode person: RuntimeError: out of memory; the last mask stays"]
