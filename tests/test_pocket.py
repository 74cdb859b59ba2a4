"""The built-in model: its files, that the training script makes such files, and that words, strength and seed mean something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vj.engine.checkpoints import ModelSpec
from vj.engine.models import load_model
from vj.frame import Size
from vj.pocket import WEIGHTS
from vj.pocket.evaluate import Easel, all_pairs, detail, distances, edges, held_out, mix_steps, psnr, recognised, seeds_agree
from vj.pocket.model import PICTURES
from vj.pocket.patterns import DRAW, NOISES, read_texture
from vj.pocket.style import colour_weight, paint, texture_weight
from vj.pocket.vocabulary import MODIFIERS, PALETTES, PATTERNS, Caption, draw_caption, words
from vj.sources.testcard import Scene

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def easel() -> Easel:
    return Easel(load_model(ModelSpec("pocket", device="cpu", dtype="float32")))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Pictures it was not trained on: the test card, and drawn ones of another seed."""
    return held_out(4)


def test_its_files_are_small_and_no_pickles() -> None:
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 13e6
    assert {path.suffix for path in files} <= {".json", ".txt", ".safetensors", ".md"}
    assert (WEIGHTS / "README.md").read_text(encoding="utf-8").startswith("# The built-in model")


def test_the_vocabulary_is_as_large_as_promised() -> None:
    assert len(PALETTES) >= 24
    assert len(PATTERNS) >= 12
    assert len(MODIFIERS) >= 6
    assert set(DRAW) == set(PATTERNS)
    said = [word for names, _ in PALETTES.values() for word in names]
    said += [word for table in (PATTERNS, MODIFIERS) for names in table.values() for word in names]
    assert len(said) == len(set(said)), "no word means two things"


def test_the_autoencoder_carries_pictures(easel: Easel) -> None:
    assert psnr(easel.model, held_out(12)) > 27


def test_palettes_and_techniques_are_recognised_on_pictures_it_never_saw(easel: Easel) -> None:
    pairs = np.random.default_rng(1).permutation(all_pairs())[::16].tolist()
    palettes, patterns = recognised(easel, held_out(8, 192), pairs)
    assert palettes >= 0.9, "0.95 over all pairs"
    assert patterns >= 0.75, "0.80 over all pairs"


def test_techniques_are_crisp(easel: Easel, pictures: list[np.ndarray]) -> None:
    assert detail(easel, pictures[:2], list(PATTERNS)) > 0.5


def test_two_prompts_give_different_palettes_on_the_same_footage(easel: Easel, pictures: list[np.ndarray]) -> None:
    for picture in pictures:
        gold, ocean = (easel.repaint(picture, text).mean((0, 1)) for text in ("molten gold", "deep ocean"))
        assert gold[0] - gold[2] > 0.15, "gold is warm"
        assert ocean[2] - ocean[0] > 0.15, "the ocean is cold"


def test_words_come_in_any_order_and_unknown_ones_do_no_harm(easel: Easel, pictures: list[np.ndarray]) -> None:
    plain = easel.repaint(pictures[0], "molten gold")
    for text in ("a portrait of a dancer, molten gold", "xqzwv molten gold flurb", "gold", "黄金 molten gold"):
        assert np.abs(easel.repaint(pictures[0], text).mean((0, 1)) - plain.mean((0, 1))).max() < 0.12, text
    first, second = (easel.repaint(pictures[0], text) for text in ("woodcut, deep ocean", "deep ocean made of woodcut"))
    assert np.abs(first - second).mean() < 0.05


def test_modifiers_do_what_they_say(easel: Easel, pictures: list[np.ndarray]) -> None:
    for picture in pictures:
        dark, bright, vivid, pale = (easel.repaint(picture, f"{word} forest") for word in ("dark", "bright", "vivid", "pale"))
        assert bright.mean() - dark.mean() > 0.15
        assert np.ptp(vivid, axis=2).mean() > 1.3 * np.ptp(pale, axis=2).mean()


def test_more_strength_goes_further_from_the_input(easel: Easel, pictures: list[np.ndarray]) -> None:
    apart = distances(easel, pictures, ("molten gold", "neon", "blueprint, woodcut"))
    assert (np.diff(apart) > 0).all(), apart
    assert apart[-1] > 2.5 * apart[0]


def test_a_little_strength_leaves_the_colours_alone(easel: Easel, pictures: list[np.ndarray]) -> None:
    for picture in pictures:
        cast = easel.repaint(picture, "molten gold", 0.1).mean((0, 1)) - picture.mean((0, 1)) / 255
        assert np.abs(cast).max() < 0.03


@pytest.mark.parametrize(("strength", "least"), [(0.4, 0.75), (0.7, 0.5)])
def test_what_is_shown_stays_readable(easel: Easel, pictures: list[np.ndarray], strength: float, least: float) -> None:
    """Edges of the input are found again in the painting."""
    found = [np.corrcoef(edges(picture / 255), edges(easel.repaint(picture, "deep ocean", strength)))[0, 1] for picture in pictures]
    assert np.mean(found) > least, found


def test_another_seed_changes_the_texture_and_not_the_structure(easel: Easel, pictures: list[np.ndarray]) -> None:
    alike, apart = seeds_agree(easel, pictures, ("molten gold", "neon"))
    assert alike > 0.8
    assert apart > 0.005


def test_prompt_mix_moves_the_colour_one_way(easel: Easel, pictures: list[np.ndarray]) -> None:
    assert mix_steps(easel, pictures[:1], (("molten gold", "deep ocean"), ("fire", "ice")), 7) > 0


def test_a_still_input_gives_the_same_picture_every_time(easel: Easel, pictures: list[np.ndarray]) -> None:
    assert np.array_equal(easel.repaint(pictures[0], "ice"), easel.repaint(pictures[0], "ice"))


@pytest.mark.parametrize("size", [(192, 192), (144, 256), (512, 512)])
def test_it_paints_other_sizes(easel: Easel, size: tuple[int, int]) -> None:
    out = easel.repaint(Scene(Size(size[1], size[0]), 30).draw(9), "molten gold")
    assert out.shape == (*size, 3)
    assert out[..., 0].mean() - out[..., 2].mean() > 0.15


def test_the_noise_has_latents_of_its_own(easel: Easel, pictures: list[np.ndarray]) -> None:
    """Texture is read from channels that the picture does not touch."""
    image = torch.from_numpy(pictures[0]).permute(2, 0, 1)[None].float() / 127.5 - 1
    latents = easel.model.encode(image)
    assert (latents[:, PICTURES:] == 0).all()
    other = latents.clone()
    other[:, PICTURES:] = torch.randn_like(other[:, PICTURES:])
    assert torch.equal(easel.model.decode(latents), easel.model.decode(other))


@pytest.mark.parametrize("pattern", [-1, *range(len(PATTERNS))])
def test_what_it_is_taught_follows_from_its_input(pattern: int) -> None:
    rng = np.random.default_rng(pattern + 1)
    source = torch.from_numpy(rng.random((3, 3, 64, 80), np.float32))
    captions = [Caption("gold", 0, pattern), Caption(""), Caption("neon", 3, pattern, frozenset({"dark", "glowing"}))]
    noise = torch.from_numpy(rng.standard_normal((3, NOISES, 8, 10), np.float32))
    whole = torch.ones(3)
    first, second = (paint(source, captions, read_texture(noise), whole, whole) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.allclose(first[1], source[1], atol=1e-6), "an empty caption paints what is there"
    assert float(first.min()) >= 0
    assert float(first.max()) <= 1
    assert torch.allclose(paint(source, captions, read_texture(noise), 0 * whole, whole), source, atol=1e-6)
    alone = paint(source[:1], captions[:1], read_texture(noise[:1]), whole[:1], whole[:1])
    assert torch.allclose(alone[0], first[0], atol=1e-5), "pictures do not touch each other"


def test_strength_brings_colour_first_and_texture_after() -> None:
    t = torch.tensor([0.0, 100.0, 300.0, 500.0, 720.0, 999.0])
    for weights in (colour_weight(t), texture_weight(t)):
        assert weights.tolist() == sorted(weights.tolist())
        assert (float(weights[0]), float(weights[-1])) == (0.0, 1.0)
    assert (colour_weight(t) >= texture_weight(t)).all()
    assert float(colour_weight(torch.tensor(100.0))) < 0.05, "no cast at strength .1"


def test_captions_say_what_they_mean() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        caption = draw_caption(rng)
        if caption.palette >= 0:
            assert any(word in caption.text for word in list(PALETTES.values())[caption.palette][0])
        if caption.pattern >= 0:
            assert any(set(name.split()) <= set(caption.text.replace(",", "").split()) for name in list(PATTERNS.values())[caption.pattern])
        assert all(any(word in caption.text for word in MODIFIERS[name]) for name in caption.modifiers)
    assert len(words()) == len(set(words()))


def test_the_training_script_makes_a_model_that_loads_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    common = [
        "--out",
        str(tmp_path / "out"),
        "--work",
        str(tmp_path / "work"),
        "--pictures",
        "12",
        "--batch",
        "2",
        "--pool",
        "16",
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
    _, patterns = recognised(Easel(trained), held_out(2, 64), all_pairs()[::80])
    assert patterns < 0.6, "three steps teach nothing"


def test_the_documented_words_are_the_words_it_knows() -> None:
    text = (ROOT / "docs" / "pocket.md").read_text(encoding="utf-8")
    tables = [{name: called for name, (called, _) in PALETTES.items()}, PATTERNS, MODIFIERS]
    for name, called in (row for table in tables for row in table.items()):
        assert f"| {name} | {', '.join(called)} |" in text, f"docs/pocket.md: the row of {name} is not what vocabulary.py says"
