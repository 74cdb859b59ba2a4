"""A LoRA's file put into a pipeline: its weights into layers of peft, whose scales are played."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vj.core.errors import Fault
from vj.diffusion.lora_file import (
    LoraModule,
    Shape,
    SortedLora,
    another_family,
    family_of_lora,
    maker_of,
    sort_lora,
)
from vj.diffusion.lora_names import spellings, split_part
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.weights import find_weights, read_weights, weight_shapes

EXAMPLES = 2
"""How many names of tensors that are left out are said."""


@dataclass(frozen=True, slots=True)
class _LoraPair:
    """down: (rank, in, ...) and up: (out, rank, ...) in float32. lengths: of a DoRA."""

    down: Tensor
    up: Tensor
    alpha: float
    lengths: Tensor | None
    by_rows: bool

    @property
    def rank(self) -> int:
        return int(self.down.shape[0])

    @property
    def finite(self) -> bool:
        held = (self.down, self.up, self.lengths, torch.tensor(self.alpha))
        return all(bool(torch.isfinite(one.float()).all()) for one in held if one is not None)


def read_metadata(path: Path) -> dict[str, str]:
    """What a safetensors file's trainer wrote beside the weights; and for a file of peft's, what
    is in the adapter_config.json beside it, as diffusers writes it into the file."""
    from safetensors import safe_open

    found: dict[str, str] = {}
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            found = dict(file.metadata() or {})
    config = path.with_name("adapter_config.json")
    if path.stem.startswith("adapter_model") and config.is_file():
        found.setdefault("lora_adapter_metadata", config.read_text(encoding="utf-8"))
    return found


def check_lora(spec: ModelSpec, what: str, name: str, family: str | None = None) -> str:
    """Whether a file is a LoRA that plays here, by its header. what: lora or lcm_lora, as the error
    says it. family: that of the model, where it is known. Returns which keys of it would not be
    played, in words; empty for none. Raises Fault."""
    _need_peft(what, name)
    shapes = weight_shapes(spec, what, name)
    if not shapes:
        return ""
    lora = sort_lora(f"{what} {name}", list(shapes))
    path = find_weights(spec, what, name)
    made_for = family_of_lora(lora, shapes, read_metadata(path))
    if made_for is not None and family not in (None, "small", made_for):
        assert family is not None
        maker = maker_of(lora, shapes, made_for)
        raise another_family(f"{what} {name}", spec.name, maker, family)
    told = _left_out(lora, {})
    return f"{what} {name}: {told}" if told else ""


def _need_peft(what: str, name: str) -> None:
    if importlib.util.find_spec("peft") is None:
        raise Fault(f"{what} {name}: needs the package peft; python3 launch.py add peft")


def add_lora(
    spec: ModelSpec,
    pipe: Any,
    family: str,
    what: str,
    name: str,
    slot: str,
    on_message: Callable[[str], None],
) -> None:
    """Put a file's LoRA into the model's parts, under the name `slot`. what: loras or lcm_lora, as
    an error begins. What is left out of the file is told. Raises Fault."""
    _need_peft(what, name)
    path = find_weights(spec, what, name)
    held = read_weights(spec, what, name)
    weights = {
        key: value
        for key, value in held.get("state_dict", held).items()  # of a .ckpt
        if isinstance(value, Tensor)
    }
    said, metadata = f"{what} {name}", read_metadata(path)
    lora = sort_lora(said, list(weights))
    shapes: dict[str, Shape] = {key: tuple(value.shape) for key, value in weights.items()}
    made_for = family_of_lora(lora, shapes, metadata)
    misfit = another_family(said, spec.name, maker_of(lora, shapes, made_for), family)
    if made_for is not None and family != "small" and made_for != family:
        raise misfit
    known = spellings(pipe)
    parts: dict[str, dict[str, _LoraPair]] = {}
    lacking: list[str] = []
    wrong: list[str] = []
    twice: list[str] = []
    differs: Fault | None = None
    for module in lora.modules.values():
        part, flat = split_part(module.name)
        found = known.get(part, {}).get(flat)
        if found is None:
            lacking += module.tensors.values()
            continue
        layer = getattr(pipe, part).get_submodule(found)
        base = getattr(layer, "base_layer", layer)
        pair = _pair(module, weights, base, _alphas(metadata, part, found))
        if pair is None:  # one layer alone may differ, as the first of inpainting models does
            sizes = [shapes[module.tensors[role]] for role in ("down", "up")]
            differs = Fault(
                f"{misfit}: {module.name} is {sizes[0]} and {sizes[1]}, and the model's weight "
                f"{tuple(base.weight.shape)}"
            )
            if made_for is None:
                raise differs
            wrong += module.tensors.values()
            continue
        if not pair.finite:
            raise Fault(
                f"{said}: is broken: {module.name} holds numbers that are none (NaN or infinite), "
                "as a training that failed leaves them; fetch it again or take an earlier save"
            )
        if found in parts.setdefault(part, {}):
            twice += module.tensors.values()
            continue
        parts[part][found] = pair
    if differs is not None and not parts:
        raise differs
    if not parts:
        raise Fault(f"{misfit}: it holds nothing that is here ({lacking[0]} and the like)")
    for part, pairs in parts.items():
        _put_in(getattr(pipe, part), pairs, slot, said)
    told = _left_out(
        lora,
        {
            f"of parts that {spec.name} has not": lacking,
            f"of another shape than in {spec.name}": wrong,
            "given twice": twice,
        },
    )
    if told:
        on_message(f"{said}: {told}")


def _left_out(lora: SortedLora, unfit: Mapping[str, list[str]]) -> str:
    """Which keys of the file are not played, in words; empty for none. unfit: those of whole
    modules that do not go into the model, by the reason."""
    groups = {words: keys for words, keys in unfit.items() if keys}
    groups |= {f"that are {kind}": keys for kind, keys in lora.other.items()}
    if not groups:
        return ""
    count = sum(map(len, groups.values()))
    each = "; ".join(
        f"{len(keys)} {kind} ({', '.join(keys[:EXAMPLES])}{' ...' if len(keys) > EXAMPLES else ''})"
        for kind, keys in groups.items()
    )
    return f"{count} of {lora.keys} keys are left out: {each}"


def _alphas(metadata: Mapping[str, str], part: str, module: str) -> Callable[[int], float]:
    """The alpha that the header gives a module, by its rank; that rank where it gives none."""
    try:
        given = json.loads(metadata.get("lora_adapter_metadata", "{}"))
    except ValueError:
        given = {}
    if not isinstance(given, dict):
        given = {}

    def said(key: str, default: Any) -> Any:
        return given.get(f"{part}.{key}", given.get(key, default))

    alpha = said("lora_alpha", None)
    for pattern, own in (said("alpha_pattern", None) or {}).items():
        if re.search(rf"(^|\.){pattern}$", module):
            alpha = own
    root = bool(said("use_rslora", False))
    return lambda rank: rank if alpha is None else float(alpha) * (rank**0.5 if root else 1.0)


def _pair(
    module: LoraModule,
    weights: Mapping[str, Tensor],
    layer: nn.Module,
    alpha_of: Callable[[int], float],
) -> _LoraPair | None:
    """A module's weights in the shape of a layer; None where they do not fit it."""
    down, up = (weights[module.tensors[role]].float() for role in ("down", "up"))
    if "mid" in module.tensors:  # Tucker's form: mid has the kernel, down and up are 1x1
        mid = weights[module.tensors["mid"]].float()
        down = torch.einsum("o m ..., m i -> o i ...", mid, down.flatten(1))
    target = layer.weight
    assert isinstance(target, Tensor)
    if down.ndim < 2 or up.ndim < 2:
        return None
    if target.ndim == 2:
        down, up = down.flatten(1), up.flatten(1)
    elif down.ndim == 2:
        down, up = down[..., None, None], up.flatten(1)[..., None, None]
    rank = down.shape[0]
    wanted_up = (target.shape[0], rank, *(1 for _ in target.shape[2:]))
    if (rank, *target.shape[1:]) != tuple(down.shape) or wanted_up != tuple(up.shape):
        return None
    alpha = alpha_of(rank)
    if "alpha" in module.tensors:
        alpha = float(weights[module.tensors["alpha"]].float().flatten()[0])
    lengths = module.tensors.get("dora")
    return _LoraPair(
        down,
        up,
        alpha or float(rank),  # kohya's trainers write 0 for the rank
        None if lengths is None else weights[lengths],
        lengths is not None and "magnitude" in lengths,
    )


@torch.no_grad()
def _put_in(part: Any, pairs: Mapping[str, _LoraPair], slot: str, said: str) -> None:
    """Add one part's layers under the name `slot`, each of its own rank. Raises Fault."""
    from peft import LoraConfig

    part.add_adapter(
        LoraConfig(
            r=1,  # each layer's own is put in below: peft would try every name against every one
            target_modules="|".join(re.escape(name) for name in pairs),
            init_lora_weights=False,
        ),
        adapter_name=slot,
    )
    for name, pair in pairs.items():
        layer = part.get_submodule(name)
        layer.r[slot], layer.lora_alpha[slot] = pair.rank, pair.alpha
        layer.set_scale(slot, 1.0)
        for mine, weight in ((layer.lora_A[slot], pair.down), (layer.lora_B[slot], pair.up)):
            like = mine.weight
            own = weight.to(like.device, like.dtype).contiguous()
            mine.weight = nn.Parameter(own, requires_grad=False)
        if pair.lengths is not None:
            _add_lengths(layer, pair, slot, f"{said}: {name}")


def _add_lengths(layer: Any, pair: _LoraPair, slot: str, said: str) -> None:
    """Make a DoRA of a layer's LoRA. Raises Fault."""
    from vj.diffusion.dora import DoraFactors, FadedDora, factors_of

    assert pair.lengths is not None
    weight = layer.get_base_layer().weight
    delta = (pair.up.flatten(1) @ pair.down.flatten(1)).view(weight.shape) * pair.alpha / pair.rank
    found = factors_of(weight.cpu(), delta, pair.lengths.cpu(), pair.by_rows)
    if found is None:
        raise Fault(
            f"{said}: is a DoRA whose magnitudes (dora_scale) are {tuple(pair.lengths.shape)}, "
            f"and the layer's weight is {tuple(weight.shape)}; they do not fit together"
        )
    factors, by_rows = found
    more = (factors - 1).to(weight.device, weight.dtype)
    layer.lora_magnitude_vector[slot] = DoraFactors(
        more if by_rows else None, None if by_rows else more
    )
    layer.lora_variant[slot] = FadedDora()
    along = (-1, 1) if by_rows else (1, -1)
    scaled = layer.lora_B[slot] if by_rows else layer.lora_A[slot]
    spread = along + (1,) * (scaled.weight.ndim - 2)
    own = pair.up if by_rows else pair.down
    scaled.weight.copy_(own * factors.view(spread))
