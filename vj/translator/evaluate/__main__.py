"""Is a translator good? `python3 -m vj.translator.evaluate MODEL CLIP ...` measures it, on frames
of its clips that it was not trained on, and on other scenes.

What is measured is what plays: everything goes through the backend of a show. Every figure stands
beside what would have cost nothing: the clip's mean picture, and the picture or drawing that was
given. Exits 1 when a figure misses its gate.

    python3 -m vj.translator.evaluate models/me me.mp4 --others you.mp4 --sheet sheet.png
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from vj.core.errors import Fault
from vj.core.opencv import use_one_thread
from vj.diffusion.model_names import translator_folder
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.translator_model import load_translator_model
from vj.training.measurement import table
from vj.translator.conditions import PAIRS
from vj.translator.evaluate.figures import evaluate
from vj.translator.footage import frames_of, pairs_of
from vj.translator.judge import png

FEWEST = 3
"""Frames of another scene: of `next` the third is the first that is painted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="vj.translator.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path, help="a model folder, kiss or fox")
    parser.add_argument(
        "clips", nargs="+", type=Path, help="what it was trained on, as in training"
    )
    parser.add_argument("--others", nargs="+", type=Path, default=[], help="films of other scenes")
    parser.add_argument("--sheet", type=Path, help="where to write a picture of what it paints")
    given = parser.parse_args(arguments)
    use_one_thread()
    torch.set_num_threads(1)
    spec = ModelSpec(str(given.model), device="cpu")
    try:
        folder = translator_folder(spec.name) or given.model
        model = load_translator_model(spec, folder, torch.device("cpu"), torch.float32)
        size, kind = model.card.size, model.kind
        if kind == PAIRS:
            if len(given.clips) != 2:
                raise Fault("pairs: two folders or clips: what is seen, and what it is to become")
            before, after = given.clips
            footage = pairs_of(before, after, size)
        else:
            footage = frames_of(given.clips, size, successive=kind == "next")
        others = [(path.stem, frames_of([path], size, least=FEWEST)) for path in given.others]
        figures, picture = evaluate(model, footage, others)
        if given.sheet is not None:
            given.sheet.write_bytes(png(picture))
    except (Fault, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 2
    print(f"# {model.name}: {kind}, {model.card.minutes:.3g} minutes\n")
    print("\n".join(table(figures)))
    return int(not all(one.reached for one in figures))


if __name__ == "__main__":
    sys.exit(main())
