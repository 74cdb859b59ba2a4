"""What a single file holds, by the names and shapes of its tensors: a whole checkpoint of a family
that plays here, a UNet alone, or something else, which is refused by its name.

Public reports are full of files that are one thing and are taken for another; a file's name says
little, its tensors say it all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vj.core.errors import Fault
from vj.diffusion.weights import Shapes

UNET, DIFFUSERS_IN = "model.diffusion_model.", "conv_in.weight"
VAES = ("first_stage_model.", "vae.")
TEXTS = {
    "cond_stage_model.transformer.": "v1",
    "cond_stage_model.model.": "v2",
    "conditioner.embedders.1.": "xl",
}
"""How the names of text encoders begin, and the family of the file."""
WIDTHS = {768: "v1", 1024: "v2", 2048: "xl"}
"""Numbers a token that a UNet's attention takes."""
PLAYED = "the Stable Diffusion 1.5, 2.1, Turbo and SDXL families play here"
OTHER_UNETS = {
    9: "an inpainting model, which takes a mask and a masked picture beside the frame",
    8: "an instruct-pix2pix model, which takes a second picture beside the frame",
    5: "a depth model (depth2img), which takes a depth picture beside the frame",
    7: "an upscaler, which takes a small picture beside the noise",
}
"""Models that do not play here, by how many channels their UNet takes."""
FOREIGN = (
    ("joint_blocks.", "a Stable Diffusion 3 model"),
    ("double_blocks.", "a Flux model"),
    ("single_transformer_blocks.", "a Flux model"),
    ("time_stack.", "a Stable Video Diffusion model"),
    ("motion_modules.", "an AnimateDiff motion module"),
    ("down_blocks.0.0.channelwise.", "a Stable Cascade model"),
    ("controlnet_cond_embedding.", "a ControlNet: name its folder with controlnet:"),
    ("control_model.", "a ControlNet: name its folder with controlnet:"),
    ("zero_convs.", "a ControlNet: name its folder with controlnet:"),
    ("input_hint_block.", "a ControlNet: name its folder with controlnet:"),
    ("image_proj", "an IP-Adapter: name it with ip_adapter:"),
    ("ip_adapter.", "an IP-Adapter: name it with ip_adapter:"),
    ("emb_params", "a textual inversion: name it with embeddings:"),
    ("clip_g", "a textual inversion: name it with embeddings:"),
)
"""What a part of a tensor's name says a file is."""


class FileKind(NamedTuple):
    """family: v1, v2 or xl. unet_alone: a UNet in diffusers' own names, without the rest. vae,
    text: whether it has them. prediction: what its UNet returns, where the file says so. zero_snr:
    its noise schedule ends without a signal."""

    family: str
    unet_alone: bool
    vae: bool
    text: bool
    prediction: str | None
    zero_snr: bool


def file_kind(where: str, shapes: Shapes, said: Mapping[str, str]) -> FileKind:
    """What a file is. where: it, for the error, like `model FILE`. said: a safetensors file's
    metadata. Raises Fault for what does not play here."""
    names = list(shapes)
    ldm = [name for name in names if name.startswith(UNET)]
    alone = not ldm and DIFFUSERS_IN in shapes and any(n.startswith("down_blocks.") for n in names)
    _reject_foreign(where, names, bool(ldm) or alone)
    if any(name.startswith("conditioner.embedders.0.model.") for name in names) and not any(
        name.startswith("conditioner.embedders.1.") for name in names
    ):
        raise Fault(f"{where}: {REFINER}")
    first = shapes.get(DIFFUSERS_IN if alone else UNET + "input_blocks.0.0.weight")
    if first is not None:
        reject_channels(where, first[1])
    return FileKind(
        _family(shapes),
        alone,
        any(name.startswith(VAES) for name in names),
        any(name.startswith(tuple(TEXTS)) for name in names),
        _prediction(names, said),
        "ztsnr" in shapes,
    )


REFINER = (
    "is the SDXL refiner, which only finishes what SDXL's base model has begun; name a base model"
)


def _reject_foreign(where: str, names: list[str], has_unet: bool) -> None:
    for part, what in FOREIGN:
        if any(part in name for name in names):
            raise Fault(f"{where}: is {what}; {PLAYED}")
    if has_unet:
        return
    if any("lora" in name or "hada_" in name or "lokr_" in name for name in names):
        what, remedy = "a LoRA", "; add this to a model, with loras:"
    elif any(name.startswith(("decoder.", "encoder.", *VAES)) for name in names):
        what, remedy = "an autoencoder and not a whole checkpoint", "; name this with vae:"
    else:
        what, remedy = "not a whole checkpoint", ""
    raise Fault(
        f"{where}: is {what}; a single-file checkpoint holds model.diffusion_model.*, text "
        f"encoder and VAE{remedy}"
    )


def reject_channels(where: str, channels: int) -> None:
    """Raises Fault for a UNet that takes more than latents."""
    if channels in OTHER_UNETS:
        raise Fault(
            f"{where}: its UNet takes {channels} channels, not 4: {OTHER_UNETS[channels]}; it does "
            f"not play here; {PLAYED}"
        )


def _family(shapes: Shapes) -> str:
    for start, family in TEXTS.items():
        if any(name.startswith(start) for name in shapes):
            return family
    widths = (shape[-1] for name, shape in shapes.items() if name.endswith("attn2.to_k.weight"))
    sized = any("label_emb." in name or name.startswith("add_embedding.") for name in shapes)
    return WIDTHS.get(next(widths, 0), "xl" if sized else "v1")


def _prediction(names: list[str], said: Mapping[str, str]) -> str | None:
    """What a UNet returns: SDXL files that were trained for v say so by an empty tensor, and others
    in their header (the modelspec standard)."""
    if "v_pred" in names:
        return "v_prediction"
    told = said.get("modelspec.prediction_type", "").lower()
    known = {"v": "v_prediction", "v_prediction": "v_prediction", "epsilon": "epsilon"}
    return known.get(told)
