"""The built-in model: its files, what it is taught, that words, strength, seeds and colours mean
something, and how it is played."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion.built_in import BuiltIn
from vj.diffusion.drawn_model import DrawnModel
from vj.diffusion.making import make_backend
from vj.diffusion.model_names import pocket_file
from vj.diffusion.model_spec import GuidedPart, ModelSpec
from vj.diffusion.pocket_backend import PocketBackend
from vj.diffusion.pocket_model import PocketModel, load_pocket
from vj.diffusion.stream_batch import Noise
from vj.diffusion.texture_noise import NOISE, NoiseGate
from vj.parameters.colours import parse_ramp
from vj.parameters.store import Store
from vj.pipeline.backend import GeneratedImage
from vj.pipeline.frame_context import FrameContext
from vj.pocket import FILE, WEIGHTS
from vj.pocket import patterns as lattice
from vj.pocket.compose import MODIFIERS, PaletteConditioning, compose, through_ramp
from vj.pocket.lexicon import PALETTES
from vj.pocket.network import load_network
from vj.pocket.techniques import CELLS, LEARNED, NOT_LEARNED, TECHNIQUES, make_subject
from vj.pocket.training.evaluate import on_pictures, palettes_told_apart, seeds_agree
from vj.pocket.training.pictures import draw_pictures
from vj.pocket.training.subjects import TechniquePainter, prompt_for
from vj.training import measures

ROOT = Path(__file__).parents[2]
NEVER_SEEN = 60_000
"""The seed of drawings that training did not draw."""


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """A drawn person in a room, and other pictures it was not trained on."""
    return list(draw_pictures(3, NEVER_SEEN, 192))


@pytest.fixture(scope="module")
def painter() -> TechniquePainter:
    return TechniquePainter(load_network(WEIGHTS / FILE))


@pytest.fixture(scope="module")
def model() -> PocketModel:
    return load_pocket(ModelSpec("pocket"), WEIGHTS / FILE, torch.device("cpu"), torch.float32)


def played(
    model: BuiltIn, picture: np.ndarray, frames: int = 1, **values: object
) -> GeneratedImage:
    """What the painter makes of a picture shown for so many frames."""
    size = Size(picture.shape[1], picture.shape[0])
    backend = PocketBackend(model, size, wait=True)
    store = Store({name.replace("__", "/"): value for name, value in values.items()})
    entered = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    painting = None
    for number in range(frames):
        painting = backend.paint(entered, store.sample(number / 30), FrameContext.black(size))
    assert painting is not None
    backend.close()
    return painting


def pixels(painting: GeneratedImage) -> np.ndarray:
    """(H, W, 3), 0..1."""
    assert isinstance(painting.picture, Tensor)
    return painting.picture[0].permute(1, 2, 0).numpy() * 0.5 + 0.5


def test_its_files_are_small_and_no_pickles() -> None:
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 12e6
    assert {path.suffix for path in files} == {".safetensors", ".md"}
    card = (WEIGHTS / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# The built-in model")
    assert "astronaut" not in card.split("## Photographs")[1].split("Held out")[0]


def test_playing_it_imports_neither_diffusers_nor_transformers(tmp_path: Path) -> None:
    """Their import alone costs six seconds of every start."""
    program = (
        "import sys\n"
        "from vj.cli import main\n"
        "code = main(['first_show', '--source', 'testcard', '--size', '128x128', '--offline',"
        " '--for', '0.1', '--sink', 'record:frames/'])\n"
        "print(code, sorted({'diffusers', 'transformers', 'peft'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_there_are_as_many_techniques_as_promised() -> None:
    wanted = "oil impasto ink engraving pencil charcoal watercolour pastel pointillism mosaic"
    wanted += " crystal neon feathers flames marble smoke halftone woodcut circuit scales metal"
    assert {*wanted.split(), "stained glass"} <= set(TECHNIQUES)
    assert load_network(WEIGHTS / FILE).techniques == LEARNED


# --- what it is taught ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", TECHNIQUES)
def test_a_target_follows_from_what_is_near(name: str) -> None:
    """Twice the same, in range, and a crop is painted as the same place in the whole: nothing of it
    is a statistic of the picture."""
    image = draw_pictures(1, 7, 160)[0]
    white = np.random.default_rng(3).standard_normal(image.shape[:2], np.float32)
    whole = make_subject(image, white)
    made = TECHNIQUES[name](whole)
    again = TECHNIQUES[name](make_subject(image, white))
    # The last bit depends on where in memory the arrays lie.
    assert np.abs(made.tone - again.tone).max() < 1e-3
    assert np.abs(made.colour - again.colour).max() < 1e-3
    assert 0 <= made.tone.min() <= made.tone.max() <= 1.25
    assert 0 <= made.colour.min() <= made.colour.max() <= 1
    part, inner = np.s_[:, 32:], np.s_[48:-48, 48:-48]
    cut = make_subject(image[part], white[part], whole.patterns[:, :, 32:], unit=160 / 256)
    lines = (whole.form.texture, whole.form.along_x, whole.form.along_y)
    cut.form = type(whole.form)(*(np.ascontiguousarray(line[part]) for line in lines))
    there = TECHNIQUES[name](cut)
    assert np.abs(there.tone[inner] - made.tone[part][inner]).max() < 0.02
    assert np.abs(there.colour[inner] - made.colour[part][inner]).max() < 0.02


@pytest.mark.parametrize("name", [name for name in TECHNIQUES if name not in CELLS])
def test_strokes_and_materials_run_along_what_is_painted(name: str) -> None:
    """Agreement of edge orientation with the input; the first generation's was .76 to .80."""
    image = draw_pictures(1, 11, 192)[0]
    white = np.random.default_rng(3).standard_normal(image.shape[:2], np.float32)
    painted = TechniquePainter().target(image, prompt_for(name), 0.6)
    assert measures.agreement(painted, image) > 0.75, "the bar on real people is .85"
    assert measures.agreement(white[..., None].repeat(3, 2), image) < 0.3, "noise follows nothing"


def test_patterns_grow_with_the_stroke_size_and_stand_still() -> None:
    white = np.random.default_rng(3).standard_normal((128, 128), np.float32)
    one, again, two = (lattice.draw(white, 1.0, size) for size in (1.0, 1.0, 2.0))
    assert np.array_equal(one, again)
    assert one.shape == (len(lattice.CHANNELS), 128, 128)
    index = lattice.CHANNELS.index("chance")
    cells = [len(np.unique(each[index])) for each in (one, two)]
    assert 2.5 < cells[0] / cells[1] < 5.5, "twice as wide and as high"


# --- what it has learned -------------------------------------------------------------------------


@pytest.mark.long
def test_techniques_are_recognised_on_pictures_it_never_saw(
    painter: TechniquePainter, pictures: list[np.ndarray]
) -> None:
    rows, pairs = on_pictures(painter, pictures[:2])
    assert measures.share_right(pairs) >= 0.93, "the gate on real frames"
    assert np.mean([row.energy for row in rows]) > 0.8, "strokes are not lost"


@pytest.mark.long
def test_palettes_are_the_palettes(painter: TechniquePainter, pictures: list[np.ndarray]) -> None:
    assert palettes_told_apart(painter, pictures) >= 0.97


def test_another_seed_changes_the_texture_and_not_the_structure(
    painter: TechniquePainter, pictures: list[np.ndarray]
) -> None:
    alike, apart = seeds_agree(painter, pictures[:1], (prompt_for("oil"), prompt_for("ice")))
    assert alike > 0.8
    assert apart > 0.005


# --- palette, strength, modifiers: exact ---------------------------------------------------------


def palette_conditioning(ramp: str = "", *modifiers: str) -> PaletteConditioning:
    stops = parse_ramp(ramp) if ramp else ((0.0, 0.0, 0.0),) * 5
    return PaletteConditioning(
        torch.tensor([stops]),
        torch.tensor([float(bool(ramp))]),
        torch.tensor([[float(name in modifiers) for name in MODIFIERS]]),
    )


def test_a_palette_is_its_five_colours_with_white_above() -> None:
    ramp = torch.tensor([parse_ramp("#102030 #405060 #708090 #a0b0c0 #d0e0f0")])
    tone = torch.tensor([0, 0.25, 0.5, 0.75, 1, 1.25]).view(1, 1, 1, 6)
    got = (through_ramp(tone, ramp)[0, :, 0].t() * 255).round().int().tolist()
    assert got[0] == [0x10, 0x20, 0x30]
    assert got[4] == [0xD0, 0xE0, 0xF0]
    assert got[5] == [255, 255, 255]


def test_strength_leads_evenly_from_the_input_to_the_generated_image() -> None:
    picture, painted = torch.rand(1, 3, 8, 8), torch.rand(1, 4, 8, 8)
    steps = [
        compose(painted, picture, torch.tensor([s / 10]), palette_conditioning("black white"))
        for s in range(11)
    ]
    assert torch.equal(steps[0], picture)
    far = [float((step - steps[-1]).abs().mean()) for step in steps]
    assert all(a > b for a, b in itertools.pairwise(far))


def slopes(picture: Tensor) -> float:
    return float((picture[..., 1:] - picture[..., :-1]).abs().mean())


def saturation(picture: Tensor) -> float:
    return float(picture.std(1).mean())


@pytest.mark.parametrize(
    ("name", "grows", "measure"),
    [
        ("dark", False, Tensor.mean),
        ("bright", True, Tensor.mean),
        ("glowing", True, Tensor.mean),
        ("soft", False, slopes),
        ("pale", False, saturation),
        ("vivid", True, saturation),
    ],
)
def test_modifiers_do_what_they_say(
    name: str, grows: bool, measure: Callable[[Tensor], float]
) -> None:
    torch.manual_seed(1)
    picture, painted = torch.rand(1, 3, 16, 16), torch.rand(1, 4, 16, 16)
    with_it, without = (
        measure(compose(painted, picture, torch.tensor([0.5]), palette_conditioning("", *which)))
        for which in ((name,), ())
    )
    assert with_it != without
    assert (with_it > without) == grows


def test_fine_and_coarse_draw_the_technique_less_and_more() -> None:
    picture, painted = torch.rand(1, 3, 16, 16), torch.rand(1, 4, 16, 16)
    fine, plain, coarse = (
        float(
            (
                compose(painted, picture, torch.tensor([0.5]), palette_conditioning("", *which))
                - picture
            )
            .abs()
            .mean()
        )
        for which in (("fine",), (), ("coarse",))
    )
    assert fine < plain < coarse


# --- as it is played -----------------------------------------------------------------------------


def test_it_paints_what_the_evaluation_looks_at(
    model: PocketModel, pictures: list[np.ndarray]
) -> None:
    """The painter and the model are two ways to the same picture, but for the noise they draw."""
    words = "halftone, deep ocean"
    painting = pixels(played(model, pictures[0], prompt__a=words, strength=0.7))
    by_painter = TechniquePainter(load_network(WEIGHTS / FILE)).repaint(pictures[0], words, 0.7)
    assert np.corrcoef(painting.ravel(), by_painter.ravel())[0, 1] > 0.9
    assert np.abs(painting.mean((0, 1)) - by_painter.mean((0, 1))).max() < 0.02


def test_drawn_paints_the_very_targets(pictures: list[np.ndarray]) -> None:
    """`model: drawn` is what the network was taught, and nothing in between."""
    seen = pictures[0]
    painting = pixels(played(DrawnModel(), seen, prompt__a="crystal", strength=1.0))
    noise = Noise((1, *seen.shape[:2]), torch.device("cpu"), torch.float32, rows=1)
    subject = make_subject(seen, noise.held(2, 3, 0.0)[0, 0].numpy())
    assert np.abs(painting - TECHNIQUES["crystal"](subject).colour).mean() < 0.01
    both = {"prompt__a": "oil", "prompt__b": "crystal", "strength": 1.0}
    first, middle, last = (
        pixels(played(DrawnModel(), seen, prompt__mix=mix, **both)) for mix in (0.0, 0.5, 1.0)
    )
    assert np.abs(middle - 0.5 * (first + last)).max() < 0.02


@pytest.mark.parametrize("name", NOT_LEARNED)
def test_what_the_network_has_not_learned_is_drawn_and_mixed_with_what_it_paints(
    model: PocketModel, pictures: list[np.ndarray], name: str
) -> None:
    seen, words = pictures[0], {"prompt__a": name, "strength": 1.0}
    assert np.array_equal(
        pixels(played(model, seen, **words)), pixels(played(DrawnModel(), seen, **words))
    )
    words["prompt__b"] = "oil"
    first, middle, last = (
        pixels(played(model, seen, prompt__mix=mix, **words)) for mix in (0.0, 0.5, 1.0)
    )
    apart = np.abs(middle - 0.5 * (first + last))  # but where one of them was above white
    assert np.median(apart) < 1e-3
    assert apart.mean() < 0.02
    oil = pixels(played(model, seen, prompt__a="oil", strength=1.0))
    assert np.abs(last - oil).max() < 1e-5, "alone it is what it was"


def test_a_mixture_of_prompts_lies_between_them(
    model: PocketModel, pictures: list[np.ndarray]
) -> None:
    both = {"prompt__a": "gold, oil", "prompt__b": "deep ocean, oil", "strength": 0.8}
    first, middle, last = (
        pixels(played(model, pictures[0], prompt__mix=mix, **both)) for mix in (0.0, 0.5, 1.0)
    )
    between = 0.5 * (first + last)
    assert np.abs(middle - between).mean() < 0.15 * np.abs(first - last).mean()


def test_colours_of_ones_own_stand_in_for_those_of_the_words(
    model: PocketModel, pictures: list[np.ndarray]
) -> None:
    red = pixels(
        played(model, pictures[0], prompt__a="ink", palette__a="black #ff0000", strength=1.0)
    )
    assert red[..., 0].mean() > 2.5 * red[..., 1:].mean()
    blue = pixels(
        played(model, pictures[0], prompt__a="ink", palette__a="black blue", strength=1.0)
    )
    assert blue[..., 2].mean() > 2.5 * blue[..., :2].mean()


@pytest.mark.parametrize("size", [(192, 320), (256, 448), (90, 160), (288, 512)])
def test_it_paints_every_size(model: PocketModel, size: tuple[int, int]) -> None:
    picture = draw_pictures(1, NEVER_SEEN, 320)[0]
    picture = cv2.resize(picture, size[::-1])
    out = pixels(played(model, picture, prompt__a="gold", strength=0.6))
    assert out.shape == (*size, 3)
    assert out[..., 0].mean() - out[..., 2].mean() > 0.15


def test_a_still_input_gives_the_same_picture_every_time(
    model: PocketModel, pictures: list[np.ndarray]
) -> None:
    one, ten = (played(model, pictures[0], n, prompt__a="ice", strength=0.7) for n in (1, 10))
    assert np.array_equal(pixels(one), pixels(ten))


def test_a_cameras_noise_does_not_reach_the_generated_image() -> None:
    rng = np.random.default_rng(0)
    still = torch.rand(1, 3, 24, 24) * 2 - 1
    steady, seen = NoiseGate(), []
    for _ in range(6):
        grain = torch.from_numpy(rng.uniform(-0.9, 0.9, still.shape).astype(np.float32)) * NOISE
        seen.append(steady.of(still + grain))
    assert all(torch.equal(seen[1], one) for one in seen[2:])
    moved = still.roll(3, -1)
    assert float((steady.of(moved) - moved).abs().max()) <= 2 * NOISE + 1e-6, "no ghosts"


def test_more_steps_paint_over_what_was_painted(
    model: PocketModel, pictures: list[np.ndarray]
) -> None:
    one, two = (
        pixels(played(model, pictures[0], 4, prompt__a="gold", strength=0.6, steps=n))
        for n in (1, 2)
    )
    assert 0.005 < np.abs(one - two).mean() < 0.3


def test_guidance_goes_past_the_generated_image_and_a_negative_prompt_away(
    model: PocketModel, pictures: list[np.ndarray]
) -> None:
    seen = pictures[0] / 255
    plain, more = (
        pixels(played(model, pictures[0], prompt__a="oil", strength=0.5, guidance=g))
        for g in (1.0, 1.6)
    )
    assert np.abs(more - seen).mean() > 1.2 * np.abs(plain - seen).mean()
    away = pixels(
        played(
            model, pictures[0], prompt__a="oil", prompt__negative="gold", strength=0.5, guidance=1.6
        )
    )
    assert away[..., 2].mean() > more[..., 2].mean(), "away from gold is towards blue"


def test_the_stroke_size_and_the_relief_are_played(
    model: PocketModel, pictures: list[np.ndarray]
) -> None:
    fixed = {"prompt__a": "mosaic", "strength": 1.0}
    fine, coarse = (
        pixels(played(model, pictures[0], pocket__size=size, **fixed)) for size in (1.0, 2.0)
    )
    spectra = [np.abs(np.fft.rfft2(each.mean(2) - each.mean())) ** 2 for each in (fine, coarse)]
    rates = np.hypot(*np.meshgrid(np.fft.rfftfreq(192), np.fft.fftfreq(192)))
    centre = [(spectrum * rates).sum() / spectrum.sum() for spectrum in spectra]
    assert centre[1] < 0.9 * centre[0], "larger tiles, lower frequencies"
    flat, deep = (
        pixels(played(DrawnModel(), pictures[0], prompt__a="metal", strength=1.0, pocket__relief=d))
        for d in (0.2, 1.8)
    )
    assert measures.energy(deep) > 1.1 * measures.energy(flat)


@pytest.mark.long
def test_the_swirl_turns_where_nothing_has_a_direction(model: PocketModel) -> None:
    grey = np.full((192, 192, 3), 128, np.uint8)
    still, turned = (
        pixels(played(model, grey, 15, prompt__a="oil", strength=0.9, noise__swirl=rate))
        for rate in (0, 60)
    )
    assert np.abs(still - turned).mean() > 0.01
    again = pixels(played(model, grey, 15, prompt__a="oil", strength=0.9, noise__swirl=0))
    assert np.array_equal(still, again)


def test_what_was_understood_is_logged_and_what_was_not_is_logged_once(model: PocketModel) -> None:
    messages: list[str] = []
    backend = PocketBackend(model, Size(128, 128), True, messages.append)
    store = Store({"prompt/a": "volcano, woodcut", "strength": 0.5})
    blank, context = torch.zeros(1, 3, 128, 128), FrameContext.black(Size(128, 128))
    backend.paint(blank, store.sample(0.0), context)
    assert "woodcut" in backend.understood
    assert "lava" in backend.understood
    assert messages == []
    store.set("prompt/a", "a cat in space")
    for frame in range(3):
        backend.paint(blank, store.sample(1 + frame / 30), context)
    assert len(messages) == 1
    assert "cat in space" in messages[0]
    backend.close()


def test_it_takes_no_lora_and_says_so() -> None:
    spec = ModelSpec("pocket", controlnet=(GuidedPart("lines"),))
    with pytest.raises(Fault, match="takes no controlnet"):
        load_pocket(spec, WEIGHTS / FILE, torch.device("cpu"), torch.float32)
    store = Store({})
    with pytest.raises(Fault, match="streamdiffusion"):
        make_backend(
            ModelSpec("pocket"), "streamdiffusion", Size(64, 64), store.sample(0.0), False, print
        )


def test_broken_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine" / FILE
    path.parent.mkdir()
    path.write_bytes(b"no safetensors")
    assert pocket_file(str(path.parent)) == path
    with pytest.raises(Fault, match=r"mine.*cannot be read.*vj\.pocket\.train"):
        load_pocket(ModelSpec(str(path.parent)), path, torch.device("cpu"), torch.float32)


@pytest.mark.long
def test_the_training_script_makes_a_model_that_loads_and_goes_on_where_it_stopped(
    tmp_path: Path,
) -> None:
    common = ["--out", str(tmp_path / "out"), "--work", str(tmp_path / "work"), "--batch", "2"]
    common += ["--pictures", "4", "--grounds", "3", "--no-photographs"]
    for steps in ("1", "2"):
        command = [sys.executable, "-m", "vj.pocket.training.train", *common, "--steps", steps]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)
        assert done.returncode == 0, done.stderr
    assert "going on from step 1" in done.stdout
    trained = load_network(tmp_path / "out" / FILE)
    assert trained.techniques == LEARNED
    picture = draw_pictures(1, 5, 96)
    _, pairs = on_pictures(TechniquePainter(trained), picture)
    assert measures.share_right(pairs) < 0.4, "two steps teach nothing"


def test_every_palette_rises_from_dark_to_bright() -> None:
    """So that faces and silhouettes stay readable whatever the colours."""
    for name, (_, colours) in PALETTES.items():
        lumas = [
            measures.luma(np.array([[stop]], np.float32))[0, 0] for stop in parse_ramp(colours)
        ]
        assert lumas == sorted(lumas), name
