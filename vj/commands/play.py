"""`launch.py [SHOW]`: load a show and play it live, or render it with --offline."""

from __future__ import annotations

import argparse
import json
import math
import os
import threading
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.app.console import Console
from vj.app.log import LogFile
from vj.app.signals import LIMIT, Signals
from vj.app.startup_times import StartupTimes
from vj.commands.films import film_of, followed, use_film_options
from vj.commands.options import COMMANDS, overrides
from vj.core.errors import Fault, nearest

if TYPE_CHECKING:  # imported when they are needed: torch comes with them, and takes seconds
    from vj.app.autosave import Autosave
    from vj.app.live import Performance
    from vj.app.room_link import RoomLink
    from vj.control.takes import Take
    from vj.show.reload import ShowFile
    from vj.show.schema import Show


def play(options: argparse.Namespace) -> int:
    """Load the show and play or render it."""
    stop = threading.Event()
    with Signals(stop, None if options.offline else LIMIT):
        options.link = link_to_room(options, stop)
        log_file = LogFile(options.log_file) if options.log_file is not None else None
        terminal = Console(quiet=options.quiet, log_file=log_file)
        try:
            with ExitStack() as end:
                return _play(options, terminal, stop, end)
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


def _play(
    options: argparse.Namespace, terminal: Console, stop: threading.Event, end: ExitStack
) -> int:
    options.startup = StartupTimes() if options.startup_times else None
    from vj.commands.from_picture import is_picture, play_picture
    from vj.core.opencv import use_one_thread
    from vj.show.load import FIRST_SHOW, load_show
    from vj.show.room_file import is_room

    use_one_thread()
    use_film_options(options)
    if options.seconds is not None and not 0 < options.seconds < math.inf:
        raise Fault(f"command line: --for {options.seconds:g}: seconds, more than 0")
    if options.json is not None:
        prove_writable(options.json)
    options.overrides = overrides(options)
    if is_picture(options.begin):
        path, options.overrides = play_picture(options, terminal.log, end)
        options.begin = None
    else:
        path = named(options.show) if options.show else FIRST_SHOW
    if is_room(path):
        from vj.commands.room import play_room

        return play_room(path, options, terminal, stop)
    options.file = path
    show = load_show(path, options.overrides, terminal.log)
    if options.draft and not options.offline:
        raise Fault("command line: --draft is of a film: add --offline")
    if options.startup is not None:
        options.startup.record("the show read")
    if options.safe:
        from vj.app.safe import safe

        if options.offline or options.resume:
            raise Fault(
                "command line: --safe is for playing live, from the show's start: leave --offline "
                "and --resume out"
            )
        show = safe(show, terminal.log)
    if options.begin is not None:
        from vj.commands.beginning import begin_at

        show = begin_at(show, options)
    if stop.is_set():
        return 0
    summary = (render if options.offline else perform)(show, options, terminal, stop)
    if options.json is not None:
        try:
            options.json.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise Fault(f"--json {options.json}: cannot be written ({error.strerror})") from None
    return 0


def named(name: str) -> Path:
    """The show of this name. Raises Fault, for what is nearer to a command than to a show too."""
    from vj.show.find import find_show

    try:
        return find_show(name)
    except Fault as fault:
        command = nearest(name, COMMANDS)
        if not command or "did you mean" in str(fault) or name in COMMANDS:
            raise
        raise Fault(f"{name}: no such command{command}") from None


def prove_writable(path: Path) -> None:
    """What is only written at the end of a night is not to fail there. Raises Fault."""
    there = path.exists()
    try:
        with path.open("a", encoding="utf-8"):
            pass
        if not there:
            path.unlink()
    except OSError as error:
        raise Fault(
            f"--json {path}: cannot be written ({error.strerror}); name a file in a folder that is "
            "there and may be written"
        ) from None


def perform(
    show: Show, options: argparse.Namespace, terminal: Console, stop: threading.Event
) -> dict[str, Any]:
    """Play live until the end, --for, or a signal."""
    from vj.app.autosave import PERIOD, Autosave
    from vj.app.live import Performance
    from vj.control.keyboard import Keyboard
    from vj.diffusion.model_names import is_painter
    from vj.show.own_shows import offer
    from vj.show.reload import ShowFile

    if show.model.name != "none" and not is_painter(show.model.name) and options.link is None:
        # now, and not while the picture is there: it takes a second; in a room the picture of a
        # piece that has died comes first
        import torch  # noqa: F401

    startup: StartupTimes | None = options.startup
    if startup is not None:
        startup.record("imports")
    terminal.log(f"{show.show}: starting")
    if copy := offer(options.file):
        terminal.log(copy)
    file = None if options.safe else ShowFile(options.file, options.overrides, terminal.log)
    replay = replayed(show, options, terminal.log)
    performance = Performance(
        show, terminal.log, file=file, replay=replay, take_log=options.log, startup=startup
    )
    keyboard = Keyboard(performance.session.key)
    state = Autosave(options.file, performance.store, options.room or "")
    if options.link is not None:
        options.link.attach(performance)
    try:
        if options.resume:
            state.resume(performance.session.engine, terminal.log)
        performance.start()
        performance.background.check_regularly()
        if not options.safe:
            performance.supervisor.every(
                "autosave",
                lambda: autosave(performance, state, file),
                PERIOD,
                performance.run_state.over,
            )
        keyboard.start()
        if not options.quiet:
            for line in banner_of(performance, terminal):
                terminal.log(line)
        elif (
            options.link is None
            and (reach := performance.servers.reach()) is not None
            and reach.urls()
        ):
            terminal.log(reach.lines()[0])  # without its PIN nobody gets in
        while not performance.ended and not stop.wait(0.25):
            performance.supervisor.call(
                "the status line", lambda: terminal.status(performance.report.status().as_dict())
            )
            if options.seconds is not None and performance.playing_for() >= options.seconds:
                break
        orphaned = options.link is not None and options.link.orphaned
        if orphaned:  # at once: what ends a show may hang, and is then cut short
            autosave(performance, state, file)
    finally:
        keyboard.close()
        performance.stop()
    if not orphaned:
        state.clear()
    summary = performance.report.summary()
    terminal.close()
    terminal.summary(summary)
    return summary


def link_to_room(options: argparse.Namespace, stop: threading.Event) -> RoomLink | None:
    """What speaks with the room that has started this process, if one has: first of all, so that
    it need not wait for what is imported."""
    if options.room is None:
        return None
    from vj.app.room_link import RoomLink

    link = RoomLink(stop)
    link.start()
    return link


def banner_of(performance: Performance, terminal: Console) -> list[str]:
    """Where the show that has just started can be reached. A QR code of it goes to the terminal
    alone, above."""
    from vj.app.banner import banner

    page, osc = performance.servers.page, performance.servers.osc
    assert osc is not None
    reach = performance.servers.reach()
    if reach is not None:
        terminal.draw(reach.code_lines())
    return banner(
        performance.run_state.show,
        performance.video_input.description,
        page.url if page is not None else None,
        osc,
        performance.session.cue_keys(),
        reach.lines() if reach is not None else [],
    )


def autosave(performance: Performance, state: Autosave, file: ShowFile | None = None) -> None:
    """Save where the show stands, once it has begun: until then the state that the last run left is
    still the newest one. file: the show's, which may be a copy by now."""
    if performance.run_state.playing_since is not None:
        if file is not None:
            state.follow(file.path)
        state.save(performance.session.engine)


def replayed(show: Show, options: argparse.Namespace, log: Callable[[str], None]) -> Take | None:
    """The take that --replay names, None without it. Raises Fault."""
    if options.replay is None:
        return None
    from vj.control.takes import Take

    take = Take(options.replay, show.table())
    if take.unknown:
        log(f"{options.replay}: {', '.join(sorted(take.unknown))}: not in this show, passed over")
    return take


def render(
    show: Show, options: argparse.Namespace, terminal: Console, stop: threading.Event
) -> dict[str, Any]:
    """Render offline; with --draft a small film first."""
    from vj.commands.draft import clear_drafts, draft

    if options.draft:
        in_pieces = options.workers is not None
        whole = partial(render_film, options=options, terminal=terminal, stop=stop)
        return draft(show, terminal.log, in_pieces, whole)
    clear_drafts(show)
    return render_film(show, options, terminal, stop)


def render_film(
    show: Show, options: argparse.Namespace, terminal: Console, stop: threading.Event
) -> dict[str, Any]:
    """Render into the show's recordings."""
    from vj.app.offline import Rendering

    replay = replayed(show, options, terminal.log)
    rendering = (
        film_of(show, options, terminal.log)
        if options.workers is not None
        else Rendering(
            show,
            terminal.log,
            options.seconds,
            options.fps,
            replay,
            options.log,
            options.file,
        )
    )
    cores = os.cpu_count() or 1
    if options.one_thread and options.workers is None and cores > 1 and not options.quiet:
        terminal.log(
            "rendered on one thread, so that every machine makes the same; on a CPU "
            f"--threads {cores} is quicker"
        )

    def follow() -> None:
        stop.wait()
        rendering.stop()

    threading.Thread(target=follow, daemon=True).start()
    try:
        rendering.run(followed(rendering, terminal))
    finally:
        terminal.close()
    summary = rendering.summary()
    terminal.summary(summary)
    return summary
