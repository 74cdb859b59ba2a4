"""`python3 launch.py train CLIP... --lora sd-turbo --word kissfilm --name kiss`: what the command
line's options mean for a LoRA.

For `vj.commands.train`: `add_lora_options` puts the options that only a LoRA has into its parser,
and `train_lora_as_asked` does the rest once the clips' frames have been read:

    if given.lora is not None:
        train_lora_as_asked(given, frames, print, stop)
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vj.core.errors import Fault

if TYPE_CHECKING:  # torch and diffusers come with them, and take seconds
    from vj.lora_training.settings import LoraProgress, TrainedLora

MODELS = Path("models")
LINE_EVERY = 10.0
"""Seconds from one line of progress to the next."""


def add_lora_options(parser: argparse.ArgumentParser) -> None:
    """--lora, --word and --rank."""
    lora = parser.add_argument_group("a LoRA for Stable Diffusion, where there is a card")
    lora.add_argument(
        "--lora",
        metavar="MODEL",
        help="train a LoRA for this model instead: sd-turbo, a folder, a .safetensors file or a "
        "Hugging Face id",
    )
    lora.add_argument("--word", help="what prompts will say to get the look; the name, if left out")
    lora.add_argument("--rank", type=int, default=8, help="of the LoRA (8)")


def train_lora_as_asked(
    given: argparse.Namespace,
    frames: Sequence[np.ndarray],
    say: Callable[[str], None] = print,
    stop: Callable[[], bool] = lambda: False,
    models: Path = MODELS,
) -> TrainedLora:
    """Train `models/NAME/NAME.safetensors` from frames (H, W, 3) uint8 RGB, and say how it goes.

    given: lora and name; word, rank, steps, minutes, size, seed and device may be there. A size of
    None is the model's own; a LoRA learned at another plays worse. say: gets a line now and then.
    stop: asked between two steps. Raises Fault as `train_lora` does.
    """
    from vj.lora_training.base_model import spec_of
    from vj.lora_training.settings import LoraSettings
    from vj.lora_training.training import train_lora

    if not given.name or given.name != Path(given.name).name:
        raise Fault(f"--name {given.name}: a word for the file, without folders, like --name kiss")
    settings = LoraSettings(
        steps=getattr(given, "steps", None),
        minutes=getattr(given, "minutes", None),
        rank=getattr(given, "rank", 8),
        size=getattr(given, "size", None),
        seed=getattr(given, "seed", 0),
        device=getattr(given, "device", None) or "auto",
    )
    word = getattr(given, "word", None) or given.name
    out = models / given.name / f"{given.name}.safetensors"

    told = -math.inf

    def tell(progress: LoraProgress) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= LINE_EVERY or progress.share >= 1:
            told = now
            say(line_of(progress, word))

    done = train_lora(given.lora, frames, word, out, settings, tell, say, stop)
    say(
        f"{done.path}: {done.steps} steps, loss {done.loss:.3f}, of frames held out "
        f"{done.held_out:.3f}" + ("" if done.whole else "; the same command goes on")
    )
    base = spec_of(given.lora).name
    say(f"in a show: model: {{name: {base}, loras: [{done.path}]}} and a prompt with {word}")
    return done


def line_of(progress: LoraProgress, word: str) -> str:
    """`learning kiss: 42 %, step 630, loss 0.113, held out 0.121, 4.2 min left`."""
    doing = f"learning {word}" if progress.doing == "clip" else "keeping the few steps from harm"
    held_out = "" if progress.held_out is None else f", held out {progress.held_out:.3f}"
    return (
        f"{doing}: {100 * progress.share:.0f} %, step {progress.step}, loss {progress.loss:.3f}"
        f"{held_out}, {progress.left / 60:.1f} min left"
    )
