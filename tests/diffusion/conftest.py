"""Small models, and files of everything that can be added to them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.diffusion.adapter_parts import (
    load,
    lora,
    pictured,
)
from tests.diffusion.leaving import TEXTS
from tests.kernels.kernels_as_c import Compiled, stand_in_for_cupy
from tests.recycled import Recycled
from tests.tiny_models import (
    XL_BLOCKS,
    make_controlnet,
    make_image_encoder,
    make_ip_adapter,
    make_lora,
    make_model,
    make_t2i_adapter,
)
from vj.diffusion.model import Model
from vj.kernels import body
from vj.pipeline import card_transfer

FAMILIES = ("lcm", "turbo", "sdxl")


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models and with whatever can be added to them."""
    base = tmp_path_factory.mktemp("parts")
    for family in FAMILIES:
        make_model(base / family, family)
    make_lora(base / "lcm", base / "ink.safetensors", 1)
    make_lora(base / "lcm", base / "gold.safetensors", 2, kohya=True)
    make_lora(base / "lcm", base / "words.safetensors", 3, text=True)
    make_lora(base / "turbo", base / "foreign.safetensors")
    make_model(base / "xl", "sdxl", **XL_BLOCKS)
    make_lora(base / "xl", base / "xl-ink.safetensors")
    make_controlnet(base / "xl-controlnet", 64, xl=True)
    make_t2i_adapter(base / "xl-t2i", xl=True)
    make_ip_adapter(base / "xl", base / "xl-ip.safetensors")
    make_controlnet(base / "controlnet")
    make_controlnet(base / "controlnet21", 1024)
    make_t2i_adapter(base / "t2i")
    make_t2i_adapter(base / "t2i-grey", 1)
    make_image_encoder(base / "encoder")
    make_ip_adapter(base / "lcm", base / "ip.safetensors")
    make_ip_adapter(base / "lcm", base / "ip-plus.safetensors", plus=True)
    rng = np.random.default_rng(1)
    for name in ("a", "b", "c"):
        cv2.imwrite(
            str(base / f"{name}.png"),
            cv2.resize(rng.integers(0, 255, (4, 4, 3), np.uint8), (50, 40)),
        )
    torch.manual_seed(5)
    save_file({"<cat-toy>": torch.randn(768)}, base / "cat.safetensors")
    save_file({"emb_params": torch.randn(3, 768)}, base / "three.safetensors")
    save_file({"<cat-toy>": torch.randn(1024)}, base / "cat21.safetensors")
    save_file(
        {"clip_l": torch.randn(2, 32), "clip_g": torch.randn(2, 32)}, base / "catxl.safetensors"
    )
    return base


@pytest.fixture(scope="module")
def plain(parts: Path) -> Model:
    return load(parts)


@pytest.fixture(scope="module")
def inked(parts: Path) -> Model:
    return load(parts, loras=(lora(parts, "ink", 0.8), lora(parts, "gold", 0.0, "my_lora_train")))


@pytest.fixture(scope="module")
def led(parts: Path) -> Model:
    return load(parts, controlnet=str(parts / "controlnet"), t2i_adapter=str(parts / "t2i"))


@pytest.fixture(scope="module")
def shown(parts: Path) -> Model:
    return load(parts, **pictured(parts))


@pytest.fixture(scope="session")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Compiled]]:
    folders = {name: tmp_path_factory.mktemp(name) for name in (*TEXTS, "blending")}
    made = {
        name: (text.CUDA_SOURCE, Compiled(folders[name], text.C_SOURCE))
        for name, text in TEXTS.items()
    }
    return {**made, "": (body.CUDA_SOURCE, Compiled(folders["blending"], body.C_SOURCE))}


@pytest.fixture
def memory(in_c: dict[str, tuple[str, Compiled]], monkeypatch: pytest.MonkeyPatch) -> Recycled:
    """The card's host code, on the CPU; what comes down lies in memory that is spoiled as soon as
    nobody holds it."""
    others = {name: one for name, one in in_c.items() if name}
    stand_in_for_cupy(monkeypatch, in_c[""][1], body.CUDA_SOURCE, torch.float32, **others)
    stream = SimpleNamespace(synchronize=lambda: None)
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda one: nullcontext())
    made = Recycled()
    monkeypatch.setattr(card_transfer, "host_memory", made)
    return made
