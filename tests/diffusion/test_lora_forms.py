"""LoRAs in the forms that people have: each changes the weights as the same numbers added by hand
do, what is left out is told, and what is of another kind or family is refused by its name."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import save_file
from torch import Tensor

from tests.diffusion import lora_spellings as forms
from tests.diffusion.adapter_parts import T, X, apart, at, guess
from tests.tiny_models import one_file
from vj.core.errors import Fault
from vj.diffusion.folder_facts import family_of_folder
from vj.diffusion.library_words import told_once
from vj.diffusion.loading import load_model
from vj.diffusion.lora_layers import add_lora, check_lora
from vj.diffusion.model import Model
from vj.diffusion.model_spec import LoraFile, ModelSpec
from vj.diffusion.pipelines import family_of

Loads = Callable[..., tuple[Model, list[str]]]
Adds = Callable[..., tuple[dict[str, Tensor], list[str]]]


@pytest.fixture(scope="module")
def pipes(parts: Path) -> dict[str, Any]:
    return {
        "lcm": StableDiffusionPipeline.from_pretrained(parts / "lcm"),
        "sdxl": StableDiffusionXLPipeline.from_pretrained(parts / "sdxl"),
    }


@pytest.fixture(scope="module")
def layers(pipes: dict[str, Any]) -> dict[str, forms.Layers]:
    """A LoRA for each family, of all kinds of modules."""
    return {
        "lcm": forms.draw_lora(pipes["lcm"], ("unet", "text_encoder")),
        "attention": forms.draw_lora(pipes["lcm"], attention=True),
        "text": {
            name: given
            for name, given in forms.draw_lora(pipes["lcm"], ("text_encoder",)).items()
            if name.endswith("_proj")
        },
        "sdxl": forms.draw_lora(pipes["sdxl"], ("unet", "text_encoder", "text_encoder_2")),
    }


@pytest.fixture
def adds(pipes: dict[str, Any], tmp_path: Path, request: Any) -> Adds:
    """Put a file's tensors into a pipeline that has those of other tests already, each under a
    name of its own. Returns what they change, and what was said."""

    def add(
        state: dict[str, Tensor], family: str = "lcm", **header: str
    ) -> tuple[dict[str, Tensor], list[str]]:
        path, said, pipe = tmp_path / "wave.safetensors", list[str](), pipes[family]
        save_file(state, path, header or None)
        slot = f"slot{abs(hash(request.node.name))}"
        spec = ModelSpec(str(path.parent / family), device="cpu")
        with told_once("lora", said.append):
            add_lora(spec, pipe, family_of(pipe), "lora", str(path), slot, said.append)
        return forms.played(pipe, slot), said

    return add


@pytest.fixture
def loads(parts: Path, tmp_path: Path) -> Loads:
    """Write a file's tensors and load a model with them. Returns what was said, too."""

    def load_with(
        state: dict[str, Tensor], family: str = "lcm", weight: float = 1.0, **header: str
    ) -> tuple[Model, list[str]]:
        path, said = tmp_path / "wave.safetensors", list[str]()
        save_file(state, path, header or None)
        lora = LoraFile(str(path), "wave", weight)
        spec = ModelSpec(
            str(parts / family), vae="full", lcm_lora="off", device="cpu", loras=(lora,)
        )
        model = load_model(spec, said.append)
        assert isinstance(model, Model)
        return model, [one for one in said if "keys are" in one]

    return load_with


@pytest.mark.parametrize(
    ("family", "spelling"),
    [
        *(("lcm", "kohya"), ("lcm", "kohya te1"), ("lcm", "diffusers"), ("lcm", "peft")),
        ("lcm", "peft default"),
        *(("attention", "old diffusers"), ("attention", "comfy"), ("attention", "bare peft")),
        *(("attention", "lycoris"), ("text", "first text"), ("lcm", "onetrainer")),
        *(("sdxl", "kohya sgm"), ("sdxl", "diffusers"), ("sdxl", "peft"), ("sdxl", "onetrainer")),
    ],
)
def test_each_spelling_is_the_same_numbers(
    layers: dict[str, forms.Layers], adds: Adds, family: str, spelling: str
) -> None:
    given = layers[family]
    change, said = adds(forms.written(given, spelling), "sdxl" if family == "sdxl" else "lcm")
    assert not said, "nothing is left out"
    assert forms.apart(change, forms.changes(given)) < 1e-5


def test_what_it_paints_is_what_weights_merged_by_hand_paint(
    layers: dict[str, forms.Layers], loads: Loads, parts: Path
) -> None:
    given = layers["lcm"]
    model, _ = loads(forms.written(given, "kohya"), weight=0.7)
    by_hand = load_model(ModelSpec(str(parts / "lcm"), vae="full", lcm_lora="off", device="cpu"))
    assert isinstance(by_hand, Model)
    before = guess(by_hand)
    forms.merged(by_hand.pipe, given, 0.7)
    assert apart(guess(model), guess(by_hand)) < 1e-4
    assert apart(guess(by_hand), before) > 1e-2


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_small_numbers_are_read(
    layers: dict[str, forms.Layers], adds: Adds, dtype: torch.dtype
) -> None:
    small = {
        name: (down.to(dtype), up.to(dtype), alpha)
        for name, (down, up, alpha) in layers["attention"].items()
    }
    change, _ = adds(forms.written(small, "kohya"))
    wide = {name: (down.float(), up.float(), a) for name, (down, up, a) in small.items()}
    assert forms.apart(change, forms.changes(wide)) < 1e-5


def test_a_locon_of_three_factors(adds: Adds) -> None:
    """LyCORIS writes a convolution as 1x1, 3x3, 1x1."""
    torch.manual_seed(2)
    down, mid, up = torch.randn(3, 8, 1, 1), torch.randn(3, 3, 3, 3), torch.randn(8, 3, 1, 1)
    name = "lora_unet_down_blocks_0_resnets_0_conv1"
    tensors = {"lora_down.weight": down, "lora_mid.weight": mid, "lora_up.weight": up}
    change, _ = adds({f"{name}.{key}": value for key, value in tensors.items()})
    x = torch.randn(1, 8, 6, 6)
    inner = torch.nn.functional.conv2d(torch.nn.functional.conv2d(x, down), mid, padding=1)
    (delta,) = change.values()
    wanted = torch.nn.functional.conv2d(inner, up)
    assert apart(torch.nn.functional.conv2d(x, delta, padding=1), wanted) < 1e-3


def test_the_alpha_of_a_header(layers: dict[str, forms.Layers], adds: Adds) -> None:
    """diffusers writes peft's config there, and no alphas beside the weights."""
    given = {name: (down, up, 5.0) for name, (down, up, _) in layers["attention"].items()}
    state = {k: v for k, v in forms.written(given, "diffusers").items() if "alpha" not in k}
    change, _ = adds(state, lora_adapter_metadata='{"unet.r": 4, "unet.lora_alpha": 5}')
    assert forms.apart(change, forms.changes(given)) < 1e-5


@pytest.mark.parametrize("by", ["rows", "columns", "peft"])
def test_a_dora_has_its_lengths_and_is_off_at_nothing(
    loads: Loads, parts: Path, plain: Model, by: str
) -> None:
    pipe = StableDiffusionPipeline.from_pretrained(parts / "lcm")
    given = {
        **forms.draw_lora(pipe, attention=True),
        **{k: v for k, v in forms.draw_lora(pipe).items() if k.endswith("conv1")},
    }
    state = forms.written(given, "diffusers" if by == "peft" else "kohya")
    wanted: dict[str, Tensor] = {}
    generator = torch.Generator().manual_seed(4)
    for name, change in forms.changes(given).items():
        weight: Tensor = pipe.unet.get_submodule(name.removeprefix("unet.")).weight.data
        whole = weight + change
        along = [axis for axis in range(whole.ndim) if axis != (1 if by == "columns" else 0)]
        norm = whole.pow(2).sum(along, keepdim=True).sqrt()
        lengths = norm * (0.5 + torch.rand(norm.shape, generator=generator))
        wanted[name] = lengths / norm * whole - weight
        if by == "peft":
            flat = lengths.flatten() if whole.ndim == 2 else lengths.transpose(0, 1)
            state[f"{name}.lora_magnitude_vector"] = flat.contiguous()
        else:
            module = name.removeprefix("unet.").replace(".", "_")
            state[f"lora_unet_{module}.dora_scale"] = lengths
    model, said = loads(state)
    assert not said
    full = guess(model)
    model.follow(at(wave=0.0))
    assert apart(guess(model), guess(plain)) < 1e-5, "at 0 it is as if there were none"
    model.follow(at(wave=0.5))
    half = guess(model)
    for amount, seen in ((1.0, full), (0.5, half)):
        by_hand = copy.deepcopy(pipe.unet)
        for name, change in wanted.items():
            by_hand.get_submodule(name.removeprefix("unet.")).weight.data += change * amount
        tokens = plain.encode_text("gold").tokens.expand(2, -1, -1)
        with torch.no_grad():
            assert apart(by_hand(X, T, tokens).sample, seen) < 1e-4


def test_what_is_left_out_is_told_with_its_count(
    layers: dict[str, forms.Layers], adds: Adds
) -> None:
    state = forms.written(layers["attention"], "kohya")
    whole = len(state)
    down, up = torch.ones(2, 8), torch.ones(8, 2)
    for number in range(2):
        name = f"lora_unet_down_blocks_7_attentions_{number}_proj_in"
        state |= {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up.clone()}
        down = down.clone()
    state["lora_unet_conv_norm_out.w_norm"] = torch.ones(8)
    _, said = adds(state)
    assert len(said) == 1
    assert f"5 of {whole + 5} keys are left out" in said[0]
    assert "4 of parts that" in said[0]
    assert "down_blocks_7" in said[0]
    assert "1 that are weights of norms" in said[0]


def test_a_layer_of_another_shape_and_one_given_twice_are_told(
    layers: dict[str, forms.Layers], adds: Adds
) -> None:
    """One trained on an inpainting model has a first layer of nine channels."""
    state = forms.written(layers["attention"], "kohya")
    again = forms.written(layers["attention"], "peft")
    state |= {name: again[name].clone() for name in list(again)[:3]}
    for end, shape in (("down", (2, 9, 3, 3)), ("up", (8, 2, 1, 1))):
        state[f"lora_unet_conv_in.lora_{end}.weight"] = torch.ones(shape)
    change, (said,) = adds(state)
    assert forms.apart(change, forms.changes(layers["attention"])) < 1e-5
    assert f"5 of {len(state)} keys are left out" in said
    assert "2 of another shape" in said
    assert "3 given twice" in said


def test_what_a_failed_training_leaves_is_refused(
    layers: dict[str, forms.Layers], adds: Adds
) -> None:
    state = forms.written(layers["attention"], "kohya")
    state[next(name for name in state if "lora_up" in name)] = torch.full((8, 2), float("nan"))
    with pytest.raises(Fault, match=r"is broken: .*NaN"):
        adds(state)


def test_a_folder_as_peft_writes_one(
    layers: dict[str, forms.Layers], pipes: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("adapter_model.safetensors", "optimizer.safetensors"):
        save_file(forms.written(layers["attention"], "bare peft"), tmp_path / name)
    (tmp_path / "adapter_config.json").write_text('{"lora_alpha": 3}')
    spec = ModelSpec(str(tmp_path), device="cpu")
    add_lora(spec, pipes["lcm"], "sd15", "lora", str(tmp_path), "folder", pytest.fail)
    (tmp_path / "adapter_model.safetensors").rename(tmp_path / "own.safetensors")
    with pytest.raises(Fault, match=r"folder with several files: .*own\.safetensors"):
        add_lora(spec, pipes["lcm"], "sd15", "lora", str(tmp_path), "folder", pytest.fail)


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        (("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "alpha"), "LoHa"),
        (("lokr_w1", "lokr_w2", "alpha"), "LoKr"),
        (("oft_blocks", "alpha"), "OFT"),
        (("a1.weight", "a2.weight", "b1.weight", "b2.weight"), "GLoRA"),
        (("diff",), "full weights"),
        (("vera_lambda_b", "vera_lambda_d"), "VeRA"),
    ],
)
def test_other_kinds_are_refused_by_name(adds: Adds, tensors: tuple[str, ...], words: str) -> None:
    name = "lora_unet_mid_block_attentions_0_proj_in"
    with pytest.raises(Fault, match=f"kind .*{words}.* which is not played here"):
        adds({f"{name}.{key}": torch.ones(4, 4) for key in tensors})


def test_another_family_is_named_with_the_models_own(
    layers: dict[str, forms.Layers], adds: Adds
) -> None:
    with pytest.raises(Fault, match=r"is SDXL; it was made for Stable Diffusion 1\.5"):
        adds(forms.written(layers["attention"], "kohya"), "sdxl")
    with pytest.raises(Fault, match=r"is Stable Diffusion 1\.5; it was made for SDXL"):
        adds(forms.written(layers["sdxl"], "kohya sgm"))
    to_k = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k.lora"
    narrow = {f"{to_k}_A.weight": torch.ones(2, 48), f"{to_k}_B.weight": torch.ones(8, 2)}
    with pytest.raises(Fault, match=r"1\.5; it was made for a model whose text has 48 numbers"):
        adds(narrow)
    flux = "transformer.single_transformer_blocks.3.attn.to_q"
    with pytest.raises(Fault, match="made for FLUX"):
        adds({f"{flux}.lora_A.weight": torch.ones(2, 8), f"{flux}.lora_B.weight": torch.ones(8, 2)})


def test_check_knows_the_family_by_the_header(
    layers: dict[str, forms.Layers], parts: Path, tmp_path: Path
) -> None:
    path = tmp_path / "wave.safetensors"
    save_file(forms.written(layers["attention"], "kohya"), path)
    for family, fits in (("lcm", True), ("turbo", False), ("sdxl", False)):
        spec = ModelSpec(str(parts / family), device="cpu")
        with (
            nullcontext() if fits else pytest.raises(Fault, match=r"made for Stable Diffusion 1\.5")
        ):
            check_lora(spec, "lora", str(path), family_of_folder(spec))
    whole = one_file(parts / "lcm", tmp_path / "whole.safetensors")
    assert family_of_folder(ModelSpec(str(whole), device="cpu")) == "sd15"


def test_a_lora_of_few_steps_is_fused_in_any_form(
    layers: dict[str, forms.Layers], parts: Path, tmp_path: Path
) -> None:
    path, given = tmp_path / "fast.safetensors", layers["attention"]
    save_file(forms.written(given, "comfy"), path)
    spec = ModelSpec(str(parts / "lcm"), vae="full", device="cpu")
    plain, fused = (load_model(replace(spec, lcm_lora=wish)) for wish in ("off", str(path)))
    assert isinstance(plain, Model)
    assert isinstance(fused, Model)
    forms.merged(plain.pipe, given)
    own, other = (dict(model.pipe.unet.named_parameters()) for model in (plain, fused))
    assert forms.apart(own, other) < 1e-5


def test_what_libraries_warn_of_is_told_once() -> None:
    told: list[str] = []
    logger = logging.getLogger("diffusers.loaders.some")

    def breaks() -> None:
        with told_once("lora ink", told.append):
            for _ in range(3):
                logger.warning("No rank for %s", "to_q")
            raise KeyError

    with pytest.raises(KeyError):
        breaks()
    logger.warning("after it")
    assert told == ["lora ink: No rank for to_q"]


def test_a_layer_of_another_shape_is_named_with_both(
    layers: dict[str, forms.Layers], adds: Adds
) -> None:
    (key, (down, up, alpha)), *_ = (one for one in layers["lcm"].items() if "conv1" in one[0])
    wide = {key: (torch.cat([down, down], 1), up, alpha)}
    with pytest.raises(
        Fault, match=r"does not fit .*another family of models: .*conv1 is .* weight"
    ):
        adds(forms.written(wide, "kohya"))
