"""Models in single files, for every family that has such; what they leave out, what they say of
themselves, and what they are instead of a model that plays here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.diffusion.original_files import original_file, weights
from tests.diffusion.test_opener import close, opened, painted, spec
from tests.tiny_models import make_lora, make_model, tiny_vae
from vj.core.errors import Fault
from vj.diffusion.autoencoder import choose_vae
from vj.diffusion.checkpoints import check_folder, check_single_file
from vj.diffusion.file_kinds import file_kind
from vj.diffusion.loading import load_model

UNET = "model.diffusion_model."


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("models")
    return {family: make_model(base / family, family) for family in ("sd15", "sd21", "sdxl")}


@pytest.fixture(scope="module")
def files(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("files")
    return {
        name: original_file(folder, base / f"{name}.safetensors")
        for name, folder in folders.items()
    }


@pytest.mark.parametrize("family", ["sd15", "sd21", "sdxl"])
def test_a_file_of_each_family_paints_as_its_folder(
    folders: dict[str, Path], files: dict[str, Path], family: str
) -> None:
    kind = check_single_file(spec(files[family]), files[family])
    assert kind is not None
    assert kind.family == {"sd15": "v1", "sd21": "v2", "sdxl": "xl"}[family]
    of_file = opened(files[family], config=str(folders[family]))
    of_folder = opened(folders[family])
    assert (of_file.family, of_file.prediction) == (family, of_folder.prediction)
    assert close(painted(of_file), painted(of_folder))


def test_a_folder_that_describes_needs_no_weights(
    folders: dict[str, Path], files: dict[str, Path], tmp_path: Path
) -> None:
    import shutil

    bare = Path(shutil.copytree(folders["sd15"], tmp_path / "bare"))
    for file in bare.rglob("*.safetensors"):
        file.unlink()
    assert opened(files["sd15"], config=str(bare)).family == "sd15"
    (bare / "unet" / "config.json").unlink()
    with pytest.raises(Fault, match=r"config .*bare: unet/config.json is missing"):
        opened(files["sd15"], config=str(bare))
    with pytest.raises(Fault, match=r"config .*nowhere: no such folder"):
        opened(files["sd15"], config=str(tmp_path / "nowhere"))
    with pytest.raises(Fault, match=r"config .*is of another family than sdxl.safetensors.*SDXL"):
        opened(files["sdxl"], config=str(folders["sd15"]))
    with pytest.raises(Fault, match=r"do not fit together.*config: "):
        opened(files["sd21"], config=str(folders["sd15"]))


@pytest.mark.parametrize("family", ["sd15", "sd21", "sdxl"])
def test_a_file_without_a_network_says_what_it_needs(
    files: dict[str, Path], family: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(Fault, match=r"config: to a diffusers folder of an SD.* network") as caught:
        opened(files[family])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 450


def in_cache(cache: Path, hub_id: str, folder: Path) -> None:
    """A folder as if it had been fetched from Hugging Face."""
    at = cache / f"models--{hub_id.replace('/', '--')}"
    (at / "refs").mkdir(parents=True)
    (at / "refs" / "main").write_text("a" * 40)
    (at / "snapshots").mkdir()
    (at / "snapshots" / ("a" * 40)).symlink_to(folder, target_is_directory=True)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache of Hugging Face's, and no network."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_what_was_fetched_before_describes_a_file(
    folders: dict[str, Path], files: dict[str, Path], cache: Path, tmp_path: Path
) -> None:
    in_cache(cache, "stabilityai/sd-turbo", folders["sd21"])
    assert opened(files["sd21"]).prediction == "v_prediction"
    turbo = tmp_path / "my_sd_turbo.safetensors"
    turbo.symlink_to(files["sd21"])
    assert opened(turbo).prediction == "epsilon"


def test_a_model_and_an_autoencoder_by_id_play_without_a_network(
    folders: dict[str, Path], cache: Path
) -> None:
    in_cache(cache, "owner/ink", folders["sd15"])
    in_cache(cache, "owner/kl", folders["sdxl"] / "vae")
    wanted = opened(folders["sd15"], vae=str(folders["sdxl"] / "vae"))
    assert close(painted(opened("owner/ink", vae="owner/kl")), painted(wanted))
    assert close(painted(opened("owner/ink", vae="owner/ink")), painted(opened(folders["sd15"])))
    with pytest.raises(Fault, match="vae owner/none: not on this machine"):
        opened("owner/ink", vae="owner/none")


def test_a_lora_of_few_steps_by_id_plays_without_a_network(
    folders: dict[str, Path], cache: Path, tmp_path: Path
) -> None:
    made = make_lora(folders["sd15"], tmp_path / "lcm" / "pytorch_lora_weights.safetensors")
    in_cache(cache, "owner/lcm", made.parent)
    wanted = painted(opened(folders["sd15"], lcm_lora=str(made)))
    assert close(painted(opened(folders["sd15"], lcm_lora="owner/lcm")), wanted)
    assert not close(painted(opened(folders["sd15"])), wanted)
    said: list[str] = []
    load_model(spec(folders["sd15"], lcm_lora="auto"), said.append)
    assert any("is not at hand" in line for line in said)
    with pytest.raises(Fault, match="lcm_lora owner/none: not on this machine"):
        opened(folders["sd15"], lcm_lora="owner/none")
    made.rename(made.with_name("one.safetensors"))
    (made.parent / "two.safetensors").write_bytes((made.parent / "one.safetensors").read_bytes())
    with pytest.raises(Fault, match=r"2 safetensors files.*name the file|not on this machine"):
        opened(folders["sd15"], lcm_lora="owner/lcm")


def test_of_a_repository_only_what_plays_is_fetched(folders: dict[str, Path]) -> None:
    from vj.diffusion.hub import part_files

    names = [
        *(f"unet/diffusion_pytorch_model{variant}.safetensors" for variant in ("", ".fp16")),
        *("unet/config.json", "unet/diffusion_pytorch_model.bin", "unet/old/model.safetensors"),
        *("vae/config.json", "vae/diffusion_pytorch_model.fp16.safetensors", "README.md"),
        *("tokenizer/vocab.json", "tokenizer/merges.txt", "text_encoder/config.json"),
        "text_encoder/model.safetensors.index.json",
        *(f"text_encoder/model-0000{shard}-of-00002.safetensors" for shard in (1, 2)),
    ]
    assert part_files(names, "unet", False) == [names[2], names[0]]
    assert part_files(names, "vae", False) == names[5:7]
    assert part_files(names, "tokenizer", False) == names[8:10]
    assert sorted(part_files(names, "text_encoder", True)) == sorted(names[10:])


def test_a_unet_alone_takes_the_rest_from_config(folders: dict[str, Path], tmp_path: Path) -> None:
    made = make_model(tmp_path / "other", "sdxl", seed=5)
    path = tmp_path / "sdxl_lightning_4step_unet.safetensors"
    save_file(weights(made / "unet"), path)
    model = opened(path, config=str(folders["sdxl"]))
    state = model.pipe.unet.state_dict()
    assert all(torch.equal(state[name], value) for name, value in weights(made / "unet").items())
    of_folder = opened(folders["sdxl"])
    assert torch.equal(model.encode_text("gold").tokens, of_folder.encode_text("gold").tokens)
    path = path.rename(tmp_path / "sdxl_lightning_1step_unet_x0.safetensors")
    assert opened(path, config=str(folders["sdxl"])).prediction == "sample"


def test_a_file_without_its_autoencoder_or_text_encoder_takes_those_of_config(
    folders: dict[str, Path], tmp_path: Path, cache: Path
) -> None:
    wanted = painted(opened(folders["sd15"]))
    for start in ("first_stage_model.", "cond_stage_model."):
        path = original_file(folders["sd15"], tmp_path / "pruned.safetensors", without=start)
        assert close(painted(opened(path, config=str(folders["sd15"]))), wanted)
        with pytest.raises(Fault, match="config: to a diffusers folder"):
            opened(path)


def test_what_a_file_says_of_its_prediction(folders: dict[str, Path], tmp_path: Path) -> None:
    v = {"v_pred": torch.zeros(1), "ztsnr": torch.zeros(1)}
    path = original_file(folders["sdxl"], tmp_path / "noob.safetensors", more=v)
    model = opened(path, config=str(folders["sdxl"]))
    assert model.prediction == "v_prediction"
    assert model.schedule.level(999).a < 1e-3
    state = load_file(original_file(folders["sdxl"], path))
    save_file(state, path, {"modelspec.prediction_type": "v"})
    assert opened(path, config=str(folders["sdxl"])).prediction == "v_prediction"
    assert opened(original_file(folders["sdxl"], path), config=str(folders["sdxl"])).prediction == (
        "epsilon"
    )


REFUSED = [
    ({UNET + "input_blocks.0.0.weight": (320, 9, 3, 3)}, "9 channels.*inpainting"),
    ({UNET + "input_blocks.0.0.weight": (320, 8, 3, 3)}, "8 channels.*instruct-pix2pix"),
    ({UNET + "input_blocks.0.0.weight": (320, 5, 3, 3)}, "5 channels.*depth"),
    ({UNET + "input_blocks.0.0.weight": (320, 7, 3, 3)}, "7 channels.*upscaler"),
    ({"conv_in.weight": (8, 9, 3, 3), "down_blocks.0.x": (1,)}, "inpainting"),
    (
        {
            UNET + "input_blocks.0.0.weight": (384, 4, 3, 3),
            "conditioner.embedders.0.model.text_projection": (1280, 1280),
        },
        "SDXL refiner",
    ),
    ({UNET + "joint_blocks.0.x_block.attn.qkv.weight": (1,)}, "Stable Diffusion 3"),
    ({"double_blocks.0.img_attn.qkv.weight": (1,)}, "Flux"),
    ({"control_model.zero_convs.0.0.weight": (1,)}, "a ControlNet.*controlnet:"),
    ({"controlnet_cond_embedding.conv_in.weight": (1,)}, "a ControlNet"),
    ({"image_proj.proj.weight": (1,)}, "an IP-Adapter.*ip_adapter:"),
    ({"emb_params": (1, 768)}, "a textual inversion.*embeddings:"),
    ({"lora_unet_mid.lora_up.weight": (1,)}, "a LoRA.*loras:"),
    ({"first_stage_model.decoder.conv_in.weight": (1,)}, "an autoencoder.*vae:"),
    ({"encoder.conv_in.weight": (1,)}, "an autoencoder.*vae:"),
    ({"head.weight": (1,)}, "not a whole checkpoint"),
    ({}, "not a whole checkpoint"),
]


@pytest.mark.parametrize(("shapes", "words"), REFUSED)
def test_what_plays_not_is_refused_by_its_name(shapes: dict[str, Any], words: str) -> None:
    with pytest.raises(Fault, match=f"model x: .*{words}"):
        file_kind("model x", shapes, {})


@pytest.mark.parametrize(
    ("channels", "words"),
    [(9, "inpainting"), (8, "instruct-pix2pix"), (5, "depth"), (7, "upscaler")],
)
def test_folders_of_other_models_are_refused_before_weights_are_read(
    tmp_path: Path, channels: int, words: str
) -> None:
    folder = make_model(tmp_path / "other", "sd15", in_channels=channels)
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"")
    for look in (lambda: opened(folder), lambda: check_folder(spec(folder), folder)):
        with pytest.raises(Fault, match=f"takes {channels} channels, not 4: .*{words}"):
            look()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"_class_name": "StableDiffusion3Pipeline"}, "is a StableDiffusion3Pipeline; .*play here"),
        ({"_class_name": "FluxPipeline"}, "is a FluxPipeline"),
        ({"_class_name": "StableDiffusionInpaintPipeline"}, "an inpainting model"),
        ({"text_encoder": [None, None], "text_encoder_2": ["transformers", "C"]}, "SDXL refiner"),
    ],
)
def test_folders_of_other_pipelines(
    folders: dict[str, Path], tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    import json
    import shutil

    folder = Path(shutil.copytree(folders["sd15"], tmp_path / "other"))
    index = json.loads((folder / "model_index.json").read_text()) | changes
    (folder / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(Fault, match=words):
        opened(folder)


def test_a_unet_of_lcm_is_told_the_guidance_that_it_stands_for(tmp_path: Path) -> None:
    from diffusers import LatentConsistencyModelPipeline, UNet2DConditionModel

    folder = make_model(tmp_path / "lcm", "lcm", time_cond_proj_dim=256)
    index = (folder / "model_index.json").read_text()
    named = index.replace('"StableDiffusionPipeline"', '"LatentConsistencyModelPipeline"')
    (folder / "model_index.json").write_text(named)
    model = opened(folder)
    plain = UNet2DConditionModel.from_pretrained(folder, subfolder="unet").eval()
    told = LatentConsistencyModelPipeline.get_guidance_scale_embedding(
        None, torch.tensor([7.5 - 1]), embedding_dim=256
    )
    x, t = torch.randn(1, 4, 8, 8), torch.tensor([700.0])
    text = model.encode_text("gold")
    with torch.no_grad():
        wanted = plain(x, t, text.tokens, timestep_cond=told).sample
        without = plain(x, t, text.tokens).sample
    assert close(model.unet(x, t, text), wanted)
    assert not torch.allclose(without, wanted, atol=1e-3)


def test_an_autoencoder_by_folder_or_file_is_what_its_tensors_say(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    from diffusers import AutoencoderKL, AutoencoderTiny

    torch.manual_seed(9)
    tiny_vae().save_pretrained(tmp_path / "tiny")
    other = make_model(tmp_path / "whole", "sd15", seed=3)
    one = original_file(other, tmp_path / "one.safetensors")
    state = {n: v for n, v in load_file(one).items() if n.startswith("first_stage_model.")}
    save_file(state, tmp_path / "cut.safetensors")
    bare = {n.removeprefix("first_stage_model."): v for n, v in state.items()}
    save_file(bare, tmp_path / "ldm.safetensors")
    torch.save({"state_dict": bare}, tmp_path / "ldm.ckpt")
    save_file(weights(other / "vae"), tmp_path / "diffusers.safetensors")
    save_file(weights(tmp_path / "tiny"), tmp_path / "small.safetensors")

    pipe, own = (model := opened(folders["sd15"])).pipe, model.pipe.vae

    def plays(vae: str) -> Any:
        pipe.register_modules(vae=own)
        given = spec("ink", vae=str(tmp_path / vae), allow_pickle=True)
        choose_vae(given, pipe, "sd15", torch.float32, said.append)
        return pipe.vae

    def same(one: Any, two: Any) -> bool:
        pairs = zip(one.state_dict().items(), two.state_dict().items(), strict=True)
        return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)

    said: list[str] = []
    wanted = AutoencoderKL.from_pretrained(other, subfolder="vae")
    for name in ("whole", "whole/vae", "cut.safetensors", "ldm.safetensors", "ldm.ckpt"):
        assert same(plays(name), wanted), name
    assert same(plays("diffusers.safetensors"), wanted)
    small = AutoencoderTiny.from_pretrained(tmp_path / "tiny")
    assert same(plays("tiny"), small)
    assert same(plays("small.safetensors"), small)
    save_file({"lora_up.weight": torch.zeros(1)}, tmp_path / "ink.safetensors")
    with pytest.raises(Fault, match=r"vae .*ink.safetensors: is no autoencoder"):
        plays("ink.safetensors")
    with pytest.raises(Fault, match="is a UNet2DConditionModel; an AutoencoderKL or"):
        plays("whole/unet")
    save_file({n: v for n, v in bare.items() if "conv_out" not in n}, tmp_path / "half.safetensors")
    with pytest.raises(Fault, match="its weights lack"):
        plays("half.safetensors")
