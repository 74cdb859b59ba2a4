"""Makes the pictures of the page in docs/images/page: shows of mappings/ that really play, in a
real Chromium, at the four sizes that the page is made for.

    python docs/page_pictures.py [desk] [tablet] [phone] [phone_wide] [styles] [room]

`room` is the shipped room, on a desk. It needs Chromium, and no graphics card; `styles` needs the
painters.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.browser import STAGES, Browser, Page
from tests.shows import HOST, ShowProcess, free_port
from tests.web.page_show import Hand, PageShow

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "images" / "page"
COLOURS = 160
"""Of a picture: a palette makes a file a quarter as large."""
PATIENCE = 180.0


@dataclass(frozen=True)
class Scene:
    """What is played, and when the picture is taken. show: of mappings/. tab: that is opened.
    begin: what a hand does first. ready: when the picture is taken, of the values and the state.
    options: of the command line. stage: the size, where the scene is not called after it."""

    show: str
    tab: str
    begin: Callable[[Hand], None]
    ready: Callable[[Hand], bool]
    options: tuple[str, ...] = ()
    stage: str = ""


def wait(true: Callable[[], object]) -> None:
    """Raises TimeoutError when it does not happen."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the scene did not come")
        time.sleep(0.05)


def round_of_cues(hand: Hand) -> None:
    """All cues once, so that each has its picture."""
    pads = "[...document.querySelectorAll('.pad img')]"
    wait(lambda: bool(hand.page.evaluate(f"{pads}.every(one => one.naturalWidth > 0)")))


def pedal_down(hand: Hand) -> None:
    """The foot goes down, and a finger holds a fader."""
    hand.show.set("macro/pedal", 0.8)
    time.sleep(3)
    way = hand.up("blend/smoothing", 20)
    hand.page.touch_start(way[0])
    hand.page.move_along(way)


def nothing(hand: Hand) -> None:
    """It plays by itself."""


def walk_of_three(hand: Hand) -> None:
    """The picture model walks between three of its own styles."""
    hand.show.set("strength", 1.0)
    hand.show.set("image/styles", "cut paper, night sky, woodcut")
    hand.show.set("image/mix", 0.35)


def painted(share: float) -> Callable[[Hand], bool]:
    """When what moves the strength, a curve or a macro, has raised it so far."""
    return lambda hand: hand.ghost("strength") >= share


SCENES = {
    "desk": Scene(
        "me_kissing_me",
        "all",
        round_of_cues,
        lambda hand: hand.show.values()["prompt/a"].startswith("molten") and standing(hand),
    ),
    "tablet": Scene("crash_me_gently", "play", pedal_down, lambda hand: True),
    "phone": Scene("kiss_crash", "play", nothing, painted(0.95)),
    "phone_wide": Scene("dream", "play", nothing, lambda hand: True),
    "styles": Scene(
        "first_show",
        "styles",
        walk_of_three,
        lambda hand: True,
        ("--model", "picture", "--source", "drawn:dancer"),
        "phone",
    ),
}


def standing(hand: Hand) -> bool:
    """Whether the picture is all imagination, and no cue fades."""
    return hand.shows("mix/wet", 1) and bool(
        hand.page.evaluate("!document.querySelector('.pad.fading')")
    )


ROOM = "room"
PEDAL = 0.6
"""Of the room's piece with the pedal, so that more is seen of it than its calm."""
ROOM_STAGE, ROOM_PLAYS = (1440, 500), 8.0
"""CSS pixels; seconds until the pedal has gone down and the kisses are near."""


def take_room(browser: Browser, folder: Path) -> None:
    """Play the shipped room, and write the picture of its page."""
    osc, served = free_port(), free_port()
    text = (ROOT / "mappings" / "rooms" / "room.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("osc:", "page:"))]
    ports = [f"osc: {HOST}:{osc}", f"page: {HOST}:{served}"]
    (folder / "room.yaml").write_text("\n".join([*lines, *ports]), encoding="utf-8")
    show = ShowProcess(folder, "room.yaml", osc_port=osc)
    try:
        wait(lambda: "the room's page is at" in show.text)
        page = browser.page(ROOM_STAGE).open(f"http://{HOST}:{served}/")
        seen = "[...document.querySelectorAll('.piece img')]"
        wait(
            lambda: (
                "3 of 3 playing" in page.text()
                and page.evaluate(f"{seen}.every(one => one.naturalWidth > 0)")
            )
        )
        show.send("/vj/crash/macro/pedal", PEDAL)
        time.sleep(ROOM_PLAYS)
        write(page, ROOM)
    finally:
        show.close()


def take(browser: Browser, name: str, folder: Path) -> None:
    """Play a scene, and write its picture."""
    scene = SCENES[name]
    size = scene.stage or name
    text = (ROOT / "mappings" / f"{scene.show}.yaml").read_text(encoding="utf-8")
    show = PageShow(folder, text, "--sink", "preview", *scene.options)
    try:
        hand = Hand(browser.page(STAGES[size], touch=size != "desk"), show)
        tab = (
            "name => [...document.querySelectorAll('[role=tab]')].some(t => t.textContent === name)"
        )
        hand.page.until(tab, scene.tab)
        hand.open_tab(scene.tab)
        scene.begin(hand)
        time.sleep(4)
        quiet = (
            "!document.querySelector('.said.shown') && !document.body.innerText.includes('loading')"
        )
        wait(lambda: bool(hand.page.evaluate(quiet)) and scene.ready(hand))
        time.sleep(0.4)  # what was said fades away
        write(hand.page, name)
    finally:
        show.close()


def write(page: Page, name: str) -> None:
    """What a page shows now, as a small file."""
    picture = io.BytesIO(page.screenshot())
    if page.errors:
        print(f"{name}: {page.errors}", file=sys.stderr)
    small = Image.open(picture).convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT)
    FOLDER.mkdir(parents=True, exist_ok=True)
    small.save(FOLDER / f"{name}.png", optimize=True)
    print(f"{name}.png: {(FOLDER / f'{name}.png').stat().st_size / 1e3:.0f} KB")


def main() -> None:
    browser = Browser()
    folder = Path(tempfile.mkdtemp(prefix="vj-page-"))
    try:
        for name in sys.argv[1:] or (*SCENES, ROOM):
            if name == ROOM:
                take_room(browser, folder)
            else:
                take(browser, name, folder)
    finally:
        browser.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
