"""Effects of one's own: what the header of their files says, what they may return, and what is told
of one that is wrong."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import pytest

from vj.core.errors import Fault
from vj.effects.header import header_of, read_header
from vj.effects.loaded import FrameTime, LoadedEffect, try_out

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "mappings" / "effects").glob("*.py"))
BODY = "def effect(frame, parameters, time):\n    return frame\n"


def call(text: str, frame: np.ndarray, **values: object) -> np.ndarray:
    effect = LoadedEffect("mine", header_of(text, "mine.py"))
    return effect(frame, values, FrameTime(0.5, 15, 1 / 30), {})


def test_a_header_says_what_is_played_without_the_file_being_run() -> None:
    text = (
        '"""Trails: colours apart.\n\nMore."""\n'
        "from vj.effects import Choice, Slider, Switch, Text, Trigger, Whole\n"
        "raise SystemExit('nobody runs this')\n"
        'at = "end"\nframes = "float32"\n'
        'delay = Slider(0.2, -1, 2, unit="s", says="how far apart")\n'
        "count = Whole(3, 1, 8)\n"
        "mirrored = Switch(True)\n"
        'way = Choice("soft", "hard")\n'
        'words = Text("hello")\n'
        'flash = Trigger(says="now")\n'
        "LIMIT = 4\n" + BODY
    )
    header = header_of(text, "mine.py")
    assert (header.says, header.at, header.frames) == ("Trails: colours apart.", "end", "float32")
    rows = {row.name: row for row in header.rows("trails")}
    assert list(rows) == [
        f"effects/trails/{name}"
        for name in ("amount", "delay", "count", "mirrored", "way", "words", "flash")
    ]
    delay = rows["effects/trails/delay"]
    assert (delay.kind, delay.low, delay.high, delay.start) == ("float", -1, 2, 0.2)
    assert (delay.unit, delay.help) == ("s", "how far apart")
    kinds = [row.kind for row in rows.values()][2:]
    assert kinds == ["int", "switch", "choice", "text", "trigger"]
    assert rows["effects/trails/way"].choices == ("soft", "hard")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def effect(frame, parameters, time:\n    return frame\n", "mine.py:1: "),
        ("x = 1\n", "mine.py: has no function effect"),
        ("def effect(frame):\n    return frame\n", "mine.py:1: effect takes (frame, parameters"),
        (
            'at = "afer"\n' + BODY,
            'is none of "before", "after", "end"; did you mean "after"?',
        ),
        ("frames = 8\n" + BODY, "mine.py:1: frames: 8 is none of"),
        ("\ndelay = Slider(3, 0, 2)\n" + BODY, "mine.py:2: delay: Slider: it begins with 3"),
        ("delay = Slider(0, 2, 1)\n" + BODY, "low is to be below high"),
        ("delay = Slider(LOW, 0, 2)\n" + BODY, "mine.py:1: delay: Slider(LOW, 0, 2): only plain"),
        ("delay = Slider(0, 0, 2, units='s')\n" + BODY, "unexpected keyword argument 'units'"),
        ("way = Choice('one')\n" + BODY, "mine.py:1: way: Choice takes two different words"),
        ("on = Switch(1)\n" + BODY, "mine.py:1: on: Switch begins with True or False"),
        ("amount = Slider()\n" + BODY, "every effect has an amount already"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(Fault) as caught:
        header_of(text, "mine.py")
    assert told in str(caught.value)


def test_a_file_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "trails.py").write_text(BODY)
    with pytest.raises(Fault, match=r"trial\.py: there is no such file; did you mean trails\.py"):
        read_header(tmp_path / "trial.py")


def test_a_frame_comes_as_the_file_asks_and_may_be_written_into() -> None:
    frame = np.full((8, 6, 3), 51, np.uint8)
    text = "def effect(frame, parameters, time):\n    frame[:4] *= 2\n    return frame\n"
    made = call(text, frame)
    assert made[0, 0, 0] == 102
    assert made[7, 0, 0] == 51
    assert (frame == 51).all(), "nobody else's picture is changed"
    made = call('frames = "float32"\n' + text, frame)
    assert made.dtype == np.uint8
    assert made[0, 0, 0] == 102
    same = call('frames = "float32"\n' + BODY, np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    assert (same.ravel() == np.arange(192)).all()


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("None", "returned nothing; return frame would be right"),
        ("frame[:4]", "returned (4, 6, 3); (8, 6, 3) would be right"),
        ("frame / 255", "returned float64; uint8 would be right"),
        ("3", "returned int; a frame would be right"),
        ("frame[..., 0]", "returned (8, 6); (8, 6, 3) would be right"),
        ("frame.nothing", "mine.py:2: AttributeError: 'numpy.ndarray' object has no attribute"),
        ("parameters.dely", "mine.py:2: AttributeError: no parameter dely in the header; did you"),
        ("exit()", "mine.py: ends the program"),
    ],
)
def test_what_is_no_frame_is_told(returned: str, told: str) -> None:
    text = f"def effect(frame, parameters, time):\n    return {returned}\n"
    with pytest.raises(Fault) as caught:
        call(text, np.zeros((8, 6, 3), np.uint8), delay=0.5)
    assert told in str(caught.value)


def test_numbers_that_are_none_are_told() -> None:
    text = 'frames = "float32"\n' + BODY.replace("frame\n", "frame * float('nan')\n")
    with pytest.raises(Fault, match="NaN or infinite"):
        call(text, np.zeros((4, 4, 3), np.uint8))


def test_a_fault_below_the_file_is_told_with_the_files_own_line() -> None:
    text = "import numpy as np\n\n" + BODY.replace("frame\n", "np.resize(frame, -1)\n")
    with pytest.raises(Fault, match=r"mine\.py:4: ValueError: .*: return np\.resize\(frame, -1\)"):
        call(text, np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_those_that_come_with_vj_change_a_moving_picture_the_same_way_twice(path: Path) -> None:
    header = read_header(path)
    assert header.says
    assert all(row.help and row.help[0].islower() for row in header.parameters)

    def played() -> list[bytes]:
        effect, memory = LoadedEffect(path.stem, header), {}
        values = {row.name: row.start for row in header.parameters}
        found = []
        for number in range(12):
            frame = np.zeros((48, 64, 3), np.uint8)
            frame[:, 4 * number : 4 * number + 8] = 200
            made = effect(frame, values, FrameTime(number / 30, number, 1 / 30), memory)
            found.append(made.tobytes())
        assert made.tobytes() != frame.tobytes()
        return found

    assert played() == played()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_those_that_come_with_vj_take_the_ends_of_their_ranges(path: Path) -> None:
    header = read_header(path)
    effect = LoadedEffect(path.stem, header)
    start = {row.name: row.start for row in header.parameters}
    ramp = np.linspace(0, 255, 48 * 64 * 3).reshape(48, 64, 3).astype(np.uint8)
    for row in header.parameters:
        for value in row.choices or (row.low, row.high):
            memory: dict[str, object] = {}
            for number in range(3):
                time = FrameTime(number / 30, number, number and 1 / 30)
                made = effect(ramp, {**start, row.name: value}, time, memory)
                assert made.shape == ramp.shape, (row.name, value)
                assert len(np.unique(made)) > 8, f"{row.name} {value} shows something"


def test_the_effect_in_the_docs_is_one() -> None:
    page = (ROOT / "docs" / "effects.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```python\n(.*?)```", page, re.S)
    header = header_of(text, "mine.py")
    assert [row.name for row in header.parameters] == ["levels", "edges"]
    effect = LoadedEffect("mine", header)
    try_out(effect, header.parameters)
    ramp = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 8, 3))
    made = effect(ramp, {"levels": 4.0, "edges": False}, FrameTime(0.0), {})
    assert len(np.unique(made)) == 4


def test_what_lies_beside_the_file_is_not_imported_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "colours_of_mine.py").write_text("RED = 1\n")
    header = header_of("import colours_of_mine\n" + BODY, str(tmp_path / "mine.py"))
    with pytest.raises(Fault, match=r"mine\.py:1: .* one file: colours_of_mine\.py beside"):
        LoadedEffect("mine", header)
    with pytest.raises(Fault, match=r"mine\.py:1: .*: import nowhere_at_all$"):
        LoadedEffect("mine", header_of("import nowhere_at_all\n" + BODY, header.file))


class _Panic(BaseException):
    """As those of packages that are written in Rust."""


def test_what_is_no_exception_is_contained_too_on_the_thread_that_plays() -> None:
    effect = LoadedEffect("mine", header_of(BODY.replace("return frame", "raise stop"), "mine.py"))
    grey, told = np.zeros((4, 4, 3), np.uint8), []

    def plays() -> None:
        for one in (KeyboardInterrupt, _Panic):
            effect._function.__globals__["stop"] = one
            try:
                effect(grey, {}, FrameTime(0.5), {})
            except Fault as fault:
                told.append(str(fault))

    thread = threading.Thread(target=plays)
    thread.start()
    thread.join()
    assert [line[:10] for line in told] == ["mine.py:2:", "mine.py:2:"]
    effect._function.__globals__["stop"] = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):  # a Ctrl-C while it renders
        effect(grey, {}, FrameTime(0.5), {})
