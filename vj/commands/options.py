"""The options of `launch.py [SHOW]`, and what they put over a show file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from vj.commands.films import add_film_options
from vj.core.errors import Fault, nearest

COMMANDS = ("add", "bench", "check", "gallery", "learn", "list", "pack", "test", "train")
EXAMPLES = """\
examples:
  python3 launch.py                                    the first show: camera or test card, NDI out
  python3 launch.py --source clip.mp4 --sink ndi:vj    repaint a clip
  python3 launch.py my_show.yaml --set strength=0.7    play a show file with another strength
  python3 launch.py --source clip.mp4 --offline --sink record:out.mp4
                                                       render every frame, however long it takes
  python3 launch.py check my_show.yaml                 is the show file right?
  python3 launch.py room                               three shows at once, see docs/room.md
  python3 launch.py my_show.yaml --log set.take        play, and write every change down
  python3 launch.py my_show.yaml --replay set.take --offline --size 1024x576 --sink record:final.mp4
                                                       render that set again, frame by frame
  python3 launch.py --from takes/2026-11-27_23-10-05.png
                                                       play what is inside a snapshot
  python3 launch.py learn my_show.yaml strength        move a MIDI control or send OSC: it is
                                                       written into the show
  python3 launch.py list                               cameras, NDI, MIDI, models at hand; what is
                                                       missing, and what helps
  python3 launch.py add midi                           install a part that is missing; without a
                                                       name: which there are
  python3 launch.py train me.mp4 --from lines --name me
                                                       a model of your own, from a clip
  python3 launch.py bench                              how fast this machine paints
  python3 launch.py pack my_show.yaml                  put it with its media and models into one
                                                       folder, for another machine
  python3 launch.py gallery                            render every show in mappings/ into
                                                       docs/gallery
  python3 launch.py test                               run the tests

sources  testcard, camera:0, camera:NAME, "camera:0?size=1280x720&fps=60&format=MJPG",
         video:PATH (or just PATH), image:PATH, ndi:NAME, spout:NAME, syphon:NAME, none,
         FOLDER/ or shot_####.png (pictures that play one after the other),
         clips:A.mp4,B.mp4, walk:A.jpg,B.jpg,C.jpg, drawn:kiss,
         draw (on the page), screen, screen:2, screen:LEFT,TOP,WxH, screen:TITLE (a window),
         rtsp://... and http://... (cameras, streams), https://HOST/CLIP.mp4
sinks    ndi:NAME, spout:NAME, syphon:NAME, record:PATH.mp4, record:FOLDER/, virtualcam, display,
         display:2, display:NAME, "display:window 1280x720"
"""


class _PlayParser(argparse.ArgumentParser):
    """Says what is wrong in one line, and what would be right; `--help` has the rest."""

    _first = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._first = args[0] if args else ""
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        unknown = message.partition("unrecognized arguments: ")[2].split()
        command = nearest(self._first, COMMANDS)
        if unknown and unknown[0].startswith("-"):
            name = unknown[0].partition("=")[0]
            message = f"{name}: no such option{nearest(name, self._option_string_actions)}"
        elif unknown and not self._first.startswith("-") and command:
            message = f"{self._first}: no such command{command}"
        elif unknown:
            message = f"{' '.join(unknown)}: one word too many; what holds spaces stands in quotes"
        self.exit(2, f"{self.prog}: {message} (python3 launch.py --help lists all)\n")


def parser() -> argparse.ArgumentParser:
    """The options of `launch.py [SHOW]`."""
    made = _PlayParser(
        prog="launch.py",
        description="vj: a live instrument for painting video with diffusion. Without options it "
        "plays the first show.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "show",
        nargs="?",
        metavar="SHOW",
        help="a show file, a room file, or a name in mappings/ (default: first_show)",
    )
    made.add_argument(
        "--source", metavar="URI", help="where the picture comes from, instead of the show's"
    )
    made.add_argument(
        "--sink",
        metavar="URI",
        action="append",
        help="where it goes, instead of the show's; may be repeated; with ? what goes there: "
        '"ndi:key?show=mask", "record:out.mov?codec=prores-4444&alpha=mask"',
    )
    made.add_argument(
        "--model",
        metavar="M",
        help="pocket, drawn, styles, picture, kiss, fox, paintbox, none, a folder that train "
        "wrote, a Hugging Face id, a diffusers folder or a .safetensors file",
    )
    made.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter's start (see docs/parameters.md)",
    )
    made.add_argument(
        "--size",
        metavar="WxH",
        help="what the model paints, for example 512x512, and, without --output, what is sent",
    )
    made.add_argument(
        "--output",
        metavar="WxH",
        help="what is sent, where that is not what is painted, for example 1280x720",
    )
    made.add_argument(
        "--sound",
        metavar="S",
        help='what is heard with the picture: off, source (unless said), "input NAME", or a file',
    )
    made.add_argument(
        "--mark",
        metavar="on|off",
        help="whether recordings say that vj painted them, with which model (default: on)",
    )
    made.add_argument("--fps", metavar="N", type=float, help="frames a second, at most")
    made.add_argument(
        "--for",
        metavar="SECONDS",
        type=float,
        dest="seconds",
        help="stop after so long, counted from the first generated image",
    )
    made.add_argument(
        "--from",
        metavar="TIME",
        dest="begin",
        help="begin the show's timeline there, live or --offline: 1:30, 90, 0:01:30, bar 17; or "
        "PICTURE.png: play the show, the values and the model that /vj/snapshot wrote into it",
    )
    made.add_argument(
        "--offline",
        action="store_true",
        help="render every frame instead of playing; needs a record: sink",
    )
    add_film_options(made)
    made.add_argument(
        "--draft",
        action="store_true",
        help="--offline: first a small, quick rendering (FILM.draft.mp4) and a contact sheet of it "
        "(FILM.draft.jpg), to be looked at before the long one",
    )
    made.add_argument(
        "--osc", metavar="HOST:PORT", help="where OSC listens; 0.0.0.0:9000 lets a tablet in"
    )
    made.add_argument(
        "--page",
        metavar="HOST:PORT",
        help="where the page is, which plays the show in a browser; 0.0.0.0:9080 lets a phone in "
        "(it asks for a PIN once); off: none",
    )
    made.add_argument(
        "--log",
        metavar="FILE",
        type=Path,
        help="write a take: every parameter change with its frame's time",
    )
    made.add_argument(
        "--replay",
        metavar="FILE",
        type=Path,
        help="play a take in place of the controls, live or --offline",
    )
    made.add_argument("--json", metavar="FILE", type=Path, help="write the summary here, as JSON")
    made.add_argument(
        "--log-file",
        metavar="FILE",
        type=Path,
        help="write all messages there too; a new file every 2 MB, five are kept",
    )
    made.add_argument(
        "--resume",
        action="store_true",
        help="go on where the show stood when it last crashed or was killed; with --offline: "
        "render so that the same command goes on, to the byte, wherever it was ended",
    )
    made.add_argument(
        "--safe",
        action="store_true",
        help="no model, no effects, nothing plugged in: the source as it is, OSC and the page",
    )
    made.add_argument(
        "--startup-times",
        action="store_true",
        help="say where the time goes until the first generated image",
    )
    made.add_argument("--room", metavar="NAME", help=argparse.SUPPRESS)  # of a piece, by its room
    made.add_argument(
        "--quiet", action="store_true", help="no status line and no hints; messages only"
    )
    return made


def overrides(options: argparse.Namespace) -> dict[str, Any]:
    """Options as they would stand in a show file. Raises Fault for a --set that is none."""
    found: dict[str, Any] = {}
    for key, value in (
        ("source", options.source),
        ("sinks", options.sink),
        ("model", options.model),
        ("size", options.size),
    ):
        if value is not None:
            found[key] = value
    if options.size is not None or options.output is not None:
        found["output"] = options.output
    for key, value in (
        ("fps", options.fps),
        ("sound", options.sound),
        ("mark", options.mark),
        ("osc", options.osc),
        ("page", options.page),
    ):
        if value is not None:
            found[key] = value
    start = {}
    for given in options.set:
        name, equals, value = given.partition("=")
        if not equals or not name.strip():
            raise Fault(
                f"command line: --set {given}: write it as NAME=VALUE, for example --set "
                "strength=0.7"
            )
        parameter = name.strip().removeprefix("/vj/")
        if parameter in ("model", "source"):
            raise Fault(f"command line: --set {given}: write --{parameter} {value}")
        start[parameter] = value
    if start:
        found["start"] = start
    return found
