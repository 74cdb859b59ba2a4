"""What a show adds to its model: LoRAs that are played, words of its own, lines that lead, pictures
as prompts."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.tiny_models import (
    XL_BLOCKS,
    full_vae,
    make_controlnet,
    make_image_encoder,
    make_ip_adapter,
    make_lora,
    make_model,
    make_t2i_adapter,
)
from tests.waiting import PATIENCE, ManualClock, Stopwatch, until
from vj.app.setup import model_spec
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.diffusion.autotune import tune
from vj.diffusion.backends import StreamBackend
from vj.diffusion.ip_adapter import WalkTokens, with_amount
from vj.diffusion.loading import load_model, make_backend
from vj.diffusion.model import Model
from vj.diffusion.model_spec import EmbeddingFile, LoraFile, ModelSpec
from vj.diffusion.prompts import Embedding
from vj.diffusion.stream_batch import Conditioning, StreamBatch
from vj.diffusion.streamdiffusion_backend import StreamDiffusionBackend
from vj.parameters.store import Store
from vj.pipeline.backend import PassThrough
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.loop import RenderLoop
from vj.show.load import ShowFaults, load_show

SIZE = Size(64, 64)
FAMILIES = ("lcm", "turbo", "sdxl")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models and with whatever can be added to them."""
    base = tmp_path_factory.mktemp("parts")
    for family in FAMILIES:
        make_model(base / family, family)
    make_lora(base / "lcm", base / "ink.safetensors", 1)
    make_lora(base / "lcm", base / "gold.safetensors", 2, kohya=True)
    make_lora(base / "lcm", base / "words.safetensors", 3, text=True)
    make_lora(base / "turbo", base / "foreign.safetensors")
    make_model(base / "xl", "sdxl", **XL_BLOCKS)
    make_lora(base / "xl", base / "xl-ink.safetensors")
    make_controlnet(base / "xl-controlnet", 64, xl=True)
    make_t2i_adapter(base / "xl-t2i", xl=True)
    make_ip_adapter(base / "xl", base / "xl-ip.safetensors")
    make_controlnet(base / "controlnet")
    make_controlnet(base / "controlnet21", 1024)
    make_t2i_adapter(base / "t2i")
    make_t2i_adapter(base / "t2i-grey", 1)
    make_image_encoder(base / "encoder")
    make_ip_adapter(base / "lcm", base / "ip.safetensors")
    make_ip_adapter(base / "lcm", base / "ip-plus.safetensors", plus=True)
    rng = np.random.default_rng(1)
    for name in ("a", "b", "c"):
        cv2.imwrite(
            str(base / f"{name}.png"),
            cv2.resize(rng.integers(0, 255, (4, 4, 3), np.uint8), (50, 40)),
        )
    torch.manual_seed(5)
    save_file({"<cat-toy>": torch.randn(768)}, base / "cat.safetensors")
    save_file({"emb_params": torch.randn(3, 768)}, base / "three.safetensors")
    save_file({"<cat-toy>": torch.randn(1024)}, base / "cat21.safetensors")
    save_file(
        {"clip_l": torch.randn(2, 32), "clip_g": torch.randn(2, 32)}, base / "catxl.safetensors"
    )
    return base


def load(parts: Path, family: str = "lcm", **more: Any) -> Model:
    spec = ModelSpec(
        str(parts / family), **{"vae": "full", "lcm_lora": "off", "device": "cpu", **more}
    )
    return load_model(spec)


def lora(parts: Path, name: str, weight: float = 1.0, called: str = "") -> LoraFile:
    return LoraFile(str(parts / f"{name}.safetensors"), called or name, weight)


def pictured(parts: Path, **more: Any) -> dict[str, Any]:
    shown = tuple(str(parts / f"{name}.png") for name in "abc")
    encoder = str(parts / "encoder")
    return {
        "ip_adapter": str(parts / "ip.safetensors"),
        "image_encoder": encoder,
        "image_prompts": shown,
        **more,
    }


@pytest.fixture(scope="module")
def plain(parts: Path) -> Model:
    return load(parts)


@pytest.fixture(scope="module")
def inked(parts: Path) -> Model:
    return load(parts, loras=(lora(parts, "ink", 0.8), lora(parts, "gold", 0.0, "my_lora_train")))


@pytest.fixture(scope="module")
def led(parts: Path) -> Model:
    return load(parts, controlnet=str(parts / "controlnet"), t2i_adapter=str(parts / "t2i"))


@pytest.fixture(scope="module")
def shown(parts: Path) -> Model:
    return load(parts, **pictured(parts))


X, T = (
    torch.randn((2, 4, 8, 8), generator=torch.Generator().manual_seed(4)),
    torch.tensor([600.0, 300.0]),
)


def apart(one: Tensor, two: Tensor) -> float:
    return float((one - two).abs().max())


def guess(model: Model, embedding: Embedding | None = None, *lines: Any) -> Tensor:
    """The UNet's prediction for two rows."""
    embedding = model.encode_text("gold") if embedding is None else embedding
    return model.unet(X, T, Embedding.stack([embedding, embedding]), *lines)


def at(**weights: float) -> Any:
    return SimpleNamespace(values={f"lora/{name}": weight for name, weight in weights.items()})


def picture(number: int = 0) -> Tensor:
    return torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64).roll(number * 7, -1)


def paint(backend: StreamBackend, drawn: np.ndarray | None = None, **values: Any) -> Tensor:
    """One frame through a backend of one step, with a show's values. drawn: lines that lead it."""
    names = {key.replace("__", "/"): value for key, value in values.items()}
    snapshot = Store({"prompt/a": "gold"}).sample(0)
    generated = backend.paint(
        picture(),
        replace(snapshot, values={**snapshot.values, **names}),
        replace(FrameContext.black(SIZE), lines=drawn),
    )
    assert generated is not None
    return torch.as_tensor(generated.picture).clone()


# --- LoRA


def test_a_lora_is_played_from_nothing_to_full(plain: Model, inked: Model) -> None:
    bare = guess(plain)
    seen = {}
    for weight in (0.0, 0.5, 1.0):
        inked.follow(at(ink=weight))
        seen[weight] = guess(inked)
    assert apart(seen[0.0], bare) < 1e-5, "at 0 it is as if there were none"
    assert apart(seen[1.0], bare) > 1e-3
    assert 0 < apart(seen[0.5], bare) < apart(seen[1.0], bare)
    assert 0 < apart(seen[0.5], seen[1.0]) < apart(seen[1.0], bare), "half is between"


def test_two_loras_are_played_each_by_its_own_fader(plain: Model, inked: Model) -> None:
    seen = []
    for ink, gold in ((0, 0), (1, 0), (0, 1), (1, 1)):
        inked.follow(at(ink=ink, my_lora_train=gold))
        seen.append(guess(inked))
    assert apart(seen[0], guess(plain)) < 1e-5
    assert min(apart(one, two) for index, one in enumerate(seen) for two in seen[:index]) > 1e-3
    assert "lora ink, lora my_lora_train" in inked.describe()


def test_a_fader_moves_a_lora_between_two_frames(parts: Path) -> None:
    model = load(parts, loras=(lora(parts, "ink", 0.8),))
    backend = StreamBackend(model, SIZE, wait=True)
    first, again = (
        paint(backend, strength=0.7, lora__ink=0.8),
        paint(backend, strength=0.7, lora__ink=0.8),
    )
    assert torch.equal(first, again)
    moved = paint(backend, strength=0.7, lora__ink=0.2)
    assert apart(moved, first) > 1e-4
    assert torch.equal(paint(backend, strength=0.7, lora__ink=0.8), first), "and back"
    assert torch.equal(paint(backend, strength=0.7), first), (
        "a show without the parameter leaves the weight where it stands"
    )
    assert torch.equal(paint(backend, strength=0.7, lora__ink=0.80001), first), (
        "what nobody sees is not done"
    )


def test_the_text_part_of_a_lora_stays_at_its_start(parts: Path, plain: Model) -> None:
    seen = [load(parts, loras=(lora(parts, "words", weight),)) for weight in (0.0, 0.5, 1.0)]
    texts = [model.encode_text("gold").tokens for model in seen]
    assert apart(texts[0], plain.encode_text("gold").tokens) < 1e-5
    assert apart(texts[0], texts[1]) > 1e-4
    assert apart(texts[1], texts[2]) > 1e-4
    before = guess(seen[1])
    seen[1].follow(at(words=1.0))
    assert torch.equal(seen[1].encode_text("gold").tokens, texts[1])
    assert apart(guess(seen[1]), before) > 1e-4


def test_an_lcm_lora_is_fused_beside_those_that_are_played(parts: Path, inked: Model) -> None:
    fused = load(parts, lcm_lora=str(parts / "gold.safetensors"), loras=(lora(parts, "ink", 1.0),))
    inked.follow(at(ink=1.0, my_lora_train=1.0))
    assert apart(guess(fused), guess(inked)) < 1e-4, "fused or played, it does the same"
    fused.follow(at(ink=0.0))
    inked.follow(at(ink=0.0))
    assert apart(guess(fused), guess(inked)) < 1e-4, "only the one that is played can be taken back"


def test_the_ways_of_computing_are_tried_with_adapters_too_and_lose_nothing(
    parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(parts, loras=(lora(parts, "ink"),), controlnet=str(parts / "controlnet"))
    led = (hint().expand(2, -1, -1, -1), 1.0)
    model.follow(at(ink=0.9))
    model.follow(at(ink=1.0))
    before, encode = guess(model, None, *led), Model.encode

    def dawdling(self: Model, image: Tensor) -> Tensor:
        watch.sleep(0.2 if self.dtype == torch.bfloat16 else 0)
        return encode(self, image)

    watch = Stopwatch()
    monkeypatch.setattr("vj.diffusion.autotune.time", watch)
    monkeypatch.setattr(Model, "encode", dawdling)
    tune(model, 64, 64)
    assert model.dtype == torch.float32
    assert apart(guess(model, None, *led), before) < 1e-6, (
        "what has been through bfloat16 is put back as it was"
    )
    model.follow(at(ink=0.0))
    assert apart(guess(model, None, *led), before) > 1e-3, (
        "the tuned copy is played, not the one before"
    )


# --- textual inversion


@pytest.mark.parametrize(
    ("family", "file", "token", "called"),
    [
        ("lcm", "cat", None, "<cat-toy>"),
        ("lcm", "cat", "<mine>", "<mine>"),
        ("lcm", "three", None, "three"),
        ("sdxl", "catxl", "<cat-toy>", "<cat-toy>"),
    ],
)
def test_a_word_of_ones_own(
    parts: Path, plain: Model, family: str, file: str, token: str | None, called: str
) -> None:
    model = load(
        parts, family, embeddings=(EmbeddingFile(str(parts / f"{file}.safetensors"), token),)
    )
    without = plain if family == "lcm" else load(parts, family)
    new, old = (one.encode_text(f"a {called}") for one in (model, without))
    assert apart(new.tokens, old.tokens) > 1e-3, "it means something now"
    if old.pooled is not None and new.pooled is not None:
        assert apart(new.pooled, old.pooled) > 1e-4, "to both encoders of SDXL"
    assert apart(model.encode_text("a cat").tokens, without.encode_text("a cat").tokens) < 1e-5, (
        "other words are as they were"
    )
    assert called in model.describe()


# --- lines


def lines(kind: int = 0) -> np.ndarray:
    drawn = np.zeros((64, 64, 3), np.uint8)
    return (
        cv2.circle(drawn, (32, 32), 20, (255, 255, 255), 2)
        if kind == 0
        else cv2.line(drawn, (0, 50), (63, 9), (255, 255, 255), 3)
    )


def hint(kind: int = 0) -> Tensor:
    return torch.from_numpy(lines(kind)).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize(
    "which", [("controlnet",), ("t2i_adapter",), ("controlnet", "t2i_adapter")], ids=", ".join
)
def test_lines_lead_the_image(
    led: Model, plain: Model, which: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in {"controlnet", "t2i_adapter"} - set(which):
        monkeypatch.setattr(led.adapters, part, None)
    backend = StreamBackend(led, SIZE, wait=True)
    assert backend.wants_lines
    bare = paint(StreamBackend(plain, SIZE, wait=True), strength=0.7)
    full = paint(backend, lines(), strength=0.7)
    assert apart(full, bare) > 1e-3
    assert apart(full, paint(backend, lines(1), strength=0.7)) > 1e-4, "by what is drawn"
    assert torch.equal(
        bare,
        paint(backend, lines(), strength=0.7, control__amount=0.0),
    )
    assert torch.equal(bare, paint(backend, None, strength=0.7)), (
        "without lines there is nothing to lead"
    )
    half = paint(backend, lines(), strength=0.7, control__amount=0.4)
    assert 0 < apart(half, bare) < apart(full, bare)
    backend.warm(Store().sample(0))


def test_a_t2i_adapter_of_one_channel_takes_the_grey_lines(parts: Path, plain: Model) -> None:
    model = load(parts, t2i_adapter=str(parts / "t2i-grey"))
    assert apart(guess(model, None, hint().expand(2, -1, -1, -1), 1.0), guess(plain)) > 1e-3


def test_painters_without_a_model_that_is_led_want_no_lines(plain: Model) -> None:
    assert not PassThrough(SIZE).wants_lines
    assert not StreamBackend(plain, SIZE, wait=True).wants_lines
    assert not StreamDiffusionBackend(plain, SIZE, wait=True).wants_lines


def alone(model: Model, z: Tensor, conditioning: Conditioning) -> Tensor:
    """One frame denoised by itself, step by step."""
    more = () if conditioning.hint is None else (conditioning.hint, conditioning.hint_amount)
    x = conditioning.levels[0].a * z + conditioning.levels[0].b * conditioning.noise[:1]
    stock = conditioning.noise[:1]
    for index, level in enumerate(conditioning.levels):
        epsilon = model.unet(x, torch.tensor([level.t]), conditioning.text, *more)
        if conditioning.guidance > 1:
            if index == 0 and conditioning.negative is not None:
                stock = model.unet(x, torch.tensor([level.t]), conditioning.negative, *more)
            epsilon = conditioning.delta * stock + conditioning.guidance * (
                epsilon - conditioning.delta * stock
            )
        clean = (x - level.b * epsilon) / level.a
        if index + 1 < len(conditioning.levels):
            after, fresh = conditioning.levels[index + 1], conditioning.noise[index + 1 : index + 2]
            stock = fresh + after.a * (level.b * stock - level.b * epsilon) / level.a / after.b
            x = after.a * clean + after.b * fresh
    return clean


@pytest.mark.parametrize("what", ["lines", "pictures"])
def test_each_frame_comes_out_as_if_denoised_alone_while_lines_and_pictures_change(
    led: Model, shown: Model, what: str
) -> None:
    model = led if what == "lines" else shown
    text, against = model.encode_text("gold"), model.encode_text("fire")
    noise = torch.randn((6, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    stream = StreamBatch(model.unet)
    sent: dict[int, tuple[Tensor, Conditioning]] = {}
    arrived = 0
    for number in range(8):
        conditioning = Conditioning(
            model.schedule.plan(0.4 + 0.05 * number, 2),
            noise[number % 4 :][:2],
            text,
            1.4,
            0.9,
            against,
        )
        if what == "lines":
            conditioning = replace(
                conditioning,
                hint=None if number % 3 == 2 else hint(number % 2),
                hint_amount=0.3 * (number % 4),
            )
        elif number % 3 < 2:
            assert model.adapters.image_prompts is not None
            tokens = model.adapters.image_prompts.at(number / 8)
            conditioning = replace(
                conditioning, text=replace(text, image=with_amount(tokens, 0.3 * (number % 4)))
            )
        z = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(number))
        sent[number] = (z, conditioning)
        done = stream.step((z, conditioning, number))
        if done is not None:
            assert apart(done.latents, alone(model, *sent[done.payload])) < 1e-3
            arrived += 1
    assert arrived == 7


# --- pictures as prompts


def test_pictures_are_prompts_and_mix_as_texts_do(shown: Model, plain: Model) -> None:
    backend, pictures = StreamBackend(shown, SIZE, wait=True), shown.adapters.image_prompts
    assert pictures is not None
    bare = paint(StreamBackend(plain, SIZE, wait=True), strength=0.8)
    assert apart(paint(backend, strength=0.8, image__amount=0.0), bare) < 1e-5, (
        "amount 0 is as if there were no adapter"
    )
    seen = {
        mix: paint(backend, strength=0.8, image__amount=1.0, image__mix=mix)
        for mix in (0.0, 0.25, 0.5, 1.0)
    }
    assert apart(seen[0.0], bare) > 1e-4
    assert min(apart(seen[one], seen[two]) for one in seen for two in seen if one < two) > 1e-5
    for number, mix in enumerate((0.0, 0.5, 1.0)):
        assert torch.equal(pictures.at(mix), pictures.shown[number]), (
            "three pictures: the middle of the way is the second"
        )
    halves = pictures.at(0.25)
    norms = [
        float(one.norm(dim=-1).mean()) for one in (pictures.shown[0], halves, pictures.shown[1])
    ]
    assert min(norms[0], norms[2]) * 0.99 <= norms[1] <= max(norms[0], norms[2]) * 1.01, (
        "mixed, they are not paler"
    )
    half = paint(backend, strength=0.8, image__amount=0.5)
    assert 0 < apart(half, bare) < apart(seen[0.0], bare)


def test_a_picture_alone_or_first_of_three_is_the_same(parts: Path, shown: Model) -> None:
    alone_there = load(parts, **pictured(parts, image_prompts=(str(parts / "a.png"),)))
    first = paint(StreamBackend(shown, SIZE, wait=True), strength=0.8, image__mix=0.0)
    assert torch.equal(
        first, paint(StreamBackend(alone_there, SIZE, wait=True), strength=0.8, image__mix=0.7)
    )


def test_the_pictures_of_a_walk_are_its_image_prompts(
    parts: Path, shown: Model, plain: Model
) -> None:
    """At the ends of a leg their own tokens, midway those of both; a model without an adapter walks
    in its latents alone."""
    one, two = (cv2.imread(str(parts / f"{name}.png"), cv2.IMREAD_COLOR_RGB) for name in "ab")
    assert one is not None
    assert two is not None
    pictures = shown.adapters.image_prompts
    assert pictures is not None
    tokens = WalkTokens(shown.encode_image_prompt, True, print)
    for share, wanted in ((0.0, pictures.shown[0]), (1.0, pictures.shown[1])):
        found = tokens.at(one, two, share, (one, two))
        assert found is not None
        assert torch.equal(found, wanted)
    halfway = tokens.at(one, two, 0.5, (one, two))
    assert halfway is not None
    assert min(apart(halfway, pictures.shown[0]), apart(halfway, pictures.shown[1])) > 1e-4
    small = [cv2.resize(picture, SIZE) for picture in (one, two)]
    seen = {}
    for name, model in (("with", shown), ("without", plain)):
        for amount in (0.0, 1.0):
            context = FrameContext(
                small[0], 0, 0.0, small[0], walk=WalkStep(small[0], small[1], 0.5)
            )
            values = {
                "strength": 0.8,
                "image/amount": amount,
                "feedback/amount": 0,
                "prompt/a": "gold",
            }
            generated = StreamBackend(model, SIZE, wait=True).paint(
                torch.zeros(1, 3, SIZE.height, SIZE.width), Store(values).sample(0.0), context
            )
            assert generated is not None
            seen[name, amount] = generated.picture
    assert apart(seen["with", 0.0], seen["without", 0.0]) < 1e-5
    assert apart(seen["with", 1.0], seen["with", 0.0]) > 1e-4
    assert torch.equal(seen["without", 0.0], seen["without", 1.0])


def test_live_the_tokens_of_a_walk_are_made_ahead_and_a_failure_is_no_end() -> None:
    release = threading.Event()
    made: list[int] = []
    messages: list[str] = []

    def encode(picture: np.ndarray) -> Tensor:
        release.wait(PATIENCE)
        if picture[0, 0, 0] == 3:
            raise RuntimeError("no memory")
        made.append(int(picture[0, 0, 0]))
        return torch.full((1, 2, 4), float(picture[0, 0, 0]))

    chain = tuple(np.full((4, 4, 3), value, np.uint8) for value in (1, 2, 3))
    tokens = WalkTokens(encode, False, messages.append)
    assert tokens.at(chain[0], chain[1], 0.0, chain) is None
    assert tokens.pending()
    release.set()
    until(lambda: not tokens.pending(), lambda: messages)
    assert made == [1, 2], "the next leg's picture too, before it is needed"
    assert float(tokens.at(chain[0], chain[1], 0.0, chain).mean()) == 1.0  # type: ignore[union-attr]
    assert float(tokens.at(chain[1], chain[2], 0.5, chain).mean()) == 2.0, (
        "what could not be made is left out"
    )  # type: ignore[union-attr]
    assert messages == ["image prompt: RuntimeError: no memory"]
    tokens.close()


def test_any_picture_can_be_made_a_prompt_later(parts: Path, shown: Model, plain: Model) -> None:
    drawn = cv2.imread(str(parts / "b.png"), cv2.IMREAD_COLOR_RGB)
    assert drawn is not None
    pictures = shown.adapters.image_prompts
    assert pictures is not None
    assert torch.equal(shown.encode_image_prompt(drawn), pictures.shown[1])
    with pytest.raises(Fault, match="only with an ip_adapter"):
        plain.encode_image_prompt(drawn)


def test_what_diffusers_itself_makes_of_an_image_prompt(parts: Path, shown: Model) -> None:
    """The same adapter put in by diffusers, with its scale."""
    theirs = load(parts).pipe
    state: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for key, value in load_file(parts / "ip.safetensors").items():
        part, _, name = key.partition(".")
        state[part][name] = value
    theirs.load_ip_adapter(state, subfolder="", weight_name="", image_encoder_folder=None)
    theirs.set_ip_adapter_scale(0.7)
    pictures, text = shown.adapters.image_prompts, shown.encode_text("gold")
    assert pictures is not None
    pixels = pictures.processor(
        images=cv2.imread(str(parts / "a.png"), cv2.IMREAD_COLOR_RGB), return_tensors="pt"
    ).pixel_values
    seen = pictures.encoder(pixels).image_embeds[None]
    with torch.no_grad():
        expected = theirs.unet(
            X[:1], T[:1], text.tokens, added_cond_kwargs={"image_embeds": [seen]}, return_dict=False
        )[0]
    ours = shown.unet(X[:1], T[:1], replace(text, image=with_amount(pictures.shown[0], 0.7)))
    assert apart(ours, expected) < 1e-5


def test_a_negative_prompt_goes_with_no_picture(shown: Model) -> None:
    pictures, text, snapshot = (
        shown.adapters.image_prompts,
        shown.encode_text("blurry"),
        Store({"image/amount": 0.5}).sample(0),
    )
    assert pictures is not None
    against = shown.adapters.with_image_prompt(text, snapshot, against=True).image
    assert against is not None
    assert torch.equal(against, with_amount(pictures.blank, 0.5))
    assert torch.equal(pictures.blank, pictures.projection(torch.zeros(1, 12)))


def test_a_plus_adapter_looks_at_the_patches(parts: Path) -> None:
    model = load(parts, **pictured(parts, ip_adapter=str(parts / "ip-plus.safetensors")))
    backend = StreamBackend(model, SIZE, wait=True)
    seen = [paint(backend, strength=0.8, image__amount=1.0, image__mix=mix) for mix in (0.0, 0.5)]
    assert apart(*seen) > 1e-5
    paint(backend, strength=0.8, guidance=1.5, prompt__negative="blurry")


def test_sdxl_takes_all_of_it_at_once_in_any_size(parts: Path) -> None:
    led = {"controlnet": str(parts / "xl-controlnet"), "t2i_adapter": str(parts / "xl-t2i")}
    model = load(
        parts,
        "xl",
        loras=(lora(parts, "xl-ink", called="ink"),),
        **pictured(parts, ip_adapter=str(parts / "xl-ip.safetensors")),
        **led,
    )
    text, plain = model.encode_text("gold"), load(parts, "xl")
    assert model.adapters.image_prompts is not None
    image = with_amount(model.adapters.image_prompts.shown[0], 1.0)
    for height, width in ((8, 8), (9, 7)):
        x, drawn = torch.randn(1, 4, height, width), torch.rand(1, 3, 8 * height, 8 * width)
        bare = plain.unet(x, T[:1], text)
        model.follow(at(ink=0.0))
        assert apart(model.unet(x, T[:1], text, drawn, 0.0), bare) < 1e-5
        assert apart(model.unet(x, T[:1], text, drawn), bare) > 1e-3
        assert apart(model.unet(x, T[:1], replace(text, image=image)), bare) > 1e-4
        model.follow(at(ink=1.0))
        assert apart(model.unet(x, T[:1], text), bare) > 1e-4


# --- refusals


@pytest.mark.parametrize(
    ("family", "given", "words"),
    [
        ("lcm", {"loras": "foreign"}, r"lora .*foreign.safetensors: does not fit .*another family"),
        ("lcm", {"loras": "cat"}, r"lora .*cat.safetensors: is no LoRA"),
        ("lcm", {"loras": "nowhere"}, r"lora .*nowhere.safetensors: no such file"),
        (
            "lcm",
            {"embeddings": "cat21"},
            "has 1024 numbers a token, and this model's text encoder takes 768",
        ),
        ("lcm", {"embeddings": "catxl"}, "has two parts"),
        ("sdxl", {"embeddings": "cat"}, r"has one part.*clip_l and clip_g"),
        ("lcm", {"embeddings": "ink"}, "is no textual inversion"),
        ("lcm", {"controlnet": "controlnet21"}, r"controlnet .*another family .*1024.*768"),
        ("lcm", {"controlnet": "t2i"}, "is a T2IAdapter; a ControlNetModel is wanted here"),
        ("lcm", {"controlnet": "ink.safetensors"}, "is a file; name a folder"),
        ("lcm", {"controlnet": "nowhere"}, "no such folder"),
        ("sdxl", {"t2i_adapter": "t2i"}, r"t2i_adapter .*another family"),
        (
            "turbo",
            {"ip_adapter": "ip.safetensors", "image_encoder": "encoder"},
            r"there is none for this family \(sd21\)",
        ),
        (
            "sdxl",
            {"ip_adapter": "ip.safetensors", "image_encoder": "encoder"},
            r"ip_adapter .*another family .*768.*64",
        ),
        ("lcm", {"ip_adapter": "ip.safetensors"}, "needs image_encoder"),
        ("lcm", {"ip_adapter": "ink.safetensors", "image_encoder": "encoder"}, "is none"),
        ("lcm", {"ip_adapter": "ip.safetensors", "image_encoder": "lcm"}, "no config.json"),
        (
            "lcm",
            {"ip_adapter": "ip.bin", "image_encoder": "encoder"},
            r"can run code when they are opened.*allow_pickle",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    parts: Path, family: str, given: dict[str, str], words: str
) -> None:
    (parts / "ip.bin").write_bytes(b"never opened")
    more: dict[str, Any] = {key: str(parts / value) for key, value in given.items()}
    if "loras" in given:
        more = {"loras": (lora(parts, given["loras"]),)}
    if "embeddings" in given:
        more = {"embeddings": (EmbeddingFile(str(parts / f"{given['embeddings']}.safetensors")),)}
    with pytest.raises(Fault, match=words) as caught:
        load(parts, family, **more)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 420


def test_a_picture_that_cannot_be_opened_is_named(parts: Path) -> None:
    for name, words in (
        ("nowhere.png", "nowhere.png: cannot be read"),
        ("ip.safetensors", "is no picture"),
    ):
        with pytest.raises(Fault, match=words):
            load(parts, **pictured(parts, image_prompts=(str(parts / name),)))


def test_the_package_plays_loras_and_rejects_the_rest(
    parts: Path, inked: Model, led: Model, shown: Model
) -> None:
    backend = StreamDiffusionBackend(inked, SIZE, wait=True)
    seen = [paint(backend, strength=0.7, lora__ink=weight) for weight in (0.0, 1.0)]  # type: ignore[arg-type]
    assert apart(*seen) > 1e-4
    for model in (led, shown):
        with pytest.raises(Fault, match="leave engine out"):
            StreamDiffusionBackend(model, SIZE, wait=True)


# --- the show


SHOW = """
model:
  name: {lcm}
  loras: [{{file: {base}/ink.safetensors, weight: 0.8}}, {base}/gold.safetensors]
  embeddings: [{base}/cat.safetensors]
  controlnet: {base}/controlnet
  ip_adapter: {base}/ip.safetensors
  image_encoder: {base}/encoder
  image_prompts: {base}/a.png
  vae: full
  lcm_lora: off
start: {{lora/gold: 0.5, image/amount: 0.3}}
macros: {{pedal: {{drives: {{lora/ink: [0.8, 0]}}}}}}
"""


def test_a_show_names_it_all_and_its_loras_are_parameters(parts: Path, tmp_path: Path) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(
        SHOW.format(lcm=parts / "lcm", base=parts).replace("lcm_lora: off", "lcm_lora: 'off'")
    )
    show = load_show(path)
    rows = show.table().rows
    assert (rows["lora/ink"].start, rows["lora/ink"].high, rows["lora/ink"].address) == (
        0.8,
        2,
        "/vj/lora/ink",
    )
    assert rows["lora/gold"].glide > 0
    assert show.start["lora/gold"] == 0.5
    assert {"control/amount", "image/amount", "image/mix"} <= set(rows)
    store = Store(show.start, show.table())
    backend = make_backend(
        model_spec(show), "stream", SIZE, store.ahead(0), False, lambda text: None
    )
    assert isinstance(backend, StreamBackend)
    assert backend.wants_lines
    backend.paint(picture(), store.sample(0), FrameContext.black(SIZE))
    assert backend.model.adapters.weights == {"ink": 0.8, "gold": 0.5}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            "model:\n  loras:\n    - ink.safetensors\n    - b/ink.safetensors\n",
            4,
            "ink: appears twice in loras",
        ),
        ("model:\n  loras:\n    - {file: a.safetensors, name: my ink}\n", 3, "name: my-ink"),
        ("model:\n  loras:\n    - {file: a.safetensors, weight: 3}\n", 3, "weight: 3 is above 2"),
        ("model:\n  name: x/y\n  ip_adapter: a.safetensors\n", 3, "needs image_encoder"),
        ("model:\n  name: x/y\n  image_prompts: [a.jpg]\n", 3, "need ip_adapter"),
        ("model:\n  lora: [a]\n", 2, "did you mean loras"),
        ("model: {loras: [ink.safetensors]}\nstart:\n  lora/inc: 1\n", 3, "did you mean lora/ink"),
        ("model: {loras: [ink.safetensors]}\nstart:\n  lora/ink: 3\n", 3, "above 2"),
    ],
)
def test_faults_in_a_show_carry_their_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(text)
    with pytest.raises(ShowFaults) as caught:
        load_show(path)
    assert any(one.startswith(f"{path}:{line}:") and words in one for one in caught.value.lines), (
        caught.value.lines
    )


# --- other models


def test_a_dreambooth_folder_and_another_vae_play(parts: Path, tmp_path: Path) -> None:
    """What DreamBooth's trainer leaves is a plain diffusers folder; a VAE of the large kind may
    come from another one."""
    trained = make_model(tmp_path / "my-dog", "sd15", seed=7)
    torch.manual_seed(9)
    full_vae().save_pretrained(tmp_path / "vae")
    own, other = (
        load(trained.parent, "my-dog"),
        load(trained.parent, "my-dog", vae=str(tmp_path / "vae")),
    )
    assert type(other.pipe.vae).__name__ == "AutoencoderKL"
    pictures = [
        paint(StreamBackend(model, SIZE, wait=True), strength=0.5) for model in (own, other)
    ]
    assert apart(*pictures) > 1e-3


def test_another_model_comes_in_without_a_gap(parts: Path, plain: Model) -> None:
    """Backend A plays; B is loaded beside it, however long that takes, and takes over between two
    frames. Gaps are counted in frames of the show's clock, which the test moves."""
    fps, messages = 8, []
    out: list[tuple[str, np.ndarray]] = []
    clock = ManualClock()
    loop = RenderLoop(
        size=SIZE,
        fps=fps,
        fit="crop",
        clock=clock,
        store=Store({"prompt/a": "gold", "strength": 0.6}),
        inbox=Mailbox(),
        publish=lambda image, frame: out.append((loop.backend_name, frame.pixels.copy())),
        metrics=Metrics(),
        on_message=messages.append,
    )
    first = StreamBackend(plain, SIZE, wait=True)
    loop.offer(first)
    snapshot = Store({"prompt/a": "gold", "strength": 0.6}).sample(0)
    spec = ModelSpec(
        str(parts / "lcm"),
        vae="full",
        lcm_lora="off",
        device="cpu",
        dtype="float32",
        loras=(lora(parts, "ink"),),
    )
    goes_on = threading.Event()
    offered_after: list[int] = []

    def bring() -> None:
        backend = make_backend(
            spec, "stream", SIZE, snapshot, True, lambda text: goes_on.wait(), loop.quietly()
        )
        offered_after.append(len(out))
        loop.offer(backend)

    drawn = np.random.default_rng(2).integers(90, 255, (64, 64, 3), np.uint8)

    def frame() -> None:
        """A frame of the source and a step of the clock: one picture comes of it, always."""
        before = len(out)
        loop.inbox.put(Frame(drawn, before, clock.now()))
        clock.advance(1 / fps)
        until(lambda: clock.asleep(loop.thread), lambda: messages)
        assert len(out) == before + 1, "a gap"

    loop.start()
    loader = threading.Thread(target=bring)
    try:
        for _ in range(6):
            frame()
        loader.start()
        for _ in range(6):
            frame()
        assert not offered_after, "B is still being loaded"
        goes_on.set()
        while loader.is_alive():
            frame()
        for _ in range(4):
            frame()
    finally:
        goes_on.set()
        assert loop.stop(PATIENCE)
    loader.join()
    assert not messages
    names = [name for name, _ in out]
    swapped = names.index(next(name for name in names if "lora ink" in name))
    assert set(names[1:swapped]) == {first.name}, "A plays until then"
    assert set(names[swapped:]) == {names[swapped]}, "and B from then on"
    assert 12 <= offered_after[0] <= swapped <= offered_after[0] + 2, "B comes warm, not before"
    assert len(names) > swapped + 2
    assert all(pixels.mean() > 20 for _, pixels in out), "nothing is black"
