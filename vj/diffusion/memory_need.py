"""How much memory a model takes once it is loaded, found out from its files alone. No torch.

The factors were measured with `bench/models.py`: how much more memory the process has after one
more of the same kind was loaded and has painted; for Stable Diffusion models with one of random
weights, 57 million numbers, on a CPU. What a card's memory takes is an estimate.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vj.core.fetched import models_folder
from vj.core.frame import Size
from vj.diffusion.model_names import FoundModel, find_model, hub_cache
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.weight_files import DIFFUSERS, TRANSFORMERS, weights_among
from vj.painters.installed import FILES
from vj.translator.card import FILE as TRANSLATOR
from vj.translator.conditions import TRACKED

FIRST_TORCH, FIRST_NETWORK = 240_000_000, 35_000_000
"""Bytes that PyTorch takes when it is imported, and a library when it computes for the first
time."""
TRACKER = 12_000_000
"""Bytes of what finds faces and people."""
HEADER = 100_000_000
"""Bytes that the header of a safetensors file may take, as the format says."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """weights: bytes in memory for each byte of the weights, as they are computed with. pixel:
    bytes for each pixel that is painted."""

    weights: float
    pixel: float


OWN = _Kind(0.0, 0.0)
KINDS = {
    "none": OWN,
    "drawn": _Kind(1.0, 170),
    "pocket": _Kind(1.3, 150),
    "translator": _Kind(1.2, 120),
    "styles": _Kind(8.0, 820),
    "picture": _Kind(4.5, 380),
}
"""Of the weights compiled for one size; a painter's are small and compiled by onnxruntime."""
STABLE_DIFFUSION, ON_CARD = _Kind(1.6, 500), _Kind(1.1, 2000)
"""Of Stable Diffusion models, on a CPU and on a card; the second was not measured."""
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
"""The folders of a model in the layout of diffusers that hold weights."""


def memory_need(spec: ModelSpec, size: Size, device: str = "cpu") -> int | None:
    """Bytes that a show's model takes, painted at a size; of the card's memory where `device` is a
    card. None where its files are not here, or cannot be read: loading it says why."""
    found = find_model(spec.name)
    try:
        numbers = sum(_numbers(file) for file in _files(spec, found))
    except (OSError, ValueError):
        return None
    if not numbers and found.kind not in ("none", "drawn"):
        return None
    on_card = device not in ("cpu", "") and found.kind not in ("styles", "picture", "drawn")
    wide = 2 if spec.dtype in ("float16", "bfloat16") or (spec.dtype == "auto" and on_card) else 4
    kind = KINDS.get(found.kind, ON_CARD if on_card else STABLE_DIFFUSION)
    need = kind.weights * numbers * wide + kind.pixel * size.width * size.height
    if found.kind == "translator" and _kind_of(found.path) in TRACKED:
        need += TRACKER
    return round(need) + (0 if on_card else _libraries(found.kind))


def _libraries(kind: str) -> int:
    """What the first model of a kind brings with it on the host."""
    if kind == "none":
        return 0
    if kind in ("styles", "picture"):
        return 0 if "onnxruntime" in sys.modules else FIRST_NETWORK
    return 0 if "torch" in sys.modules else FIRST_TORCH


def _files(spec: ModelSpec, found: FoundModel) -> Iterator[Path]:
    """The files of a model's weights."""
    if found.kind in ("styles", "picture"):
        yield from (models_folder() / name for name in FILES[found.kind])
    elif found.kind in ("pocket", "file"):
        yield found.path
    elif found.kind == "translator":
        yield found.path if found.path.is_file() else found.path / TRANSLATOR
    elif found.kind in ("folder", "id"):
        folder = found.path if found.kind == "folder" else fetched(spec.name)
        for part in PARTS:
            yield from _of_folder(None if folder is None else folder / part)
    for lora in spec.loras:
        yield Path(lora.file).expanduser()
    if spec.ip_adapter is not None:
        yield Path(spec.ip_adapter).expanduser()
    led = [part.model for part in (*spec.controlnet, *spec.t2i_adapter)]
    for name in (*led, spec.image_encoder):
        if name is not None:
            folder = Path(name).expanduser()
            yield from _of_folder(folder if folder.is_dir() else fetched(name))


def _of_folder(folder: Path | None) -> list[Path]:
    """The weights in one folder: of several copies, in other number types or as a pickle, one."""
    names = [file.name for file in folder.iterdir()] if folder and folder.is_dir() else []
    chosen = weights_among(names, DIFFUSERS, True) or weights_among(names, TRANSFORMERS, True)
    return [] if folder is None or chosen is None else [folder / name for name in chosen.files]


def fetched(hub_id: str) -> Path | None:
    """The newest version of a Hugging Face model that has been fetched."""
    folder = hub_cache() / f"models--{hub_id.replace('/', '--')}"
    versions = sorted(folder.glob("snapshots/*"), key=lambda path: path.stat().st_mtime)
    return versions[-1] if versions else None


def _numbers(file: Path) -> int:
    """How many numbers a file of weights holds; where that cannot be read, as many as four bytes
    each make. Raises OSError, ValueError."""
    size = file.stat().st_size
    if file.suffix != ".safetensors":
        return size // 4
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if not 2 <= length <= min(HEADER, size):
            raise ValueError(f"{file}: no safetensors file")
        header = json.loads(opened.read(length))
    tensors = (entry for name, entry in header.items() if name != "__metadata__")
    return sum(math.prod(entry["shape"]) for entry in tensors)


def _kind_of(folder: Path) -> str:
    """What a translator paints from, as its card says; empty where there is none."""
    card = (folder.parent if folder.is_file() else folder) / "card.json"
    try:
        return str(json.loads(card.read_text(encoding="utf-8")).get("kind", ""))
    except (OSError, ValueError, AttributeError):
        return ""
