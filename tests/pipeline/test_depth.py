"""Depth: a model in the convention of Depth Anything V2, what becomes of what it finds, and the
mask made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.test_masks import sampled, sharp
from vj.core.errors import Fault
from vj.pipeline.depth import Depth, DepthRange, as_guide, between
from vj.pipeline.depth_model import DepthModel
from vj.pipeline.masks import Masks
from vj.pipeline.person_segmentation import DEVIATION, MEAN


def depth_model(
    path: Path,
    sides: tuple[int | str, int | str] = ("height", "width"),
    kind: str = "depth",
    channels: int = 3,
) -> Path:
    """An ONNX file for which the red in a picture is near: red 1 is 30, red 0 is 10. It has the
    input and output of Depth Anything V2; a network of squares of 14 refuses other sides."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.zeros((1, channels, 14, 14), np.float32)
    weights[:, 0] = 20 * DEVIATION[0] / 14**2
    bias = np.array([10 + 20 * MEAN[0]], np.float32)
    nodes = [
        helper.make_node("Conv", ["pixel_values", "w", "b"], ["c"], strides=[14, 14]),
        helper.make_node("Resize", ["c", "", "scales"], ["r"], mode="linear"),
        helper.make_node("Squeeze", ["r", "one"], ["predicted_depth"]),
    ]
    out: list[Any] = [1, *sides]
    if kind == "classes":
        nodes[-1] = helper.make_node("GlobalAveragePool", ["r"], ["predicted_depth"])
        out = [1, 1, 1, 1]
    if kind == "nan":
        nodes[-1] = helper.make_node("Log", ["neg"], ["n"])
        nodes.append(helper.make_node("Mul", ["r", "n"], ["predicted_depth"]))
        out = [1, 1, *sides]
    constants = [
        numpy_helper.from_array(weights, "w"),
        numpy_helper.from_array(bias, "b"),
        numpy_helper.from_array(np.array([1, 1, 14, 14], np.float32), "scales"),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
    ]
    if kind == "nan":
        constants.append(numpy_helper.from_array(np.array([-1], np.float32), "neg"))
    graph = helper.make_graph(
        nodes,
        "depth",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, [1, channels, *sides])],
        [helper.make_tensor_value_info("predicted_depth", TensorProto.FLOAT, out)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    onnx.save(model, str(path))
    return path


def stage(near: int = 255, size: tuple[int, int] = (112, 196)) -> np.ndarray:
    """A grey-green room with something red in it, as near as it is red. (H, W, 3) uint8."""
    picture = np.empty((*size, 3), np.uint8)
    picture[:] = (0, 90, 60)
    picture[28:84, 56:126] = (near, 60, 60)
    return picture


RED = (slice(34, 78), slice(62, 120))
AROUND = (slice(0, 20), slice(0, 196))


def test_a_depth_model_finds_what_is_near_at_the_sides_that_its_file_says(tmp_path: Path) -> None:
    loose = DepthModel(depth_model(tmp_path / "loose.onnx"), side=112)
    assert loose.size(112, 196) == (112, 196)
    assert loose.size(720, 1280) == (112, 196), "multiples of 14, the picture's shape"
    assert loose.size(1280, 720) == (196, 112)
    found = loose.find(stage())
    assert found.shape == (112, 196)
    assert found[56, 90] == pytest.approx(30, abs=0.1)
    assert found[5, 5] == pytest.approx(10, abs=0.1)
    fixed = DepthModel(depth_model(tmp_path / "fixed.onnx", (140, 140)))
    found = fixed.find(stage())
    assert found.shape == (140, 140), "what the file says stands"
    assert found[70, 64] == pytest.approx(30, abs=0.1)


def test_a_file_that_is_no_depth_model_says_what_would_be(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"depth .*: there is no such file"):
        DepthModel(tmp_path / "depth.onnx")
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(Fault, match=r"depth .*junk\.onnx: is not an ONNX model"):
        DepthModel(tmp_path / "junk.onnx")
    with pytest.raises(Fault, match=r"takes .*1, 4, .*picture \(1, 3, H, W\) would be right"):
        DepthModel(depth_model(tmp_path / "four.onnx", channels=4))
    with pytest.raises(Fault, match=r"gives \(1, 1, 1, 1\); one depth \(1, H, W\) would be right"):
        DepthModel(depth_model(tmp_path / "classes.onnx", kind="classes"), 112).find(stage())
    with pytest.raises(Fault, match="NaN"):
        DepthModel(depth_model(tmp_path / "nan.onnx", kind="nan"), 112).find(stage())


def test_a_depth_mask_keeps_what_lies_in_its_range(tmp_path: Path) -> None:
    depth = Depth(print)
    depth.find = DepthModel(depth_model(tmp_path / "d.onnx"), side=112).find
    picture = stage()
    found = depth.of(picture, 0.0, True)
    assert found is not None
    assert found.shape == picture.shape[:2]
    assert found[RED].min() > 0.8
    assert found[AROUND].max() < 0.05
    asked: dict[str, Any] = sharp(mask__mode="depth")
    mask = Masks(print).find(picture, sampled(**asked), depth=found)
    assert mask is not None
    assert mask[RED].max() == 0, "what is near stays as it came"
    assert mask[AROUND].min() == 255, "and the rest is painted"
    inverted = Masks(print).find(picture, sampled(**asked, mask__invert=True), depth=found)
    assert inverted is not None
    np.testing.assert_array_equal(inverted, 255 - mask)
    far = Masks(print).find(picture, sampled(**asked, mask__near=0.5, mask__far=1.0), depth=found)
    assert far is not None
    assert far[RED].min() == 255
    assert far[AROUND].max() == 0
    assert depth.of(picture, 0.1, False) is None, "nobody wants it: the model rests"


def test_the_ends_of_the_range_are_soft_and_open() -> None:
    away = np.linspace(0, 1, 201, dtype=np.float32)[None]
    whole = between(1 - away, sampled(mask__near=0.0, mask__far=1.0, mask__soft=0.4))
    assert whole.min() == 1.0, "from the nearest to the furthest is everything"
    found = between(1 - away, sampled(mask__near=0.3, mask__far=0.7, mask__soft=0.1))[0]
    assert found[100] == 1
    assert found[0] == found[-1] == 0
    assert np.abs(np.interp(0.5, found[:100], away[0, :100]) - 0.3) < 0.03
    assert np.abs(np.diff(found)).max() < 0.15, "no step"
    crossed = between(1 - away, sampled(mask__near=0.7, mask__far=0.3, mask__soft=0.1))[0]
    np.testing.assert_array_equal(crossed, found)


def test_what_comes_near_does_not_push_the_room_away_at_once() -> None:
    room = np.linspace(1, 2, 14400, dtype=np.float32).reshape(120, 120)
    visited = room.copy()
    visited[:40] = 4.0  # a hand before the camera
    followed, middle = DepthRange(), []
    for number in range(150):
        here = 30 <= number < 90
        middle.append(float(followed.of(visited if here else room, number / 30)[60, 60]))
    jump = abs(DepthRange().of(visited, 0) - DepthRange().of(room, 0))[60, 60]
    assert jump > 0.3
    assert max(np.abs(np.diff(middle))) < 0.15 * jump, "each frame's own range would pump"
    assert abs(middle[89] - middle[0]) > 0.8 * jump, "what stays is followed"
    assert abs(middle[-1] - middle[0]) < 0.1
    specks = room.copy()
    specks[0, 0] = 1000
    own = float(DepthRange().of(room, 0)[60, 60])
    assert abs(float(DepthRange().of(specks, 0)[60, 60]) - own) < 0.05, "a speck is no range"
    cut = followed.of(room * 40 + 7, 150 / 30)
    assert abs(float(cut[60, 60]) - own) < 0.02, "another scene at once"
    assert not DepthRange().of(np.full((30, 30), 3.0, np.float32), 0).any(), "a wall is far"


def test_a_model_that_fails_is_told_once_and_the_picture_goes_on() -> None:
    messages: list[str] = []
    depth = Depth(messages.append)

    def broken(image: np.ndarray) -> np.ndarray:
        raise RuntimeError("out of memory")

    depth.find = broken
    for number in range(5):
        assert depth.of(stage(), number / 30, True) is None
    assert messages == ["depth: RuntimeError: out of memory; nothing is known to be near"]
    assert Masks(print).find(stage(), sampled(**sharp(mask__mode="depth"))) is None


def test_as_a_guide_what_is_near_is_light() -> None:
    guide = as_guide(np.array([[0, 0.5, 1]], np.float32))
    assert guide.shape == (1, 3, 3)
    assert guide[0, :, 1].tolist() == [0, 128, 255]
