"""`launch.py train CLIP... --from lines --name kiss`: train a translator on footage of one's own,
or with --lora a LoRA, and write it where shows can play it."""

from __future__ import annotations

import argparse
import math
import re
import shlex
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from vj.app.signals import AT_ONCE, Signals
from vj.commands.train_page import LISTEN, TrainingState, address_of, page_of
from vj.commands.train_progress import ProgressLine
from vj.core.errors import Fault, Unavailable
from vj.core.opencv import use_one_thread
from vj.show.own_shows import is_device

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from vj.translator.best_model import Standing

MODELS = Path("models")
NAME = re.compile(r"(?=.{1,60}$)\w([\w '&+,.()!-]*[\w'&+,()!-])?")
"""Of a model: what every system takes for a folder."""
LORA_SIDE, LORA_BYTES, LORA_LEAST = 768, 720_000_000, 3
"""The largest side at which base models of LoRAs were trained, which a smaller one's frames are
made of, too; room for 400 of them; and how few do."""
CAMERA = "camera:0"
SOURCES = {"next": "none"}
"""What plays a kind, where it is not a camera."""
EXAMPLES = """\
what --from paints from:
  lines  a drawing with a brush            face  the contours of a face
  edges  thin outlines                     body  a body's lines, from head to foot
  grey   the picture without colours       mask  a person as a flat shape
  small  sixteen rows of blurred colour    next  the two frames before: a film that dreams on

examples:
  python3 launch.py train me.mp4 --name me                     half an hour; Ctrl-C keeps the best
  python3 launch.py train me.mp4 --name me --minutes 60        goes on with it
  python3 launch.py train a.mp4 b.mp4 --from face --name us    two clips of one face
  python3 launch.py train --pairs sketches photos --name city  the same names in both folders
  python3 launch.py train drawn:kisses --name first --size 128 --minutes 5
                                                               no clip at hand: a scene of vj's
  python3 launch.py train me.mp4 --name me --page 0.0.0.0:9080 to be watched on a phone
  python3 launch.py train me.mp4 --lora sd-turbo --word mefilm --name mylora
                                                               on a card: a LoRA
  python3 launch.py --model models/me --source camera:0 --size 256x256 --set strength=1
                                                               play it

docs/train.md tells how to film for it, and what it cannot do.
"""


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


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        said = f"train: {message}; python3 launch.py train --help says what there is"
        print(said, file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    made = _Parser(
        prog="launch.py train",
        description="Train a translator on a clip of your own: a small network that paints what "
        "it has seen, from lines, from a face, from whatever --from names. It becomes the folder "
        "models/NAME, which --model and shows play.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "clips",
        nargs="*",
        type=Path,
        metavar="CLIP",
        help="a video, a folder of pictures, or a drawn scene: drawn:fox",
    )
    made.add_argument(
        "--from",
        dest="kind",
        metavar="KIND",
        help="what it paints from, see below (lines)",
    )
    made.add_argument(
        "--pairs",
        nargs=2,
        type=Path,
        metavar=("A", "B"),
        help="in place of clips: two folders of pictures with the same names, or two clips; A is "
        "painted as B",
    )
    made.add_argument("--name", help="of the model: it becomes models/NAME")
    made.add_argument("--minutes", type=float, help="how long, in all sessions together (30)")
    made.add_argument("--steps", type=int, help="how many steps, in place of --minutes")
    made.add_argument("--size", type=int, help="side of the trained squares in pixels (256)")
    made.add_argument(
        "--seed", type=int, default=1, help="another one learns a little differently (1)"
    )
    made.add_argument(
        "--device", default="auto", help="auto, cpu or cuda (auto: a card if there is one)"
    )
    made.add_argument(
        "--large", action="store_true", help="a larger network: finer, trained and played slower"
    )
    made.add_argument(
        "--page",
        metavar="PORT",
        help="where the page that shows how it gets better is served: a port of this machine, "
        "0.0.0.0:PORT for a phone to look too, or off (9080)",
    )
    from vj.lora_training.command import add_lora_options

    add_lora_options(made)
    return made


def _check(given: argparse.Namespace) -> None:
    if given.pairs is None and not given.clips:
        raise Fault("train: which clip? A video, or a folder of pictures; or --pairs A B")
    if given.name is None:
        raise Fault("train: what is it to be called? Like --name kiss; it becomes models/kiss")
    if NAME.fullmatch(given.name) is None or is_device(given.name):
        raise Fault(f"--name {given.name}: a word for the folder models/NAME, like --name kiss")
    if given.pairs is not None and (given.clips or given.kind or given.lora):
        raise Fault("--pairs A B: takes the place of clips and of --from, and is not for a LoRA")
    if given.page is not None and address_of(given.page) is not None and given.lora:
        raise Fault("--page: is for translators; a LoRA's training tells how it goes here")
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
    from vj.translator.preparing import Preparing, Stopped

    size, preparing = given.size or LORA_SIDE, Preparing(log, stop.is_set)
    try:
        footage = frames_of(given.clips, size, LORA_BYTES, False, preparing, LORA_LEAST)
    except Stopped:
        return AT_ONCE
    done = train_lora_as_asked(given, list(footage.frames), log, stop.is_set, models)
    return 0 if done.whole else AT_ONCE


def _train_translator(
    given: argparse.Namespace, log: Callable[[str], None], stop: threading.Event, models: Path
) -> int:
    from vj.training.length import Length
    from vj.translator.conditions import PAIRS
    from vj.translator.footage import clips_in
    from vj.translator.plan import LARGE, WIDTHS, TranslatorPlan
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
        widths=LARGE if given.large else WIDTHS,
    )
    plan.check()
    for clip in plan.clips:
        clips_in(clip.expanduser())  # before a page is served for nothing
    line = ProgressLine(given.name, log)
    source = SOURCES.get(plan.kind, CAMERA)
    model = shlex.quote(plan.folder.as_posix())
    size = f"{plan.size}x{plan.size}"
    play = f"python3 launch.py --model {model} --source {source} --size {size} --set strength=1"
    state = TrainingState(plan, play, stop)

    def say(text: str) -> None:
        line.say(text)
        state.say(text)

    def show(standing: Standing) -> None:
        line.show(standing)
        state.show(standing)

    with page_of(state, address_of(given.page or LISTEN), log):
        try:
            best = train_translator(plan, say, show, stop.is_set)
        except Fault as fault:
            state.end(str(fault))
            raise
        finally:
            line.end()
        ended = stop.is_set()
        goes_on = "the same command goes on" if ended else "more --minutes go on"
        state.end(goes_on if best is not None else "nothing was learned yet")
    if best is None:
        log(f"{plan.folder}: nothing was learned yet; the same command begins again")
        return AT_ONCE if ended else 0
    log(f"{plan.folder}: {best}, on frames that it has not seen")
    log(f"how it looks (input, truth, painted): {plan.best_sheet}")
    log(f"to play it: {play}")
    if ended:
        log(goes_on)
        return AT_ONCE
    log(f"{goes_on}; what only that needs is in {plan.work}, which may be deleted")
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
