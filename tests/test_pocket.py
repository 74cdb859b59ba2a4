"""The built-in model: its files, that the training script makes such files, and that words, strength and seed mean something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vj.engine.checkpoints import ModelSpec
from vj.engine.models import Model, load_model
from vj.engine.stream import Noise, Recipe, StreamBatch
from vj.frame import Size
from vj.pocket import WEIGHTS
from vj.pocket.pictures import draw_pictures
from vj.pocket.style import paint, ramps, style_weight, texture_noise
from vj.pocket.vocabulary import PALETTES, PATTERNS, Caption, draw_caption, words
from vj.sources.testcard import Scene

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(ModelSpec("pocket", device="cpu", dtype="float32"))


def inputs() -> list[np.ndarray]:
    """Pictures it was not trained on: the test card, and drawn ones of another seed."""
    scene = Scene(Size(256, 256), 30)
    return [scene.draw(3), scene.draw(200), *draw_pictures(4, seed=99_991, size=256)]


def repaint(model: Model, picture: np.ndarray, text: str, strength: float, seed: int = 2) -> np.ndarray:
    """(H, W, 3) uint8 -> the same size, float 0..1."""
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    shape = (model.latent_channels, picture.shape[0] // 8, picture.shape[1] // 8)
    noise = Noise(shape, model.device, torch.float32).sample(seed, 3, 0.0, 1.0, 1)
    recipe = Recipe(model.schedule.plan(strength, 1), noise, model.encode_text(text))
    done = StreamBatch(model.unet, model.prediction).step(model.encode(x), recipe)
    assert done is not None
    out: np.ndarray = model.decode(done.latents)[0].permute(1, 2, 0).clamp(-1, 1).add(1).div(2).numpy()
    return out


def test_its_files_are_small_and_no_pickles() -> None:
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 12e6
    assert {path.suffix for path in files} <= {".json", ".txt", ".safetensors", ".md"}
    assert (WEIGHTS / "README.md").read_text(encoding="utf-8").startswith("# The built-in model")


def test_each_palette_is_recognised_on_pictures_it_never_saw(model: Model) -> None:
    """The painting's colours lie nearest to the ramp that was named, of all twelve."""
    table = ramps()  # (P, 3, 5)
    right, all_of_them = 0, 0
    for picture in inputs():
        for index, name in enumerate(PALETTES):
            seen = torch.from_numpy(repaint(model, picture, name, 0.6)).reshape(-1, 3)[::17]
            fine = torch.nn.functional.interpolate(table, 64, mode="linear", align_corners=True)  # (P, 3, 64)
            apart = torch.stack([torch.cdist(seen, ramp.T).min(1).values.mean() for ramp in fine])
            right += int(apart.argmin()) == index
            all_of_them += 1
    assert right / all_of_them > 0.85


def test_two_prompts_give_different_palettes_on_the_same_footage(model: Model) -> None:
    for picture in inputs():
        gold, ocean = (repaint(model, picture, text, 0.6).mean((0, 1)) for text in ("molten gold", "deep ocean"))
        assert gold[0] - gold[2] > 0.15, "gold is warm"
        assert ocean[2] - ocean[0] > 0.15, "the ocean is cold"


def test_words_come_in_any_order_and_unknown_ones_do_no_harm(model: Model) -> None:
    picture = inputs()[0]
    plain = repaint(model, picture, "molten gold", 0.6)
    for text in ("a portrait of a dancer, molten gold", "xqzwv molten gold flurb", "gold", "黄金 molten gold"):
        assert np.abs(repaint(model, picture, text, 0.6).mean((0, 1)) - plain.mean((0, 1))).max() < 0.12, text


def test_more_strength_goes_further_from_the_input(model: Model) -> None:
    apart = np.zeros(9)
    for picture in inputs():
        for text in ("molten gold", "neon", "blueprint, woodcut"):
            apart += [np.abs(repaint(model, picture, text, 0.1 * step) - picture / 255).mean() for step in range(1, 10)]
    assert (np.diff(apart) > 0).all(), apart
    assert apart[-1] > 2.5 * apart[0]


def test_what_is_shown_stays_readable_at_strength_point_four(model: Model) -> None:
    """Edges of the input are found again in the painting."""

    def edges(picture: np.ndarray) -> np.ndarray:
        light = torch.from_numpy(np.asarray(picture, np.float32)).mean(2)[None, None]
        light = torch.nn.functional.avg_pool2d(light, 4)[0, 0].numpy()
        return np.hypot(*np.gradient(light)).ravel()

    found = [np.corrcoef(edges(picture / 255), edges(repaint(model, picture, "deep ocean", 0.4)))[0, 1] for picture in inputs()]
    assert np.mean(found) > 0.6, found


def test_another_seed_changes_the_texture_and_not_the_structure(model: Model) -> None:
    picture = inputs()[0]
    first, second = (repaint(model, picture, "fire", 0.5, seed) for seed in (2, 77))
    assert np.abs(first - second).mean() > 0.005
    small = [torch.nn.functional.avg_pool2d(torch.from_numpy(one).permute(2, 0, 1)[None], 16).flatten().numpy() for one in (first, second)]
    assert np.corrcoef(*small)[0, 1] > 0.8


def test_a_still_input_gives_the_same_picture_every_time(model: Model) -> None:
    picture = inputs()[0]
    assert np.array_equal(repaint(model, picture, "ice", 0.5), repaint(model, picture, "ice", 0.5))


@pytest.mark.parametrize("size", [(192, 192), (144, 256), (512, 512)])
def test_it_paints_other_sizes(model: Model, size: tuple[int, int]) -> None:
    out = repaint(model, Scene(Size(size[1], size[0]), 30).draw(9), "molten gold", 0.6)
    assert out.shape == (*size, 3)
    assert out[..., 0].mean() - out[..., 2].mean() > 0.15


def test_what_it_is_taught_follows_from_its_input() -> None:
    source = torch.rand((3, 3, 64, 64))
    captions = [Caption("gold", 0, 0, 0.0), Caption("", -1, -1, 0), Caption("neon woodcut", 3, 3, -0.5)]
    noise = texture_noise(torch.randn((3, 16, 8, 8)), torch.ones(3), 64, 64)
    first, second = (paint(source, captions, noise, torch.ones(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.allclose(first[1], source[1], atol=1e-6), "an empty caption paints what is there"
    assert float(first.min()) >= 0
    assert float(first.max()) <= 1
    weights = style_weight(torch.tensor([0.0, 100.0, 300.0, 600.0, 999.0]))
    assert weights.tolist() == sorted(weights.tolist())
    assert (float(weights[0]), float(weights[-1])) == (0.0, 1.0)


def test_captions_say_what_they_mean() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        caption = draw_caption(rng)
        if caption.palette >= 0:
            assert any(word in caption.text for word in list(PALETTES.values())[caption.palette][0])
        if caption.pattern >= 0:
            assert any(word in caption.text for word in list(PATTERNS.values())[caption.pattern])
    assert len(words()) == len(set(words()))


def test_the_training_script_makes_a_model_that_loads_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    common = [
        "--out",
        str(tmp_path / "out"),
        "--work",
        str(tmp_path / "work"),
        "--pictures",
        "24",
        "--batch",
        "4",
        "--pool",
        "32",
        "--device",
        "cpu",
    ]
    for steps in ("2", "3"):
        command = [sys.executable, "-m", "vj.pocket.train", *common, "--autoencoder-steps", "2", "--unet-steps", steps]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)
        assert done.returncode == 0, done.stderr
    assert "going on from step 2 of unet.pt" in done.stdout
    trained = load_model(ModelSpec(str(tmp_path / "out"), lcm_lora="off", vae="full", device="cpu"))
    assert trained.prediction == "sample"
    assert repaint(trained, inputs()[0], "gold", 0.5).shape == (256, 256, 3)
