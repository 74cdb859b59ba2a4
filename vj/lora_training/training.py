"""A LoRA trained from the frames of a clip and a word that stands for them: `train_lora`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from vj.core.errors import Fault
from vj.diffusion.model import Model
from vj.diffusion.model_names import find_model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pipelines import made_for_few_steps
from vj.lora_training.adapters import LEARNED, TRAINING_ADAPTER, add_loras
from vj.lora_training.base_model import open_base, spec_of, training_dtype
from vj.lora_training.captions import GENERAL, captions_of
from vj.lora_training.examples import (
    Examples,
    check_frames,
    latents_of,
    own_pictures,
    size_for,
    tokens_of,
)
from vj.lora_training.lora_file import LoraFacts
from vj.lora_training.run import LoraRun
from vj.lora_training.settings import LoraSettings, OnProgress, TrainedLora
from vj.training.checkpoint import write_whole

HELD_OUT, COMPARED = 0.15, 8
"""Share of the frames, the last, that are not learned, and examples by which their loss is
measured. Of fewer frames than that none are held out."""


def train_lora(
    base: ModelSpec | str | Path,
    frames: Sequence[np.ndarray],
    word: str,
    out: Path,
    settings: LoraSettings = LoraSettings(),  # noqa: B008
    on_progress: OnProgress = lambda progress: None,
    on_message: Callable[[str], None] = lambda text: None,
    stop: Callable[[], bool] = lambda: False,
) -> TrainedLora:
    """Train a LoRA for a Stable Diffusion 1.5, 2.1 or Turbo model, and write it to `out`, a
    .safetensors file, in which the newest weights are all along.

    base: a model's name as in a show, or its section. frames: (H, W, 3) uint8 RGB, of any sizes; at
    most 400 are taken, evenly spread, their middle squares, and the last 15 % held out. word: what
    prompts say to get the look. stop: asked between two steps; what has been learned is written.
    The state is kept in the folder `NAME.training` beside `out`: the same call goes on from there,
    and with `steps` comes to the losses of a run that was never interrupted.

    Raises Fault: a model that is not there or of another kind, too few frames, a word or number
    that cannot be, another run's state in that folder, no room on the disk.
    """
    sentences = captions_of(word)
    settings.check()
    check_frames(frames)
    spec = spec_of(base, settings.device)
    model = open_base(spec, on_message)
    size = size_for(model, settings.size)
    work = out.with_name(f"{out.stem}.training")
    facts = LoraFacts(
        name=out.stem,
        base=spec.name if find_model(spec.name).kind == "id" else Path(spec.name).name,
        family=model.family,
        prediction=model.prediction,
        word=sentences[0],
        rank=settings.rank,
        size=size,
        frames=len(frames),
        seed=settings.seed,
    )
    _claim(work, facts)
    on_message(f"encoding frames at {size}x{size}")
    latents = latents_of(model, frames, size)
    few_steps = made_for_few_steps(spec.name, model.pipe)
    said, blank = tokens_of(model, sentences), tokens_of(model, [""])
    general = tokens_of(model, GENERAL[: settings.own_pictures]) if few_steps else blank
    names = [LEARNED, TRAINING_ADAPTER] if few_steps else [LEARNED]
    _ready_unet(model, settings, names)
    run = LoraRun(model, settings, work, on_progress, on_message, stop)
    if few_steps:

        def own() -> Examples:
            on_message(f"{model.name} paints {settings.own_pictures} pictures to learn from")
            model.pipe.unet.disable_adapters()
            made = own_pictures(model, general, size, settings.own_pictures, settings.seed)
            model.pipe.unet.enable_adapters()
            texts = general[torch.arange(len(made)) % len(general)]
            return Examples(made, texts, True, blank, model, settings.seed)

        run.train_adapter(own)
    held = max(1, round(HELD_OUT * len(latents))) if len(latents) >= COMPARED else 0
    learned, apart = latents[: len(latents) - held], latents[len(latents) - held :]
    examples = Examples(learned, said, False, blank, model, settings.seed)
    others = Examples(apart if held else learned, said, False, blank, model, settings.seed)
    return run.train_clip(names, examples, others.spread(COMPARED), facts, out)


def _claim(work: Path, facts: LoraFacts) -> None:
    """Make the folder of a run's state, or see that it is this run's. Raises Fault."""
    note, asked = work / "run.json", facts.asked()
    if note.exists():
        try:
            before = dict(json.loads(note.read_text(encoding="utf-8")))
        except ValueError:
            before = {}
        for name, value in asked.items():
            if before.get(name) != value:
                raise Fault(
                    f"{work}: holds a run with another {name} ({before.get(name)}, and now "
                    f"{value}); choose another name, or delete that folder to begin anew"
                )
        return
    try:
        work.mkdir(parents=True, exist_ok=True)
        write_whole(note, json.dumps(asked, indent=1).encode())
    except OSError as error:
        raise Fault(f"{work} cannot be written: {error}") from None


def _ready_unet(model: Model, settings: LoraSettings, names: Sequence[str]) -> None:
    """Put LoRAs into the UNet, bring it into the type it computes in, and clear a card of what is
    no longer needed."""
    unet, pipe = model.pipe.unet, model.pipe
    model.dtype = settings.dtype or training_dtype(model.device)
    unet.to(model.dtype)
    add_loras(unet, names, settings.rank, settings.seed)
    unet.train()  # which gradient checkpointing asks for; these UNets have no dropout
    on_card = model.device.type != "cpu"
    if on_card:
        pipe.vae.to("cpu")
        pipe.text_encoder.to("cpu")
    if on_card if settings.checkpointing is None else settings.checkpointing:
        unet.enable_gradient_checkpointing()
