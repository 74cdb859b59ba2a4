"""The forms in which people have weights: variants, shards, pickles, other names, folders that lack
what nothing here uses; and what is no weights, told where it lies."""

from __future__ import annotations

import json
import pickle
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.diffusion.original_files import original_file
from tests.tiny_models import (
    full_vae,
    make_controlnet,
    make_image_encoder,
    make_model,
    make_t2i_adapter,
    tiny_vae,
)
from vj.core.errors import Fault
from vj.diffusion.checkpoints import check_folder
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.parts import open_part
from vj.diffusion.weight_files import DIFFUSERS, TRANSFORMERS, WeightFiles, weights_among
from vj.diffusion.weights import read_tensors

PARTS = {"unet": DIFFUSERS[0], "vae": DIFFUSERS[0], "text_encoder": TRANSFORMERS[0]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "tiny", "sd15")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of a good folder, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "tiny"))


def spec(name: Path | str, **more: Any) -> ModelSpec:
    return ModelSpec(str(name), **{"vae": "full", "lcm_lora": "off", "device": "cpu", **more})


def opened(name: Path | str, **more: Any) -> Model:
    model = load_model(spec(name, **more))
    assert isinstance(model, Model)
    return model


def painted(model: Model) -> Tensor:
    """What all of a model's parts make of one picture."""
    image = torch.linspace(-1, 1, 3 * 32 * 32).view(1, 3, 32, 32)
    text = model.encode_text("molten gold")
    return model.decode(model.unet(model.encode(image), torch.tensor([400.0]), text))


def close(one: Tensor, two: Tensor) -> bool:
    return torch.allclose(one, two, atol=1e-5)


@pytest.fixture(scope="module")
def wanted(made: Path) -> Tensor:
    """What the good folder paints."""
    return painted(opened(made))


def weights_of(folder: Path, part: str) -> Path:
    return next((folder / part).glob("*.safetensors"))


def rename_all(folder: Path, variant: str) -> None:
    for part, stem in PARTS.items():
        weights_of(folder, part).rename(folder / part / f"{stem}.{variant}.safetensors")


def in_shards(folder: Path, part: str, variant: str = "") -> list[Path]:
    """A part's weights in two shards with their list, as the libraries write them."""
    file, stem = weights_of(folder, part), PARTS[part]
    names = sorted(state := load_file(file))
    file.unlink()
    listed = f".{variant}" if variant else ""
    of: dict[str, str] = {}
    shards: list[Path] = []
    for number, some in enumerate((names[::2], names[1::2]), 1):
        shard = folder / part / f"{stem}{listed}-{number:05}-of-00002.safetensors"
        save_file({name: state[name] for name in some}, shard, {"format": "pt"})
        of |= dict.fromkeys(some, shard.name)
        shards.append(shard)
    index = folder / part / f"{stem}.safetensors.index{listed}.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": of}))
    return shards


@pytest.mark.parametrize("variant", ["fp16", "bf16", "ema"])
def test_a_folder_with_one_variant_only_paints_as_it_would_without(
    wanted: Tensor, folder: Path, variant: str
) -> None:
    rename_all(folder, variant)
    assert close(painted(opened(folder)), wanted)


@pytest.mark.parametrize("variant", ["", "fp16"])
def test_shards_are_put_together_and_a_missing_one_is_named(
    wanted: Tensor, folder: Path, variant: str
) -> None:
    shards = [shard for part in PARTS for shard in in_shards(folder, part, variant)]
    assert close(painted(opened(folder)), wanted)
    shards[1].unlink()
    with pytest.raises(Fault, match=rf"unet {shards[1].name} is missing; the download"):
        opened(folder)
    next((folder / "unet").glob("*.index*")).write_text("[")
    with pytest.raises(Fault, match="no list of shards that can be read"):
        opened(folder)


def test_each_part_has_its_own_form(wanted: Tensor, folder: Path) -> None:
    in_shards(folder, "unet", "fp16")
    weights_of(folder, "vae").rename(folder / "vae" / "kl-f8.safetensors")
    text = weights_of(folder, "text_encoder")
    torch.save(load_file(text), text.with_name("pytorch_model.fp16.bin"))
    text.unlink()
    with pytest.raises(Fault, match=r"text_encoder has no safetensors.*allow_pickle: true"):
        opened(folder)
    assert close(painted(opened(folder, allow_pickle=True)), wanted)


def test_the_plain_set_is_taken_where_a_variant_lies_beside_it(
    wanted: Tensor, folder: Path
) -> None:
    for part in PARTS:
        file = weights_of(folder, part)
        other = file.with_name(f"{PARTS[part]}.fp16.safetensors")
        save_file({n: torch.zeros_like(v) for n, v in load_file(file).items()}, other)
    assert close(painted(opened(folder)), wanted)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a.json"], None),
        (["model.safetensors", "pytorch_model.bin"], ("model.safetensors",)),
        (["pytorch_model.bin"], ("pytorch_model.bin",)),
        (["model.fp16.safetensors", "model.non_ema.safetensors"], ("model.fp16.safetensors",)),
        (["flax_model.msgpack", "openvino_model.bin"], None),
        (["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], None),
        (["my own.safetensors"], ("my own.safetensors",)),
        (["one.safetensors", "two.safetensors"], None),
    ],
)
def test_which_files_are_weights(names: list[str], found: tuple[str, ...] | None) -> None:
    chosen = weights_among(names, TRANSFORMERS, allow_pickle=True)
    assert (chosen and chosen.files) == found


def test_both_spellings_of_shards_with_a_variant() -> None:
    for one in ("model.fp16-00001-of-00001", "model-00001-of-00001.fp16"):
        names = [f"{one}.safetensors", "model.safetensors.index.fp16.json"]
        wanted = WeightFiles((names[0],), names[1], "fp16", False)
        assert weights_among(names, TRANSFORMERS, False) == wanted


def test_whatever_leads_a_model_comes_as_fp16_alone(tmp_path: Path) -> None:
    from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, T2IAdapter
    from transformers import CLIPVisionModelWithProjection

    full_vae().save_pretrained(tmp_path / "kl")
    tiny_vae().save_pretrained(tmp_path / "tiny")
    for what, kinds, at in (
        ("controlnet", ControlNetModel, make_controlnet(tmp_path / "net")),
        ("t2i_adapter", T2IAdapter, make_t2i_adapter(tmp_path / "t2i")),
        ("image_encoder", CLIPVisionModelWithProjection, make_image_encoder(tmp_path / "eye")),
        ("vae", (AutoencoderKL, AutoencoderTiny), tmp_path / "kl"),
        ("vae", (AutoencoderKL, AutoencoderTiny), tmp_path / "tiny"),
    ):
        before = open_part(ModelSpec(), what, str(at), kinds, torch.float32).state_dict()
        file = next(at.glob("*.safetensors"))
        file.rename(file.with_name(f"{file.stem}.fp16.safetensors"))
        after = open_part(ModelSpec(), what, str(at), kinds, torch.float32).state_dict()
        assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_what_nothing_here_uses_need_not_be_there(wanted: Tensor, folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    index["feature_extractor"] = ["transformers", "CLIPImageProcessor"]
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    index["image_encoder"] = ["transformers", "CLIPVisionModelWithProjection"]
    index["_class_name"] = "StableDiffusionImg2ImgPipeline"
    (folder / "model_index.json").write_text(json.dumps(index))
    assert close(painted(opened(folder)), wanted)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("tokenizer", "tokenizer/vocab.json is missing"),
        ("tokenizer/vocab.json", "tokenizer/vocab.json is missing"),
        ("tokenizer/merges.txt", "tokenizer/merges.txt is missing"),
        ("scheduler", "scheduler/scheduler_config.json is missing"),
        ("vae", "vae/config.json is missing"),
        ("text_encoder", "text_encoder/config.json is missing"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_what_is_needed_is_missed_at_load(
    folder: Path, missing: str, words: str, listed: bool
) -> None:
    path = folder / missing
    (folder / "tokenizer" / "tokenizer.json").unlink(missing_ok=True)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not listed:
        index = json.loads((folder / "model_index.json").read_text())
        index.pop(missing.partition("/")[0])
        (folder / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(Fault, match=words):
        opened(folder)
    with pytest.raises(Fault, match=words):
        check_folder(spec(folder), folder)


def test_a_tokenizer_of_another_model_is_told_at_load(folder: Path) -> None:
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    tokenizer.add_tokens([f"<word-{number}>" for number in range(50)])
    tokenizer.save_pretrained(folder / "tokenizer")
    with pytest.raises(Fault, match=r"tokenizer knows .* tokens and its text_encoder"):
        opened(folder)


def test_a_tokenizer_that_knows_of_no_end_has_the_encoders(folder: Path) -> None:
    (folder / "tokenizer" / "tokenizer_config.json").unlink()
    model = opened(folder)
    assert model.encode_text("gold " * 200).tokens.shape == model.encode_text("").tokens.shape


def test_a_vae_without_a_scale_is_told_at_load(folder: Path) -> None:
    config = folder / "vae" / "config.json"
    told = {**json.loads(config.read_text()), "scaling_factor": None}
    config.write_text(json.dumps(told))
    with pytest.raises(Fault, match="scaling_factor: None; a number above 0"):
        opened(folder)


def test_a_checkpoint_that_holds_itself_has_an_end(folder: Path) -> None:
    circle: dict[str, object] = {}
    circle["state_dict"] = circle
    torch.save(circle, folder / "circle.ckpt")
    spec = ModelSpec(str(folder / "circle.ckpt"), allow_pickle=True)
    assert read_tensors(spec, "model", str(folder / "circle.ckpt")) == {}


@pytest.mark.parametrize("part", list(PARTS))
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
        (b"<!DOCTYPE html><html>Log in</html>", "is a web page"),
        (b"", "it is empty"),
        (b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", "lack"),
    ],
)
def test_what_lies_there_instead_of_weights(
    folder: Path, part: str, content: bytes, words: str
) -> None:
    file = weights_of(folder, part)
    file.write_bytes(content)
    with pytest.raises(Fault, match=words) as caught:
        opened(folder)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", list(PARTS))
def test_weights_that_lack_some_tensors_are_not_filled_up_at_random(
    folder: Path, part: str
) -> None:
    file = weights_of(folder, part)
    state = load_file(file)
    state.pop(sorted(state)[0])
    save_file(state, file, {"format": "pt"})
    with pytest.raises(Fault, match=rf"{part} its weights lack 1 tensors"):
        opened(folder)


@pytest.mark.parametrize(
    ("part", "number"), [("unet", "nan"), ("vae", "inf"), ("text_encoder", "-inf")]
)
def test_weights_that_are_no_numbers_are_told_at_load(folder: Path, part: str, number: str) -> None:
    file = weights_of(folder, part)
    state = load_file(file)
    last = sorted(state)[-1]
    state[last].view(-1)[-1] = float(number)
    save_file(state, file, {"format": "pt"})
    with pytest.raises(Fault, match=rf"1 of the \d+ tensors of its {part} hold NaN.*{last}"):
        opened(folder)


def test_weights_that_are_quantised_are_refused(folder: Path) -> None:
    file = weights_of(folder, "unet")
    state = load_file(file)
    state["conv_in.weight"] = (100 * state["conv_in.weight"]).to(torch.int8)
    save_file(state, file, {"format": "pt"})
    with pytest.raises(Fault, match=r"as whole numbers \(conv_in.weight: I8\).*float16"):
        opened(folder)


class Callback:
    """Of a training's own code, which is not here when its checkpoint is opened."""

    def __init__(self) -> None:
        self.best = 1.0


class Harmful:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.mkdir, ("made-by-a-pickle",)


def ckpts(state: dict[str, Tensor], at: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The forms that checkpoints have as pickles."""
    torch.save(state, at / "flat.ckpt")
    torch.save({"state_dict": state, "epoch": 3, "global_step": 7}, at / "held.ckpt")
    torch.save({"model": {"state_dict": state}}, at / "deep.pt")
    torch.save({**state, "step": 3, "note": "merged"}, at / "noted.ckpt")
    torch.save(state, at / "old.ckpt", _use_new_zipfile_serialization=False)
    lightning = ModuleType("some_training")
    kind = type("Callback", (Callback,), {"__module__": "some_training"})
    lightning.Callback = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "some_training", lightning)
    torch.save({"state_dict": state, "callbacks": {kind: kind()}}, at / "lightning.ckpt")
    monkeypatch.delitem(sys.modules, "some_training")
    return {path.stem: path for path in at.iterdir() if path.suffix in (".ckpt", ".pt")}


def test_every_form_of_a_ckpt(
    made: Path, wanted: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = load_file(original_file(made, tmp_path / "one.safetensors"))
    found = ckpts(state, tmp_path, monkeypatch)
    assert len(found) == 6
    for path in found.values():
        read = read_tensors(spec(path, allow_pickle=True), "model", str(path))
        assert set(read) == set(state), path.name
        assert all(torch.equal(read[name], value) for name, value in state.items())
        with pytest.raises(Fault, match="allow_pickle: true"):
            opened(path, config=str(made))
    for name in ("flat", "lightning"):
        model = opened(found[name], config=str(made), allow_pickle=True)
        assert close(painted(model), wanted)


def test_a_ckpt_runs_nothing_and_a_torn_one_is_told(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {}, "callbacks": Harmful()}, tmp_path / "harm.ckpt")
    (tmp_path / "bare.ckpt").write_bytes(pickle.dumps(Harmful()))
    whole = (tmp_path / "harm.ckpt").read_bytes()
    (tmp_path / "torn.ckpt").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.ckpt").write_bytes(b"a note")
    for name, words in (
        ("harm", "cannot be opened"),
        ("bare", "cannot be opened"),
        ("torn", "only half there"),
        ("text", "cannot be opened"),
    ):
        with pytest.raises(Fault, match=words) as caught:
            opened(tmp_path / f"{name}.ckpt", config=str(made), allow_pickle=True)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "made-by-a-pickle").exists()
