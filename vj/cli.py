"""The command line: options -> a show -> a performance."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # Ctrl-C while the rest is imported ends it without a traceback

import argparse
import json
import math
import os
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.app.console import Console
from vj.app.log import LogFile
from vj.app.signals import AT_ONCE, LIMIT, Signals, leave
from vj.app.startup_times import Startup
from vj.core.errors import Fault, nearest

if TYPE_CHECKING:
    from vj.app.autosave import Autosave
    from vj.app.live import Performance

EXAMPLES = """\
examples:
  python3 launch.py                                    the first show: camera or test card, NDI out
  python3 launch.py --source clip.mp4 --sink ndi:vj    repaint a clip
  python3 launch.py my_show.yaml --set strength=0.7    play a show file with another strength
  python3 launch.py --source clip.mp4 --offline --sink record:out.mp4
                                                       render every frame, however long it takes
  python3 launch.py check my_show.yaml                 is the show file right?
  python3 launch.py my_show.yaml --log set.take        play, and write every change down
  python3 launch.py my_show.yaml --replay set.take --offline --size 1024x576 --sink record:final.mp4
                                                       render that set again, frame by frame
  python3 launch.py learn my_show.yaml strength        move a MIDI control or send OSC: it is
                                                       written into the show
  python3 launch.py list                               cameras, NDI, MIDI, models at hand; what is
                                                       missing, and what helps
  python3 launch.py add midi                           install a part that is missing; without a
                                                       name: which there are
  python3 launch.py gallery                            render every show in mappings/ into
                                                       docs/gallery
  python3 launch.py test                               run the tests

sources  testcard, camera:0, camera:NAME, video:PATH (or just PATH), image:PATH, ndi:NAME,
         spout:NAME, syphon:NAME, none, clips:A.mp4,B.mp4, walk:A.jpg,B.jpg,C.jpg, drawn:kiss
sinks    ndi:NAME, spout:NAME, syphon:NAME, record:PATH.mp4, record:FOLDER/, virtualcam, preview
"""


def parser() -> argparse.ArgumentParser:
    """The options of `launch.py [SHOW]`."""
    made = argparse.ArgumentParser(
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
        help="a show file, or a name in mappings/ (default: first_show)",
    )
    made.add_argument(
        "--source", metavar="URI", help="where the picture comes from, instead of the show's"
    )
    made.add_argument(
        "--sink",
        metavar="URI",
        action="append",
        help="where it goes, instead of the show's; may be repeated",
    )
    made.add_argument(
        "--model",
        metavar="M",
        help="drawn, pocket, none, a Hugging Face id, a diffusers folder or a .safetensors file",
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
    made.add_argument("--fps", metavar="N", type=float, help="frames a second, at most")
    made.add_argument(
        "--for",
        metavar="SECONDS",
        type=float,
        dest="seconds",
        help="stop after so long, counted from the first generated image",
    )
    made.add_argument(
        "--offline",
        action="store_true",
        help="render every frame instead of playing; needs a record: sink",
    )
    made.add_argument(
        "--osc", metavar="HOST:PORT", help="where OSC is heard; 0.0.0.0:9000 lets a tablet in"
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
        help="play a take instead of hands, live or --offline",
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
        help="go on where the show stood when it last crashed or was killed",
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
    for key, value in (("fps", options.fps), ("osc", options.osc)):
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
        start[name.strip().removeprefix("/vj/")] = value
    if start:
        found["start"] = start
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line. Returns the exit code: 0 ended as asked, 1 for a fault, 2 for options
    that are none, 130 when Ctrl-C ended what is no show."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # OpenMP threads that spin for milliseconds while they wait take their cores from whatever else
    # runs, and then wait for it: beside one busy program a frame took 1.2 s instead of 0.03 s. A
    # short spin does neither. Has to be set before torch is imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    try:
        if given[:1] == ["check"]:
            return check(given[1:])
        if given[:1] == ["list"]:
            from vj.commands.devices import show_list

            return show_list(print)
        if given[:1] == ["gallery"]:
            from vj.commands.gallery import gallery

            return gallery(given[1:], print)
        if given[:1] == ["learn"]:
            from vj.commands.learn import learn
            from vj.commands.console_lines import line

            return learn(given[1:], line)
        return play(parser().parse_args(given))
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return AT_ONCE
    # what nobody thought of: a line that can be reported says more to a player than a traceback
    except Exception as error:
        print(
            f"{type(error).__name__}: {' '.join(str(error).split())[:300]} ({_place(error)}); "
            "please report this",
            file=sys.stderr,
        )
        return 1


def _place(error: BaseException) -> str:
    """`performance.py:120`, where in this program it came from."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if f"{os.sep}vj{os.sep}" in frame.filename
    ]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "outside of vj"


def check(arguments: list[str]) -> int:
    """`check SHOW`: say all that is wrong with it."""
    from vj.commands.check import check

    return check(arguments)


def play(options: argparse.Namespace) -> int:
    """Load the show and play or render it."""
    stop = threading.Event()
    with Signals(stop, None if options.offline else LIMIT):
        log_file = LogFile(options.log_file) if options.log_file is not None else None
        terminal = Console(quiet=options.quiet, log_file=log_file)
        try:
            return _play(options, terminal, stop)
        except Exception as error:
            if log_file is not None:
                log_file.log(
                    str(error)
                    if isinstance(error, Fault)
                    else "".join(traceback.format_exception(error))
                )
            raise
        finally:
            terminal.end()


def _play(options: argparse.Namespace, terminal: Console, stop: threading.Event) -> int:
    options.startup = Startup() if options.startup_times else None
    from vj.core.opencv import use_one_thread
    from vj.show.load import FIRST_SHOW, find_show, load_show

    use_one_thread()

    if options.seconds is not None and not 0 < options.seconds < math.inf:
        raise Fault(f"command line: --for {options.seconds:g}: seconds, more than 0")
    if (
        options.show
        and not Path(options.show).suffix
        and options.show in ("test", "chek", "lst", "lern", "galery")
    ):
        raise Fault(
            f"{options.show}: no such "
            f"command{nearest(options.show, ['test', 'check', 'list', 'learn', 'gallery'])}"
        )
    path = find_show(options.show) if options.show else FIRST_SHOW
    options.file, options.overrides = path, overrides(options)
    show = load_show(path, options.overrides, terminal.log)
    if options.startup is not None:
        options.startup.mark("the show read")
    if options.safe:
        from vj.app.safe import safe

        if options.offline or options.resume:
            raise Fault(
                "command line: --safe is for playing live, from the show's start: leave --offline "
                "and --resume out"
            )
        show = safe(show, terminal.log)
    if stop.is_set():
        return 0
    summary = (render if options.offline else perform)(show, options, terminal, stop)
    if options.json is not None:
        try:
            options.json.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise Fault(f"--json {options.json}: cannot be written ({error.strerror})") from None
    return 0


def perform(
    show: Any, options: argparse.Namespace, terminal: Console, stop: threading.Event
) -> dict[str, Any]:
    """Play live until the end, --for, or a signal."""
    from vj.app.autosave import PERIOD, Autosave
    from vj.app.banner import welcome
    from vj.app.live import Performance
    from vj.app.status import status, summary
    from vj.control.keyboard import Keyboard
    from vj.show.reload import ShowFile

    startup: Startup | None = options.startup
    if startup is not None:
        startup.mark("imports")
    terminal.log(f"{show.show}: starting")
    file = None if options.safe else ShowFile(options.file, options.overrides, terminal.log)
    replay = replayed(show, options, terminal.log)
    performance = Performance(
        show, terminal.log, file=file, replay=replay, take_log=options.log, startup=startup
    )
    keyboard = Keyboard(performance.session.key)
    state = Autosave(options.file, performance.store)
    try:
        if options.resume:
            state.resume(performance.session.engine, terminal.log)
        opened = performance.start()
        performance.watch_beside()
        if not options.safe:
            performance.supervisor.every(
                "autosave", lambda: autosave(performance, state), PERIOD, performance.over
            )
        keyboard.start()
        if not options.quiet:
            for line in welcome(performance, opened):
                terminal.log(line)
        while not performance.ended and not stop.wait(0.25):
            performance.supervisor.call(
                "the status line", lambda: terminal.status(status(performance))
            )
            if options.seconds is not None and performance.playing_for() >= options.seconds:
                break
    finally:
        keyboard.close()
        performance.stop()
    state.clear()
    report = summary(performance)
    terminal.close()
    terminal.summary(report)
    return report


def autosave(performance: Performance, state: Autosave) -> None:
    """Where the show stands, once it has begun: before, what the last run left is still the newest
    there is."""
    if performance.playing_since is not None:
        state.save(performance.session.engine)


def replayed(show: Any, options: argparse.Namespace, log: Callable[[str], None]) -> Any:
    """The take that --replay names, None without it. Raises Fault."""
    from vj.control.takes import Take

    if options.replay is None:
        return None
    take = Take(options.replay, show.table())
    if take.unknown:
        log(f"{options.replay}: {', '.join(sorted(take.unknown))}: not in this show, passed over")
    return take


def render(
    show: Any, options: argparse.Namespace, terminal: Console, stop: threading.Event
) -> dict[str, Any]:
    """Render offline."""
    from vj.app.offline import Rendering

    rendering = Rendering(
        show,
        terminal.log,
        options.seconds,
        options.fps,
        replayed(show, options, terminal.log),
        options.log,
    )

    def follow() -> None:
        stop.wait()
        rendering.stop()

    threading.Thread(target=follow, daemon=True).start()
    try:
        rendering.run(terminal.progress)
    finally:
        terminal.close()
    summary = rendering.summary()
    terminal.summary(summary)
    return summary


if __name__ == "__main__":
    leave(main())
