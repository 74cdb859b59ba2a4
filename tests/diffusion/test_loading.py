"""Loading: every family from its folder format, and one clear line for whatever does not fit."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.tiny_models import make_model, one_file, tiny_vae
from tests.waiting import Stopwatch
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion.autotune import tune
from vj.diffusion.backends import StreamBackend
from vj.diffusion.devices import best_device
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext

FAMILIES = ("sd15", "lcm", "sd21", "turbo", "sdxl")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("models")
    return {family: make_model(base / f"tiny-{family}", family) for family in FAMILIES}


@pytest.fixture
def broken(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of a good folder, to be broken."""
    return Path(shutil.copytree(folders["lcm"], tmp_path / "tiny-lcm"))


def spec(folder: Path, **more: object) -> ModelSpec:
    return ModelSpec(str(folder), **{"vae": "full", "lcm_lora": "off", "device": "cpu", **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("family", "kind", "prediction", "width"),
    [
        ("sd15", "sd15", "epsilon", 768),
        ("lcm", "sd15", "epsilon", 768),
        ("sd21", "sd21", "v_prediction", 1024),
        ("turbo", "sd21", "epsilon", 1024),
        ("sdxl", "sdxl", "epsilon", 64),
    ],
)
def test_each_family_loads_and_paints(
    folders: dict[str, Path], family: str, kind: str, prediction: str, width: int
) -> None:
    model = load_model(spec(folders[family]))
    assert (model.family, model.prediction, model.scale) == (kind, prediction, 8)
    text = model.encode_text("a calm face")
    assert text.tokens.shape == (1, 77, width)
    assert (text.pooled is None) == (kind != "sdxl")
    backend = StreamBackend(model, Size(64, 48), wait=True)
    snapshot = Store(
        {
            "steps": 2,
            "strength": 0.7,
            "guidance": 1.4,
            "prompt/negative": "blurry",
            "prompt/mix": 0.5,
        }
    ).sample(0)
    image = torch.linspace(-1, 1, 3 * 48 * 64).view(1, 3, 48, 64)
    first, second = FrameContext.black(Size(64, 48)), FrameContext.black(Size(64, 48))
    assert backend.paint(image, snapshot, first) is None
    generated = backend.paint(image, snapshot, second)
    assert generated is not None
    assert generated.context is first
    assert generated.picture.shape == (1, 3, 48, 64)
    assert torch.isfinite(torch.as_tensor(generated.picture)).all()


def test_another_prompt_gives_another_image(folders: dict[str, Path]) -> None:
    model = load_model(spec(folders["lcm"]))
    image = torch.zeros(1, 3, 64, 64)
    seen = []
    for text in ("gold", "ocean"):
        generated = StreamBackend(model, Size(64, 64), wait=True).paint(
            image, Store({"prompt/a": text}).sample(0), FrameContext.black(Size(64, 64))
        )
        assert generated is not None
        seen.append(torch.as_tensor(generated.picture))
    assert not torch.equal(*seen)


def test_a_single_file_checkpoint_paints_as_its_folder_does(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    path = one_file(folders["sd15"], tmp_path / "one.safetensors")
    image, pictures = torch.linspace(-1, 1, 3 * 48 * 64).view(1, 3, 48, 64), []
    for model in (
        load_model(spec(path, config=str(folders["sd15"]))),
        load_model(spec(folders["sd15"])),
    ):
        assert (model.family, model.prediction) == ("sd15", "epsilon")
        generated = StreamBackend(model, Size(64, 48), wait=True).paint(
            image, Store({"prompt/a": "gold"}).sample(0), FrameContext.black(Size(64, 48))
        )
        assert generated is not None
        pictures.append(torch.as_tensor(generated.picture))
    assert torch.allclose(*pictures, atol=1e-4)


def test_a_file_that_is_no_checkpoint(folders: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    save_file({"lora_unet.down.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(Fault, match="a LoRA"):
        load_model(spec(path))
    save_file({"first_stage_model.x": torch.zeros(2, 2)}, path)
    with pytest.raises(Fault, match="not a whole checkpoint"):
        load_model(spec(path))


def test_pickles_are_opened_only_where_they_are_trusted(broken: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.ckpt"
    path.write_bytes(b"never opened")
    with pytest.raises(Fault, match=r"can run code when they are opened.*allow_pickle: true"):
        load_model(spec(path))
    (tmp_path / "one.png").write_bytes(b"never opened")
    with pytest.raises(Fault, match="is no model file"):
        load_model(spec(tmp_path / "one.png"))
    weights = broken / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(Fault, match=r"unet has no safetensors weights.*allow_pickle: true"):
        load_model(spec(broken))
    assert load_model(spec(broken, allow_pickle=True)).family == "sd15"


@pytest.mark.parametrize(
    ("part", "what", "words"),
    [
        ("model_index.json", None, "no model_index.json"),
        ("model_index.json", b'{"unet": [', "not JSON"),
        ("unet/config.json", None, "unet/config.json is missing; the download is incomplete"),
        (
            "vae/diffusion_pytorch_model.safetensors",
            None,
            "vae has no safetensors weights: the download is incomplete",
        ),
        ("unet/diffusion_pytorch_model.safetensors", b"", "broken or only half there"),
        (
            "text_encoder/model.safetensors",
            b"\x10\0\0\0\0\0\0\0not json at all!",
            "broken or only half there",
        ),
    ],
)
def test_a_broken_or_half_downloaded_folder_is_an_error_of_one_line(
    broken: Path, part: str, what: bytes | None, words: str
) -> None:
    path = broken / part
    if what is None:
        path.unlink()
    else:
        path.write_bytes(what)
    with pytest.raises(Fault, match=words) as caught:
        load_model(spec(broken))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_half_a_weights_file(broken: Path) -> None:
    path = broken / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Fault, match="broken or only half there"):
        load_model(spec(broken))


def test_weights_that_do_not_fit_their_config(broken: Path) -> None:
    config = broken / "unet" / "config.json"
    config.write_text(
        config.read_text().replace('"cross_attention_dim": 768', '"cross_attention_dim": 512')
    )
    with pytest.raises(Fault, match="tiny-lcm"):
        load_model(spec(broken))


def test_an_inpainting_model_is_named_as_one(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "inpaint", "lcm", in_channels=9)
    with pytest.raises(Fault, match=r"9 channels.*an inpainting model"):
        load_model(spec(folder))


@pytest.mark.parametrize(
    "name", ["no/such/folder", "./nothing", "missing.safetensors", "pockett", "models/mee"]
)
def test_a_name_that_is_nothing(name: str) -> None:
    with pytest.raises(Fault, match="no such file or folder"):
        load_model(ModelSpec(name))


def test_a_hub_model_that_cannot_be_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(Fault, match="not on this machine") as caught:
        load_model(ModelSpec("vj-tests/there-is-no-such-model", device="cpu"))
    assert "\n" not in str(caught.value)


def test_a_pipeline_of_another_kind(broken: Path) -> None:
    index = json.loads((broken / "model_index.json").read_text())
    index["_class_name"] = "StableDiffusionLatentUpscalePipeline"
    (broken / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(Fault, match="tiny-lcm"):
        load_model(spec(broken))


def test_the_small_autoencoder_stands_in_where_it_is_at_hand(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    tiny_vae().save_pretrained(tmp_path / "taesd")
    model = load_model(spec(folders["lcm"], vae=str(tmp_path / "taesd")))
    assert type(model.pipe.vae).__name__ == "AutoencoderTiny"
    with pytest.raises(Fault, match=r"vae .*nowhere"):
        load_model(spec(folders["lcm"], vae=str(tmp_path / "nowhere")))


def test_a_lora_is_fused(folders: dict[str, Path], tmp_path: Path) -> None:
    from diffusers import StableDiffusionPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    pipe = StableDiffusionPipeline.from_pretrained(folders["sd15"])
    pipe.unet.add_adapter(LoraConfig(r=2, init_lora_weights=False, target_modules=["to_q", "to_v"]))
    StableDiffusionPipeline.save_lora_weights(
        tmp_path, unet_lora_layers=get_peft_model_state_dict(pipe.unet)
    )
    plain = load_model(spec(folders["sd15"]))
    fused = load_model(
        spec(folders["sd15"], lcm_lora=str(tmp_path / "pytorch_lora_weights.safetensors"))
    )
    z, t = torch.randn(1, 4, 8, 8), torch.tensor([500.0])
    text = plain.encode_text("gold")
    assert not torch.allclose(plain.unet(z, t, text), fused.unet(z, t, text))
    assert not any("lora" in name for name, _ in fused.pipe.unet.named_parameters())
    with pytest.raises(Fault, match="lcm_lora"):
        load_model(spec(folders["sd15"], lcm_lora=str(tmp_path / "none.safetensors")))


def test_devices() -> None:
    assert best_device("cpu").type == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(Fault, match="cuda: not available here"):
            best_device("cuda")
    with pytest.raises(Fault, match="one of auto, float32"):
        load_model(ModelSpec("pocket", dtype="float8"))


@pytest.mark.parametrize("slow", [torch.float32, torch.bfloat16])
def test_the_quicker_number_type_is_kept_and_trying_loses_nothing(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, slow: torch.dtype
) -> None:
    model = load_model(spec(folders["lcm"]))
    before = {name: value.clone() for name, value in model.pipe.unet.state_dict().items()}
    encode = Model.encode

    def dawdling(self: Model, image: torch.Tensor) -> torch.Tensor:
        watch.sleep(0.2 if self.dtype == slow else 0)
        return encode(self, image)

    watch = Stopwatch()
    monkeypatch.setattr("vj.diffusion.autotune.time", watch)
    monkeypatch.setattr(Model, "encode", dawdling)
    monkeypatch.setattr("vj.diffusion.autotune.bfloat16_pays", lambda: True)
    messages = tune(model, 64, 64)
    assert "float32" in messages
    assert "bfloat16" in messages
    assert model.dtype != slow
    after = model.pipe.unet.state_dict()
    assert all(torch.equal(before[name].to(model.dtype), after[name]) for name in before)


def test_a_number_type_that_the_cpu_only_emulates_is_not_tried(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole model in it would hold up the start for seconds."""
    monkeypatch.setattr("vj.diffusion.autotune.bfloat16_pays", lambda: False)
    model = load_model(spec(folders["lcm"]))
    assert "bfloat16" not in tune(model, 64, 64)
    assert model.dtype == torch.float32
    assert "bfloat16" in tune(model, 64, 64, (torch.bfloat16,)), "but where the show names it"


@pytest.mark.parametrize(
    "text", ["", " ", "x" * 10_000, "黄金 ذهب золото 🥇", "\0\n\t", "<|endoftext|>"]
)
def test_any_text_can_be_encoded(folders: dict[str, Path], text: str) -> None:
    embedding = load_model(spec(folders["lcm"])).encode_text(text)
    assert embedding.tokens.shape == (1, 77, 768)
    assert torch.isfinite(embedding.tokens).all()


def test_models_that_are_asked_for_at_once_load_one_after_the_other(
    folders: dict[str, Path],
) -> None:
    """A show is saved once more while its model loads."""
    failed: list[BaseException] = []

    def load(family: str) -> None:
        try:
            model = load_model(spec(folders[family]))
            assert isinstance(model, Model)
            assert not any(number.is_meta for number in model.pipe.unet.parameters())
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=load, args=(name,)) for name in ("lcm", "sdxl") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
