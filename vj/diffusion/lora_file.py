"""A LoRA's file, whichever trainer wrote it: sorted into modules, what else it is named, what it
was made for.

Names end in what a tensor is (`.lora_down.weight`, `.lora_A.default.weight`, `.alpha`,
`.dora_scale`) and begin with a part of the model and a module, spelled in ten ways; which module
that is, `vj.diffusion.lora_names` says by the model itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vj.core.errors import Fault
from vj.diffusion.lora_names import split_part

Shape = tuple[int, ...]

ROLES = {
    "down": r"(\.lora_down|\.lora_A(\.\w+)?|[._]lora\.down|\.lora_linear_layer\.down)\.weight",
    "up": r"(\.lora_up|\.lora_B(\.\w+)?|[._]lora\.up|\.lora_linear_layer\.up)\.weight",
    "mid": r"\.lora_mid\.weight",
    "alpha": r"([._]lora)?\.alpha",
    "dora": r"\.dora_scale|\.lora_magnitude_vector(\.\w+)?(\.weight)?",
}
"""What a tensor is of its module, by the end of its name."""
_ROLES = {role: re.compile(f"(?:{pattern})$") for role, pattern in ROLES.items()}

OTHER_KINDS = {
    "LoHa": r"\.hada_",
    "LoKr": r"\.lokr_",
    "OFT": r"\.(oft_|boft_)",
    "GLoRA": r"\.(a1|a2|b1|b2)\.weight$",
    "IA3": r"\.on_input$|ia3_",
    "full weights (.diff)": r"\.diff(_b)?$",
    "weights of norms": r"\.[wb]_norm$",
    "bundled embeddings": r"^bundle_emb\.",
    "cloneofsimo's LoRA": r"^(unet|text_encoder)(:\d+)?:(up|down|\d+)",
    "Custom Diffusion": r"_custom_diffusion\.",
    "VeRA": r"[._]vera_lambda_",
}
"""What trainers put into such files and vj does not play, by the names of its tensors."""
_KINDS = {kind: re.compile(pattern) for kind, pattern in OTHER_KINDS.items()}

OTHER_MODELS = {
    "FLUX": r"double_blocks|single_blocks|single_transformer_blocks",
    "Stable Diffusion 3": r"joint_blocks",
    "a video model": r"^(diffusion_model\.|lora_unet_)?blocks[._]\d+[._](self|cross)_attn",
    "a transformer (Flux, Stable Diffusion 3 and the like)": r"^(base_model\.model\.)?"
    r"(transformer\.|lora_transformer_)",
    "Stable Cascade": r"^lora_prior_",
    "AnimateDiff, a video model": r"motion_modules[._]|temporal_transformer[._]",
}
_MODELS = {model: re.compile(pattern) for model, pattern in OTHER_MODELS.items()}

FAMILIES = {
    "sd15": "Stable Diffusion 1.5",
    "sd21": "Stable Diffusion 2.1",
    "sdxl": "SDXL",
    "small": "a small model",
}
TEXT_WIDTHS = {768: "sd15", 1024: "sd21", 2048: "sdxl"}
"""How many numbers a token has that the UNet's cross-attention takes."""


@dataclass
class LoraModule:
    """The names of one module's tensors in the file, by what they are (see `ROLES`)."""

    name: str
    tensors: dict[str, str] = field(default_factory=dict)


@dataclass
class SortedLora:
    """A file's tensors. modules: by their name in the file, whole ones alone. other: what is no
    LoRA, or half of one, by its kind."""

    modules: dict[str, LoraModule]
    other: dict[str, list[str]]

    @property
    def keys(self) -> int:
        """How many tensors the file holds."""
        held = sum(len(module.tensors) for module in self.modules.values())
        return held + sum(map(len, self.other.values()))


def sort_lora(what: str, names: Sequence[str]) -> SortedLora:
    """Sort the tensors of a file, by their names alone. what: the setting and the file, as an error
    begins. Raises Fault for a file that is no LoRA, of a kind that is not played, or of a model of
    another making."""
    modules: dict[str, LoraModule] = {}
    other: dict[str, list[str]] = {}
    for name in names:
        kind = next((kind for kind, look in _KINDS.items() if look.search(name)), None)
        found = next(((role, m) for role, look in _ROLES.items() if (m := look.search(name))), None)
        if kind is not None or found is None:
            other.setdefault(kind or "unknown names", []).append(name)
            continue
        role, match = found
        # `to_q_lora.down.weight`: the module's own name ends before `_lora`
        module = name[: match.start()]
        tensors = modules.setdefault(module, LoraModule(module)).tensors
        if role in tensors:
            other.setdefault("given for another adapter, too", []).append(name)
        else:
            tensors[role] = name
    kind_of = {name.partition(".")[0]: kind for kind, held in other.items() for name in held}
    for half in [m for m in modules.values() if not {"down", "up"} <= m.tensors.keys()]:
        del modules[half.name]
        # an alpha of a module of LoHa is of that kind
        kind = kind_of.get(half.name.partition(".")[0], "halves of pairs")
        other.setdefault(kind, []).extend(half.tensors.values())
    for model, look in _MODELS.items():
        if any(look.search(name) for name in modules):
            raise Fault(
                f"{what}: does not fit; it was made for {model}, another family of models than the "
                "Stable Diffusion ones that play here"
            )
    if not modules:
        kinds = [kind for kind in _KINDS if kind in other]
        if kinds:
            raise Fault(
                f"{what}: is of the kind {' and '.join(kinds)} ({sum(map(len, other.values()))} "
                "keys), which is not played here; LoRA, LoCon and DoRA are"
            )
        called = f"its weights are called {names[0]} and the like" if names else "it names none"
        raise Fault(f"{what}: is no LoRA ({called})")
    return SortedLora(modules, other)


def _width(module: LoraModule, shapes: Mapping[str, Shape]) -> int:
    """How many channels go into a module; 0 for a broken one."""
    return (*shapes[module.tensors["down"]], 0, 0)[1]


def family_of_lora(
    lora: SortedLora, shapes: Mapping[str, Shape], metadata: Mapping[str, str]
) -> str | None:
    """sd15, sd21 or sdxl, by the width of the text that it takes, by its parts, by what its trainer
    wrote; None where none of them says. shapes: of its tensors, by name."""
    for module in lora.modules.values():
        if re.search(r"attn2[._](processor[._])?to_[kv]$", module.name):
            width = _width(module, shapes)
            if width in TEXT_WIDTHS:
                return TEXT_WIDTHS[width]
    for module in lora.modules.values():
        part, name = split_part(module.name)
        if part == "text_encoder_2":
            return "sdxl"
        width = _width(module, shapes)
        if part == "text_encoder" and name.endswith("q_proj") and width == 1024:
            return "sd21"
    said = " ".join(
        metadata.get(key, "") for key in ("ss_base_model_version", "modelspec.architecture")
    ).lower()
    for words, family in (
        (("xl",), "sdxl"),
        (("sd_v2", "diffusion-v2"), "sd21"),
        (("sd_v1", "diffusion-v1", "sd_1"), "sd15"),
    ):
        if any(word in said for word in words):
            return family
    return None


def another_family(what: str, name: str, maker: str, family: str) -> Fault:
    """That a file was made for one family of models and the model `name` is of another. maker: the
    first in words, see `maker_of`."""
    if maker == FAMILIES.get(family):
        return Fault(
            f"{what}: does not fit {name}: both are {maker}, but no layer of it has a size that is "
            "found here"
        )
    return Fault(
        f"{what}: does not fit {name}, which is {FAMILIES.get(family, family)}; it was made for "
        f"{maker}, another family of models"
    )


SHAPES = (
    (r"transformer_blocks[._][1-9]", FAMILIES["sdxl"]),
    (
        r"down_blocks[._]0[._]attentions|up_blocks[._]3[._]attentions|input_blocks[._][12][._]1[._]",
        f"{FAMILIES['sd15']} or 2.1",
    ),
)
"""Blocks that only one of the families has, as far as those of the usual depth go."""


def maker_of(lora: SortedLora, shapes: Mapping[str, Shape], made_for: str | None) -> str:
    """Which models a LoRA was made for, in words: its family, else the nearest that its tensors
    say. For those that do not fit alone: small models may be built like another family."""
    if made_for is not None:
        return FAMILIES[made_for]
    for module in lora.modules.values():
        if re.search(r"attn2[._](processor[._])?to_[kv]$", module.name):
            width = _width(module, shapes)
            return f"a model whose text has {width} numbers a token"
    for pattern, family in SHAPES:
        if any(re.search(pattern, name) for name in lora.modules):
            return family
    first = next(iter(lora.modules.values()))
    sizes = _width(first, shapes), (*shapes[first.tensors["up"]], 0)[0]
    return f"a model whose {first.name} has {sizes[0]} channels in and {sizes[1]} out"
