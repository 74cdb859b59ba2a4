"""What a show adds to its model: what does not fit, what its file says, another model while one
plays."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.diffusion.adapter_parts import (
    SIZE,
    apart,
    load,
    lora,
    paint,
    picture,
    pictured,
)
from tests.tiny_models import (
    full_vae,
    make_model,
)
from tests.waiting import PATIENCE, ManualClock, until
from vj.app.setup import model_spec
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.diffusion.backends import StreamBackend
from vj.diffusion.making import make_backend
from vj.diffusion.model import Model
from vj.diffusion.model_spec import EmbeddingFile, ModelSpec
from vj.diffusion.streamdiffusion_backend import StreamDiffusionBackend
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.loop import RenderLoop
from vj.show.load import ShowFaults, load_show


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
def test_what_does_not_fit_is_an_error_of_one_line(
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
    assert backend.guides == ("lines",)
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
