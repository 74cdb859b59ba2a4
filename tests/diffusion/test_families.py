"""Each family that docs/models.md names: a tiny model of its shape loads and paints a frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.tiny_models import FAMILIES, make_controlnet, make_model, make_t2i_adapter
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion.backends import StreamBackend
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import GuidedPart, ModelSpec
from vj.diffusion.pipelines import built_as
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext

SIZE = Size(64, 64)
KINDS = {
    "sd15": ("sd15", "epsilon"),
    "sd21": ("sd21", "v_prediction"),
    "turbo": ("sd21", "epsilon"),
    "lcm": ("sd15", "epsilon"),
    "dreamshaper": ("sd15", "epsilon"),
    "hyper": ("sd15", "epsilon"),
    "sdxs-512-0.9": ("sd21", "epsilon"),
    "sdxs-512-dreamshaper": ("sd15", "epsilon"),
    "sdxl": ("sdxl", "epsilon"),
    "sdxl-turbo": ("sdxl", "epsilon"),
    "sdxl-lightning-4step": ("sdxl", "epsilon"),
    "sdxl-lightning-1step": ("sdxl", "sample"),
    "ssd-1b": ("sdxl", "epsilon"),
    "vega": ("sdxl", "epsilon"),
}
"""What each is, and what its UNet predicts."""
MANY_STEPS = ("sd15", "sd21", "dreamshaper", "sdxl", "ssd-1b", "vega")


def opened(folder: Path, **more: object) -> Model:
    lora = "off" if folder.name in MANY_STEPS else "auto"  # which would be looked for online
    spec = ModelSpec(str(folder), lcm_lora=lora, vae="full", device="cpu", **more)  # type: ignore[arg-type]
    model = load_model(spec, print)
    assert isinstance(model, Model)
    return model


def picture(number: int = 0) -> Tensor:
    return torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64).roll(7 * number, -1)


def painted(model: Model, image: Tensor | None = None, **values: Any) -> Tensor:
    backend = StreamBackend(model, SIZE, wait=True)
    names = {name.replace("__", "/"): value for name, value in values.items()}
    snapshot = Store({"prompt/a": "gold", "strength": 0.7, **names}).sample(0)
    made = backend.paint(
        picture() if image is None else image, snapshot, FrameContext.black(SIZE, model.guides)
    )
    assert made is not None
    return torch.as_tensor(made.picture).clone()


def test_every_family_that_is_made_is_looked_at_and_told_of() -> None:
    assert set(KINDS) == set(FAMILIES)
    table = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8").lower()
    rows = [line for line in table.split("\n") if line.startswith("| ")]
    for word in (
        "sdxs-512",
        "sd-turbo",
        "lcm_dreamshaper",
        "stable diffusion 1.5",
        "dreamshaper-8",
    ):
        assert any(word in row for row in rows), word
    for word in ("hyper-sd15", "diffusion 2.1", "sdxl-turbo", "lightning", "ssd-1b", "vega"):
        assert any(word in row for row in rows), word


ALIKE = ("sd21", "turbo", "sdxl", "sdxl-turbo")
"""Built as others here; test_loading.py loads the first three and paints with them."""


@pytest.mark.parametrize(
    "family",
    [pytest.param(name, marks=pytest.mark.long) if name in ALIKE else name for name in KINDS],
)
def test_each_family_loads_and_paints(
    tmp_path: Path, family: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = opened(make_model(tmp_path / family, family))
    assert (model.family, model.prediction) == KINDS[family]
    frame = painted(model)
    assert frame.shape == (1, 3, 64, 64)
    assert torch.isfinite(frame).all()
    assert built_as(model.family, model.pipe) == (
        family if family in ("ssd-1b", "vega") else model.family
    ), "each has an LCM-LoRA of its own"
    assert "LCM-LoRA" not in capsys.readouterr().out, "what was made for few steps needs none"


def test_sdxs_is_asked_at_its_own_level_and_strength_is_its_share(tmp_path: Path) -> None:
    """Below the last level SDXS was never trained."""
    model = opened(make_model(tmp_path / "renamed", "sdxs-512-dreamshaper"))
    assert model.from_noise, "by how it is built"
    levels = model.schedule.plan(0.3, 3)
    assert [level.t for level in levels] == [999]
    assert 1 / levels[0].a == pytest.approx(14.64, abs=0.05), "SDXS's own one step"
    asked: list[float] = []
    model.pipe.unet.register_forward_pre_hook(lambda _, given: asked.extend(given[1].tolist()))
    image = picture()
    full = painted(model, image, strength=1.0)
    half = painted(model, image, strength=0.5)
    assert asked == [999.0, 999.0]
    torch.testing.assert_close(half, torch.lerp(image, full, 0.5))
    torch.testing.assert_close(painted(model, image, strength=0.0), image)
    torch.testing.assert_close(painted(model, image, strength=1.0, steps=3), full)
    backend = StreamBackend(model, SIZE, wait=True)
    assert "one step" in backend.unused["steps"]
    backend.warm(Store().sample(0))


def test_a_model_without_a_middle_that_is_no_sdxs_keeps_its_schedule(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "tiny" / "sd15", "sd15", mid_block_type=None)
    model = opened(folder)
    assert not model.from_noise
    assert [round(level.t) for level in model.schedule.plan(0.5, 2)] == [500, 250]
    assert torch.isfinite(painted(model)).all()


def test_sdxs_is_led_by_its_controlnet(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "sdxs-512-dreamshaper", "sdxs-512-dreamshaper")
    net = make_controlnet(
        tmp_path / "sketch",
        block_out_channels=(8, 16, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    )
    led = opened(folder, controlnet=(GuidedPart(str(net)),))
    full = painted(led, strength=1.0)
    assert (full - painted(led, strength=1.0, control__amount=0.0)).abs().max() > 1e-4


@pytest.mark.parametrize(
    ("family", "key", "words"),
    [
        ("lcm", "t2i_adapter", "takes 4 channels; those of 1 or 3"),
        ("lcm", "controlnet", "takes 4 channels; those of 3"),
        ("vega", "controlnet", "blocks have .* layers"),
    ],
)
def test_guide_nets_of_another_build_are_told_at_load(
    tmp_path: Path, family: str, key: str, words: str
) -> None:
    model, net = make_model(tmp_path / family, family), tmp_path / "net"
    if key == "t2i_adapter":
        make_t2i_adapter(net, 4)
    elif family == "vega":
        make_controlnet(net, 64, xl=True)
    else:
        make_controlnet(net, conditioning_channels=4)
    more: dict[str, Any] = {key: (GuidedPart(str(net), "lines"),)}
    with pytest.raises(Fault, match=f"{key} .*{words}"):
        opened(model, **more)
