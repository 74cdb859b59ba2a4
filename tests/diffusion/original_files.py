"""Tiny models in single files, under the names of the original code, for every family that has
such files; Stable Diffusion 1.5's is `tests.tiny_models.one_file`."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from tests.tiny_models import one_file

Tensors = dict[str, torch.Tensor]
OPEN_CLIP = {
    "embeddings.position_embedding.weight": "positional_embedding",
    "embeddings.token_embedding.": "token_embedding.",
    "final_layer_norm.": "ln_final.",
    "encoder.layers.": "transformer.resblocks.",
    "layer_norm1.": "ln_1.",
    "layer_norm2.": "ln_2.",
    "mlp.fc1.": "mlp.c_fc.",
    "mlp.fc2.": "mlp.c_proj.",
    "self_attn.out_proj.": "attn.out_proj.",
}
LABELS = {"add_embedding.linear_1.": "label_emb.0.0.", "add_embedding.linear_2.": "label_emb.0.2."}


def weights(folder: Path) -> Tensors:
    """A part's, as they lie in its folder."""
    return load_file(next(folder.glob("*.safetensors")))


def open_clip(state: Tensors, prefix: str) -> Tensors:
    """A text encoder as OpenCLIP's code names it, query, key and value in one."""
    state = {name.removeprefix("text_model."): value for name, value in state.items()}
    out: Tensors = {}
    for name, value in state.items():
        layer, _, of_query = name.partition("self_attn.q_proj.")
        if "self_attn.k_proj." in name or "self_attn.v_proj." in name:
            continue
        if of_query:
            both = [state[f"{layer}self_attn.{one}_proj.{of_query}"] for one in "qkv"]
            name, value = f"{layer}attn.in_proj_{of_query}", torch.cat(both)
        if name == "text_projection.weight":
            name, value = "text_projection", value.T
        for theirs, original in OPEN_CLIP.items():
            name = name.replace(theirs, original)
        out[prefix + name] = value.contiguous()
    return out


def original_file(folder: Path, path: Path, without: str = "", more: Tensors | None = None) -> Path:
    """A folder of `make_model` as one file: of the families sd15, sd21 and sdxl. without: how the
    names begin that are left out. more: tensors beside."""
    one_file(folder, path)
    state = load_file(path)
    old = "cond_stage_model.transformer.text_model."
    text = {name: value for name, value in state.items() if name.startswith(old)}
    rest = {name: value for name, value in state.items() if name not in text}
    if (folder / "text_encoder_2").is_dir():
        first = "conditioner.embedders.0.transformer.text_model."
        text = {first + name.removeprefix(old): value for name, value in text.items()}
        text |= open_clip(weights(folder / "text_encoder_2"), "conditioner.embedders.1.model.")
    elif next(v for n, v in rest.items() if n.endswith("attn2.to_k.weight")).shape[-1] == 1024:
        text = open_clip(weights(folder / "text_encoder"), "cond_stage_model.model.")
    for theirs, original in LABELS.items():
        rest = {name.replace(theirs, original): value for name, value in rest.items()}
    made = {**rest, **text, **(more or {})}
    save_file({n: v for n, v in made.items() if not (without and n.startswith(without))}, path)
    return path
