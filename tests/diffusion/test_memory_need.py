"""What a model will take of memory, found out from its files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vj.core.frame import Size
from vj.diffusion.memory_need import memory_need
from vj.diffusion.model_spec import LoraFile, ModelSpec

SIZE = Size(256, 256)


def weights(file: Path, count: int, kind: str = "F32") -> Path:
    """A safetensors file of one tensor, whose numbers nobody reads."""
    wide = {"F32": 4, "F16": 2}[kind]
    entry = {"dtype": kind, "shape": [count // 2, 2], "data_offsets": [0, count * wide]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "w": entry}).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        out.write(len(header).to_bytes(8, "little") + header)
        out.truncate(8 + len(header) + count * wide)
    return file


@pytest.fixture(autouse=True)
def libraries_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a show whose first model is loaded."""
    for name in ("torch", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name, sys))


def folder_of(place: Path, unet: int, vae: int, kind: str = "F16") -> Path:
    weights(place / "unet" / "diffusion_pytorch_model.safetensors", unet, kind)
    weights(place / "vae" / "diffusion_pytorch_model.safetensors", vae, kind)
    return place


def test_it_is_told_by_the_numbers_and_how_they_are_computed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", 10_000_000, 2_000_000)
    spec = ModelSpec(name=str(folder))
    on_cpu, on_card = memory_need(spec, SIZE), memory_need(spec, SIZE, "cuda")
    assert on_cpu is not None
    assert on_card is not None
    assert 24_000_000 < on_card - 2000 * 256 * 256 < 30_000_000
    assert on_cpu > 48_000_000
    half = memory_need(ModelSpec(name=str(folder), dtype="bfloat16"), SIZE)
    assert half is not None
    assert half < 0.7 * on_cpu
    larger = memory_need(spec, Size(512, 512))
    assert larger is not None
    assert larger > on_cpu


def test_of_copies_one_is_counted_and_what_is_added_too(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", 10_000_000, 2_000_000)
    before = memory_need(ModelSpec(name=str(folder)), SIZE)
    weights(folder / "unet" / "diffusion_pytorch_model.fp16.safetensors", 10_000_000, "F16")
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"x" * 1000)
    assert memory_need(ModelSpec(name=str(folder)), SIZE) == before
    lora = weights(tmp_path / "ink.safetensors", 1_000_000)
    with_lora = ModelSpec(name=str(folder), loras=(LoraFile(str(lora), "ink"),))
    after = memory_need(with_lora, SIZE)
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(1.6 * 4_000_000, rel=0.1)


def test_where_nothing_is_known_none_is_said(tmp_path: Path) -> None:
    assert memory_need(ModelSpec(name="somebody/never-fetched"), SIZE) is None
    assert memory_need(ModelSpec(name=str(tmp_path / "lost")), SIZE) is None
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\xff" * 40)
    assert memory_need(ModelSpec(name=str(broken)), SIZE) is None
    assert memory_need(ModelSpec(name="none"), SIZE) == 0


@pytest.mark.long
@pytest.mark.parametrize("name", ["drawn", "pocket", "kiss"])
def test_it_is_what_one_more_model_really_takes(name: str) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("what the process has is read from /proc")
    command = [sys.executable, "-m", "bench.models", "memory", name, "--size", str(SIZE)]
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment)
    took, expected = done.stdout.split(": ")[1].split(" MB, expected ")
    *_, third = map(float, took.split(", "))
    assert 0.6 * third <= float(expected) <= 1.7 * third
