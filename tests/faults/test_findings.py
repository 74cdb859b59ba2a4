"""What the runner has found, each once more, without a show."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion import loading
from vj.diffusion.model_spec import ModelSpec
from vj.pipeline.flow_backends import make_flow
from vj.pipeline.optical_flow import FlowFinder
from vj.pipeline.preprocess import Fit, crop_to, prepare


@pytest.mark.parametrize("name", ["gone/for_good.safetensors", "./nothing", "/no/such/folder"])
def test_a_model_that_is_not_there_is_said_before_its_library_is_loaded(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library alone takes seconds and 90 MB."""

    def load() -> None:
        raise AssertionError("diffusers is imported")

    monkeypatch.setattr(loading, "quieten_libraries", load)
    with pytest.raises(Fault, match="no such file or folder"):
        loading.load_model(ModelSpec(name))


@pytest.mark.parametrize("size", [(256, 21), (240, 16), (128, 31), (1200, 20), (21, 256)])
def test_motion_in_a_strip_of_leds_is_found_and_ends_nothing(size: tuple[int, int]) -> None:
    """(width, height). OpenCV took the process with it."""
    width, height = size
    noise = np.random.default_rng(1).integers(0, 256, (height, width), np.uint8)
    drawn = cv2.GaussianBlur(noise, (0, 0), 2, borderType=cv2.BORDER_WRAP)
    flow = make_flow("dis")(drawn, np.roll(drawn, 3, axis=1))
    assert flow.shape == (height, width, 2)
    assert np.median(flow[..., 0]) == pytest.approx(3, abs=0.3)
    assert np.median(flow[..., 1]) == pytest.approx(0, abs=0.3)


def test_a_banner_flows_too() -> None:
    strip = np.zeros((160, 1920, 3), np.uint8)
    strip[40:100, 300:420] = (250, 200, 40)
    motion = FlowFinder().find(np.roll(strip, 24, axis=1), strip)
    assert motion is not None


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("came", [(2, 900), (900, 1), (1, 1), (7, 3000)])
def test_whatever_shape_comes_in_there_is_a_picture(came: tuple[int, int], fit: Fit) -> None:
    """(height, width). Of a line of pixels nothing was left to paint."""
    drawn = np.full((*came, 3), 90, np.uint8)
    for size in (Size(192, 16), Size(16, 192), Size(64, 64)):
        made = prepare(drawn, size, fit)
        assert made.shape == (size.height, size.width, 3)
        assert made.max() == 90
        assert crop_to(drawn, size).size > 0
