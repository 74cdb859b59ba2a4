"""A LoRA trained from a clip: what it learns, who reads its file, and how a run goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open

from tests.disks import small_disk
from tests.lora_training.parts import SIZE, Trained, clip, mean_colour, opened
from vj.core.errors import Fault
from vj.diffusion.model_spec import LoraFile
from vj.lora_training.captions import captions_of
from vj.lora_training.settings import LoraSettings
from vj.lora_training.training import train_lora
from vj.training.square import square

SHORT = LoraSettings(steps=4, rate=0.02, batch=2, device="cpu", every=1, own_pictures=3)


@pytest.mark.long
def test_the_loss_falls(trained: Trained) -> None:
    assert trained.lora.whole
    assert trained.losses[-1] < 0.92 * trained.losses[0]
    assert trained.lora.held_out < 0.92 * trained.losses[0], "of frames that it never saw, too"


@pytest.mark.long
def test_the_picture_moves_towards_the_clips_colours(bases: Path, trained: Trained) -> None:
    """As a show plays it, by `loras:`, at nearly full strength and from grey."""
    wanted = torch.from_numpy(np.stack(clip())).float().mean((0, 1, 2)) / 127.5 - 1
    file = str(trained.lora.path)
    off, half, on = (
        (mean_colour(opened(bases / "sd21", LoraFile(file, "kiss", weight)), "gold") - wanted)
        for weight in (0.0, 0.5, 1.0)
    )
    bare = mean_colour(opened(bases / "sd21"), "gold") - wanted
    assert (off - bare).abs().max() < 1e-4, "at weight 0 it is as if there were none"
    assert on.norm() < 0.9 * off.norm()
    assert half.norm() < off.norm()


@pytest.mark.long
def test_diffusers_loads_it_and_it_does_the_same_there(bases: Path, trained: Trained) -> None:
    pipe = StableDiffusionPipeline.from_pretrained(bases / "sd21", safety_checker=None)
    pipe.load_lora_weights(trained.lora.path.parent, weight_name=trained.lora.path.name)
    ours = opened(bases / "sd21", LoraFile(str(trained.lora.path), "kiss"))
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    t, text = torch.tensor([900.0]), ours.encode_text("gold")
    with torch.no_grad():
        theirs = pipe.unet(x, t, text.tokens, return_dict=False)[0]
    assert (theirs - ours.unet(x, t, text)).abs().max() < 1e-4
    assert (theirs - opened(bases / "sd21").unet(x, t, text)).abs().max() > 0.05


def test_the_file_is_as_kohyas_trainers_write_them(trained: Trained) -> None:
    with safe_open(trained.lora.path, framework="pt") as file:
        names, said = set(file.keys()), file.metadata()
        down = file.get_tensor(
            "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"
        )
    modules = {name.partition(".")[0] for name in names}
    assert names == {
        f"{module}.{part}"
        for module in modules
        for part in ("lora_down.weight", "lora_up.weight", "alpha")
    }
    assert {module.rpartition("_attn")[2] for module in modules} == {
        f"{number}_{layer}" for number in (1, 2) for layer in ("to_q", "to_k", "to_v", "to_out_0")
    }
    assert down.dtype == torch.float16
    assert down.shape == (8, 1024)
    assert said["modelspec.trigger_phrase"] == "gold"
    assert said["ss_sd_model_name"] == "sd21", "and not a folder of this machine"
    assert (said["ss_steps"], said["ss_network_dim"]) == ("40", "8")
    assert said["modelspec.architecture"] == "stable-diffusion-v2-768-v/lora"


def losses_of(
    base: Path, out: Path, settings: LoraSettings = SHORT, stop_after: int | None = None
) -> list[tuple[str, int, float]]:
    """The losses of a run, which is stopped after so many steps."""
    seen: list[tuple[str, int, float]] = []
    train_lora(
        base,
        clip(9),
        "gold",
        out,
        settings,
        lambda at: seen.append((at.doing, at.step, at.loss)),
        stop=lambda: stop_after is not None and len(seen) >= stop_after,
    )
    return seen


@pytest.mark.long
def test_a_run_that_was_stopped_comes_to_the_same(bases: Path, tmp_path: Path) -> None:
    """With a model of few steps: in the training adapter, before it has learned anything of the
    clip, and in the LoRA. Both stages are there, and only the LoRA is in the file."""
    whole = losses_of(bases / "turbo", tmp_path / "whole.safetensors")
    assert [(doing, step) for doing, step, _ in whole] == [
        *(("adapter", step) for step in (1, 2, 3)),
        *(("clip", step) for step in (1, 2, 3, 4)),
    ]
    out = tmp_path / "parts.safetensors"
    with pytest.raises(Fault, match="before anything of the clip was learned"):
        losses_of(bases / "turbo", out, stop_after=1)
    assert not out.exists()
    first = losses_of(bases / "turbo", out, stop_after=3)
    assert out.exists()
    rest = losses_of(bases / "turbo", out)
    assert [at[:2] for at in (*first, *rest)] == [at[:2] for at in whole[2:]]
    assert [loss for *_, loss in (*first, *rest)] == pytest.approx(
        [loss for *_, loss in whole[2:]], abs=1e-6
    )
    state = torch.load(tmp_path / "parts.training" / "adapter.pt", weights_only=True)
    assert all(one.any() for name, one in state["network"].items() if "lora_B" in name), (
        "the training adapter has learned something"
    )
    with safe_open(out, "pt") as one, safe_open(tmp_path / "whole.safetensors", "pt") as other:
        assert not any("adapter" in name for name in one.keys())  # noqa: SIM118
        for name in other.keys():  # noqa: SIM118
            assert torch.equal(one.get_tensor(name), other.get_tensor(name))


@pytest.mark.long
def test_a_cards_ways_come_to_nearly_the_same(bases: Path, tmp_path: Path) -> None:
    """bfloat16 in the model, float32 in the LoRA, and parts computed twice."""
    exact = losses_of(bases / "sd21", tmp_path / "exact.safetensors")
    settings = LoraSettings(**{**as_dict(SHORT), "dtype": torch.bfloat16, "checkpointing": True})
    rough = losses_of(bases / "sd21", tmp_path / "rough.safetensors", settings)
    assert [loss for *_, loss in rough] == pytest.approx([loss for *_, loss in exact], rel=0.02)
    assert rough != exact
    state = torch.load(tmp_path / "rough.training" / "clip.pt", weights_only=True)
    assert {one.dtype for one in state["network"].values()} == {torch.float32}


def as_dict(settings: LoraSettings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.__slots__}


@pytest.mark.long
def test_a_run_of_another_kind_is_not_gone_on_with(bases: Path, trained: Trained) -> None:
    with pytest.raises(Fault, match=r"another word \(gold, and now silver\)"):
        train_lora(bases / "sd21", clip(), "silver", trained.lora.path, SHORT)


def test_a_full_disk_is_said_and_leaves_what_is_there(bases: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path, 1) as disk:
        (disk / "films").write_bytes(bytes(700_000))
        with pytest.raises(Fault, match=r"No space left on device"):
            losses_of(bases / "sd21", disk / "kiss.safetensors")
        assert sorted(file.name for file in disk.rglob("*") if file.is_file()) == [
            "clip.jsonl", "films", "run.json"
        ], "no half file"  # fmt: skip


def test_an_xl_folder_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    with pytest.raises(Fault, match="is an SDXL model"):
        train_lora(tmp_path, clip(4), "gold", tmp_path / "kiss.safetensors", SHORT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": clip(1)}, "1 frames, and at least 3"),
        ({"word": " - "}, "has no letters"),
        ({"word": "kiss" * 20}, "80 letters; at most 60"),
        ({"base": "pocket"}, "LoRAs are for Stable Diffusion models, like --lora sd-turbo"),
        ({"base": "styles"}, "LoRAs are for Stable Diffusion models"),
        ({"base": "no/such/folder"}, "no such file or folder"),
        ({"base": "stabilityai/sdxl-turbo"}, "is an SDXL model, for which no LoRA is trained here"),
        ({"steps": 0}, "steps 0: at least 1"),
        ({"minutes": -1.0}, "minutes -1: more than 0"),
        ({"rank": 0}, "rank 0: 1 to 128"),
        ({"size": 100}, "size 100: a multiple of 64, like 64"),
    ],
)
def test_what_cannot_be_is_said(
    bases: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    given = {"base": bases / "sd21", "frames": clip(4), "word": "gold"} | {
        name: value for name, value in change.items() if name in ("base", "frames", "word")
    }
    numbers = {name: value for name, value in change.items() if name not in given}
    with pytest.raises(Fault) as caught:
        train_lora(
            **given,  # type: ignore[arg-type]
            out=tmp_path / "kiss.safetensors",
            settings=LoraSettings(**{**as_dict(SHORT), **numbers}),  # type: ignore[arg-type]
        )
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_frames_are_cut_to_their_middle() -> None:
    wide = np.zeros((40, 100, 3), np.uint8)
    wide[:, 30:70] = 200
    assert square(wide, SIZE).shape == (SIZE, SIZE, 3)
    assert (square(wide, SIZE) == 200).all()


def test_a_word_stands_in_all_sentences() -> None:
    sentences = captions_of(" kiss  film ")
    assert sentences[0] == "kiss film"
    assert all("kiss film" in sentence for sentence in sentences)
    assert len(set(sentences)) == len(sentences) > 3
