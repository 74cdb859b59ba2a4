"""`launch.py train CLIP... --from lines --name kiss`: train a translator on footage of one's own,
or with --lora a LoRA, and write it where shows can play it."""

from __future__ import annotations

import argparse
import math
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vj.app.signals import AT_ONCE, Signals
from vj.core.errors import Fault, Unavailable
from vj.core.opencv import use_one_thread

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from vj.translator.best_model import Standing

MODELS = Path("models")
EXAMPLES = """\
examples:
  python3 launch.py train me.mp4 --from lines --name me        half an hour; Ctrl-C keeps the best
  python3 launch.py train me.mp4 --from lines --name me        the same again goes on
  python3 launch.py train a.mp4 b.mp4 --from face --name us --minutes 60
  python3 launch.py --model models/me --source camera:0        play it
"""
BAR = 24
"""Characters."""
LINE_EVERY = 30.0
"""Seconds between two lines where no terminal shows a bar."""


def train(arguments: Sequence[str], log: Callable[[str], None], models: Path = MODELS) -> int:
    """The command. models: the folder in which model folders lie. Returns its exit code: 0 trained
    to the end, 130 when it was ended by Ctrl-C, SIGTERM or a terminal that was closed, after the
    best was written. Raises Fault."""
    made = _parser()
    given = made.parse_args(arguments)
    _check(given)
    use_one_thread()
    stop = threading.Event()
    with Signals(stop):
        if given.lora is not None:
            return _train_lora(given, log, stop, models)
        return _train_translator(given, log, stop, models)


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="launch.py train",
        description="Train a translator on a clip of your own: it paints what it has seen, from "
        "lines, from a face's points, from whatever --from names.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "clips", nargs="*", type=Path, metavar="CLIP", help="a video, or a folder of pictures"
    )
    made.add_argument(
        "--from",
        dest="kind",
        metavar="KIND",
        help="what it paints from: lines, edges, face, body, grey, small, mask, next (lines)",
    )
    made.add_argument(
        "--pairs",
        nargs=2,
        type=Path,
        metavar=("A", "B"),
        help="in place of clips: two folders of pictures with the same names, or two clips; A is "
        "painted as B",
    )
    made.add_argument("--name", required=True, help="it becomes models/NAME")
    made.add_argument("--minutes", type=float, help="how long, in all sessions together (30)")
    made.add_argument("--size", type=int, help="side of the trained squares in pixels (256)")
    made.add_argument("--seed", type=int, default=1, help="another one learns a little differently")
    made.add_argument("--device", default="auto", help="auto, cpu or cuda")
    made.add_argument(
        "--small", action="store_true", help="a network of 3 MB, which is quicker, and less crisp"
    )
    from vj.lora_training.command import add_lora_options

    add_lora_options(made)
    return made


def _check(given: argparse.Namespace) -> None:
    name = given.name
    if not name.strip() or name != Path(name).name or name.startswith("."):
        raise Fault(f"--name {name}: a word for the folder models/NAME, like --name kiss")
    if given.pairs is None and not given.clips:
        raise Fault("train: which clip? A video, or a folder of pictures; or --pairs A B")
    if given.pairs is not None and (given.clips or given.kind or given.lora):
        raise Fault("--pairs A B: takes the place of clips and of --from, and is not for a LoRA")
    if given.minutes is not None and not 0 < given.minutes < math.inf:
        raise Fault(f"--minutes {given.minutes:g}: more than 0")
    if given.steps is not None and given.steps < 1:
        raise Fault(f"--steps {given.steps}: 1 or more")
    if given.seed < 0:
        raise Fault(f"--seed {given.seed}: a whole number from 0")


def _train_lora(
    given: argparse.Namespace, log: Callable[[str], None], stop: threading.Event, models: Path
) -> int:
    from vj.lora_training.command import train_lora_as_asked
    from vj.translator.footage import frames_of

    footage = frames_of(given.clips, given.size or 512)
    done = train_lora_as_asked(given, list(footage.frames), log, stop.is_set, models)
    return 0 if done.whole else AT_ONCE


def _train_translator(
    given: argparse.Namespace, log: Callable[[str], None], stop: threading.Event, models: Path
) -> int:
    from vj.training.length import Length
    from vj.translator.conditions import PAIRS
    from vj.translator.plan import SMALL, WIDTHS, TranslatorPlan
    from vj.translator.training import train_translator

    minutes = 30.0 if given.minutes is None else given.minutes
    plan = TranslatorPlan(
        tuple(given.pairs or given.clips),
        PAIRS if given.pairs else given.kind or "lines",
        models / given.name,
        Length(given.steps) if given.steps is not None else Length(seconds=60 * minutes),
        size=256 if given.size is None else given.size,
        seed=given.seed,
        device=_device(given.device),
        widths=SMALL if given.small else WIDTHS,
    )
    shown = ProgressLine(given.name, log)
    best = train_translator(plan, shown.say, shown.show, stop.is_set)
    shown.end()
    ended = stop.is_set()
    if best is None:
        log(f"{plan.folder}: nothing was learned yet; the same command begins again")
        return AT_ONCE if ended else 0
    log(f"{plan.folder}: {best}, on frames that it has not seen")
    log(f"how it looks (input, truth, painted): {plan.best_sheet}")
    log(f"to play it: python3 launch.py --model {plan.folder} --source camera:0")
    if ended:
        log("the same command goes on")
        return AT_ONCE
    log(f"more --minutes go on; what only that needs is in {plan.work}, which may be deleted")
    return 0


def _device(asked: str) -> str:
    """Raises Fault for a device that is not there."""
    import torch

    card = torch.cuda.is_available()
    if asked == "auto":
        return "cuda" if card else "cpu"
    if asked == "cpu" or (asked == "cuda" and card):
        return asked
    if asked == "cuda":
        raise Unavailable("--device cuda: PyTorch sees no card here; leave it out to train on cpu")
    raise Fault(f"--device {asked}: auto, cpu or cuda")


class ProgressLine:
    """Tells how a training goes: on a terminal a bar that is drawn again in its place, and else a
    line now and then."""

    def __init__(self, name: str, log: Callable[[str], None]) -> None:
        self._name, self._log = name, log
        self._terminal = sys.stdout is not None and sys.stdout.isatty()
        self._drawn_at = -math.inf
        self._drawn = False

    def show(self, standing: Standing) -> None:
        """Of a step."""
        now = time.monotonic()
        if standing.judged:
            self.say(f"{self._name}: {line_of(standing)}")
        elif now - self._drawn_at >= (0.5 if self._terminal else LINE_EVERY):
            if self._terminal:
                self._draw(f"{bar_of(standing.share)} {line_of(standing)}")
            else:
                self._log(f"{self._name}: {line_of(standing)}")
        else:
            return
        self._drawn_at = now

    def say(self, text: str) -> None:
        """A line that stays."""
        self.end()
        self._log(text)

    def end(self) -> None:
        """Nothing of the bar is left."""
        if self._drawn:
            self._write("\r\x1b[K")
        self._drawn = False

    def _draw(self, text: str) -> None:
        self._write(f"\r{text}\x1b[K")
        self._drawn = True

    def _write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except (OSError, ValueError):  # closed
            self._terminal = False


def bar_of(share: float) -> str:
    full = round(BAR * share)
    return f"[{'#' * full}{'.' * (BAR - full)}] {share:4.0%}"


def line_of(standing: Standing) -> str:
    """`12:30, step 800, loss 0.071, L1 0.051, edges 0.82, sharpness 0.91, 17:30 left`."""
    figures = "" if standing.figures is None else f", {standing.figures}"
    return (
        f"{clock(standing.seconds)}, step {standing.step}, loss {standing.loss:.3f}{figures}, "
        f"{clock(standing.left)} left"
    )


def clock(seconds: float) -> str:
    """`12:30`, `1:02:30`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
