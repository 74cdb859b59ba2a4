"""Whether a show's model and what is added to it are there and whole, without loading them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vj.commands.findings import Findings
from vj.core.errors import Fault
from vj.show.schema import Show
from vj.show.section import Place

if TYPE_CHECKING:
    from vj.diffusion.checkpoints import ModelSpec

BUILT_IN = ("pocket", "drawn", "none")
LORA_WORDS = ("lora", "lokr", "hada", "oft", "ia3", "diff")
"""One of them is in the name of a weight of every kind of LoRA."""


def check_models(show: Show, found: Findings) -> None:
    """The model, its autoencoder, LoRAs, embeddings, ControlNet and the rest, each by itself."""
    model = show.model
    parts = [*model.loras, *model.embeddings, model.controlnet, model.t2i_adapter, model.ip_adapter]
    if model.name in BUILT_IN and not any(parts):
        _engine(show, found)
        return
    from vj.app.setup import model_spec
    from vj.diffusion.built_in import reject_adapters  # torch comes with these
    from vj.diffusion.checkpoints import check_available, check_folder, check_single_file
    from vj.diffusion.pocket_model import is_built_in

    spec = model_spec(show)
    path = Path(spec.name).expanduser()
    place = ("model", "name")

    def look() -> None:
        if is_built_in(spec.name) or spec.name == "none":
            reject_adapters(spec)
            return
        check_available(spec)
        if path.is_dir():
            check_folder(spec, path)
        elif path.suffix == ".safetensors" or (path.is_file() and not spec.allow_pickle):
            check_single_file(spec, path)
        elif path.is_file():
            found.not_looked_at(f"{spec.name} (a pickle, which is read whole)")
        else:
            _hub(spec.name, found)

    _try(look, place, found)
    if not (is_built_in(spec.name) or spec.name == "none"):
        _autoencoder(spec, found)
        _adapters(spec, found)
    _engine(show, found)
    if spec.device != "auto":
        from vj.diffusion.model import best_device

        _try(lambda: best_device(spec.device), ("model", "device"), found)


def _try(look: Callable[[], object], place: Place, found: Findings) -> None:
    try:
        look()
    except Fault as fault:
        found.wrong(place, fault)
    except Exception as error:  # whatever a library throws at a file is about the file
        found.wrong(
            place,
            f"cannot be opened ({type(error).__name__}: {' '.join(str(error).split())[:200]})",
        )


def _is_id(name: str) -> bool:
    return (
        name.count("/") == 1
        and not name.startswith((".", "/", "~"))
        and Path(name).suffix not in (".safetensors", ".ckpt")
    )


def hub_folder(name: str) -> Path:
    """Where a model of Hugging Face lies once it has been fetched."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache/huggingface")
    return (
        Path(os.environ.get("HF_HUB_CACHE") or home / "hub") / f"models--{name.replace('/', '--')}"
    )


def _hub(name: str, found: Findings) -> None:
    if any(hub_folder(name).glob("snapshots/*")):
        found.not_looked_at(f"{name} (was fetched before)")
    else:
        found.not_looked_at(f"{name} (would be fetched from Hugging Face when it is first played)")


def _autoencoder(spec: ModelSpec, found: Findings) -> None:
    if spec.vae not in ("auto", "full", "taesd"):
        _folder_or_id(
            spec, "vae", spec.vae, ("AutoencoderKL", "AutoencoderTiny"), ("model", "vae"), found
        )
    if spec.lcm_lora not in ("auto", "off"):
        if Path(spec.lcm_lora).expanduser().is_file() or not _is_id(spec.lcm_lora):
            _try(lambda: _lora(spec, "lcm_lora", spec.lcm_lora), ("model", "lcm_lora"), found)
        else:
            _hub(spec.lcm_lora, found)
    if spec.config is not None and not Path(spec.config).expanduser().is_dir():
        found.wrong(
            ("model", "config"),
            f"config {spec.config}: no such folder; a diffusers folder that describes the file is "
            "wanted",
        )


def _folder_or_id(
    spec: ModelSpec, what: str, name: str, kinds: Sequence[str], place: Place, found: Findings
) -> None:
    from vj.diffusion.weights import check_part

    first: Fault | None = None
    for kind in kinds:
        try:
            if not check_part(spec, what, name, kind):
                _hub(name, found)
            return
        except Fault as fault:
            first = first or fault
    assert first is not None
    found.wrong(place, first)


def _adapters(spec: ModelSpec, found: Findings) -> None:
    if spec.loras or spec.embeddings or spec.controlnet or spec.t2i_adapter or spec.ip_adapter:
        found.not_looked_at("whether what is added to the model fits it")
    files = [*(lora.file for lora in spec.loras), *(word.file for word in spec.embeddings)]
    for file in (*files, *([spec.ip_adapter] if spec.ip_adapter is not None else [])):
        if spec.allow_pickle and Path(file).suffix != ".safetensors":
            found.not_looked_at(f"{file} (a pickle, which is read whole)")
    for index, lora in enumerate(spec.loras):
        _try(partial(_lora, spec, "lora", lora.file), ("model", "loras", index), found)
    for index, word in enumerate(spec.embeddings):
        _try(partial(_embedding, spec, word.file), ("model", "embeddings", index), found)
    if spec.controlnet is not None:
        _folder_or_id(
            spec, "controlnet", spec.controlnet, ["ControlNetModel"], ("model", "controlnet"), found
        )
    if spec.t2i_adapter is not None:
        _folder_or_id(
            spec, "t2i_adapter", spec.t2i_adapter, ["T2IAdapter"], ("model", "t2i_adapter"), found
        )
    if spec.ip_adapter is not None:
        _try(partial(_ip_adapter, spec, spec.ip_adapter), ("model", "ip_adapter"), found)
    if spec.image_encoder is not None:
        kind = "CLIPVisionModelWithProjection"
        _folder_or_id(
            spec, "image_encoder", spec.image_encoder, [kind], ("model", "image_encoder"), found
        )
    for index, name in enumerate(spec.image_prompts):
        from vj.sources.image import read_picture

        _try(
            partial(read_picture, name, "image_prompts"),
            ("model", "image_prompts", index),
            found,
        )


def _keys(spec: ModelSpec, what: str, name: str) -> list[str]:
    """The names of a file's weights; none for a pickle, which would have to be read whole. Raises
    Fault."""
    from safetensors import safe_open

    from vj.diffusion.weights import open_file

    path = open_file(spec, what, name)
    if path.suffix != ".safetensors":
        return []
    with safe_open(path, framework="pt") as file:
        return list(file.keys())


def _lora(spec: ModelSpec, what: str, name: str) -> None:
    keys = _keys(spec, what, name)
    if keys and not any(word in key.lower() for key in keys for word in LORA_WORDS):
        raise Fault(f"{what} {name}: is no LoRA (its weights are called {keys[0]} and the like)")


def _embedding(spec: ModelSpec, name: str) -> None:
    keys = _keys(spec, "embedding", name)
    if len(keys) > 1 and not {"clip_l", "clip_g"} <= set(keys):
        raise Fault(
            f"embedding {name}: is no textual inversion; one holds a single word, or clip_l and "
            "clip_g for SDXL"
        )


def _ip_adapter(spec: ModelSpec, name: str) -> None:
    keys = _keys(spec, "ip_adapter", name)
    if keys and not any(key.startswith("image_proj") for key in keys):
        raise Fault(f"ip_adapter {name}: is none (it has no image_proj and ip_adapter weights)")


def _engine(show: Show, found: Findings) -> None:
    if show.engine == "streamdiffusion":
        import importlib.util

        if importlib.util.find_spec("streamdiffusion") is None:
            found.wrong(
                ("engine",),
                "engine streamdiffusion: the package streamdiffusion is not installed; leave the "
                "line out for our own",
            )
