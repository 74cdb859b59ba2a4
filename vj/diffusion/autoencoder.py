"""The autoencoder that a show wants: of its model, TAESD, or another one, a folder, a file or a
Hugging Face id; an AutoencoderKL or an AutoencoderTiny by what its config, or its tensors, say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.load_errors import reason
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.parts import open_part, raise_missing
from vj.diffusion.weights import read_tensors, weight_names

TAESD = {"sd15": "madebyollin/taesd", "sd21": "madebyollin/taesd", "sdxl": "madebyollin/taesdxl"}
WORDS = ("auto", "full", "taesd")
"""What `vae` may be other than a name."""
KL, TINY = "encoder.conv_in.weight", "encoder.layers.0.weight"
"""A tensor of every AutoencoderKL, and of every AutoencoderTiny."""
LDM = ("first_stage_model.", "vae.")
"""How the names begin in a file that was cut out of a whole checkpoint."""


def choose_vae(
    spec: ModelSpec,
    pipe: Any,
    family: str,
    dtype: torch.dtype,
    on_message: Callable[[str], None],
) -> None:
    """Put in the autoencoder that the show wants. For auto that is TAESD, the quick one; where it
    is neither here nor quickly fetched the model's own stays, so that auto does not fail without a
    network. Raises Fault for any other that cannot be had."""
    from diffusers import AutoencoderKL, AutoencoderTiny

    wish = spec.vae
    tiny = isinstance(pipe.vae, AutoencoderTiny)
    if wish == "full" or (wish in WORDS and (family == "small" or (wish == "auto" and tiny))):
        return
    name = TAESD[family] if wish in WORDS else wish
    on_message(f"loading the autoencoder {name}")
    try:
        if Path(name).expanduser().is_file():
            vae = _of_file(spec, name, pipe.vae, dtype)
        else:
            vae = open_part(spec, "vae", name, (AutoencoderKL, AutoencoderTiny), dtype)
    except Fault:
        if wish != "auto":
            raise
        on_message(
            f"TAESD ({name}) is not at hand, so the model's own, slower autoencoder plays; name a "
            "folder with vae: to change that"
        )
        return
    pipe.register_modules(vae=vae)


def check_vae_file(spec: ModelSpec, name: str) -> None:
    """Whether a file is an autoencoder, by its header. Raises Fault."""
    names = weight_names(spec, "vae", name)
    if names and not any(_below(key) in (KL, TINY) for key in names):
        raise _no_autoencoder(name, names)


def _no_autoencoder(name: str, names: list[str]) -> Fault:
    return Fault(f"vae {name}: is no autoencoder (its weights are called {names[0]} and the like)")


def _below(name: str) -> str:
    for start in LDM:
        name = name.removeprefix(start)
    return name


def _of_file(spec: ModelSpec, name: str, own: Any, dtype: torch.dtype) -> Any:
    """An autoencoder from a file alone, whose shape is that of the model's own where that is of the
    same kind. own: the model's. Raises Fault."""
    from diffusers import AutoencoderKL, AutoencoderTiny

    found = read_tensors(spec, "vae", name)
    state = {_below(key): value for key, value in found.items()}
    try:
        if TINY in state:
            made: Any = AutoencoderTiny(**_tiny_shape(state))
            made.load_state_dict(state)
            return made.to(dtype)
        if KL not in state:
            raise _no_autoencoder(name, list(found) or ["nothing"])
        if not isinstance(own, AutoencoderKL):
            own = AutoencoderKL(**_kl_shape(state))
        with tempfile.TemporaryDirectory() as folder:
            own.save_config(folder)
            made = AutoencoderKL.from_single_file(
                state, config=folder, torch_dtype=dtype, local_files_only=True
            )
    except Fault:
        raise
    except Exception as error:
        raise Fault(f"vae {name}: does not fit this model: {reason(error)}") from None
    raise_missing(f"vae {name}:", [key for key, one in made.named_parameters() if one.is_meta])
    return made


def _tiny_shape(state: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    wide = len(state[TINY])
    last = max(
        (key for key in state if key.startswith("encoder.layers.") and key.endswith(".weight")),
        key=lambda key: int(key.split(".")[2]),
    )
    return {
        "encoder_block_out_channels": (wide,) * 4,
        "decoder_block_out_channels": (wide,) * 4,
        "latent_channels": len(state[last]),
    }


def _kl_shape(state: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """Stable Diffusion's, as wide as the file's."""
    wide = len(state[KL])
    return {
        "block_out_channels": (wide, 2 * wide, 4 * wide, 4 * wide),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 2,
        "latent_channels": 4,
    }
