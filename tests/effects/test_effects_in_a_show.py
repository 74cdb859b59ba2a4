"""Effects of one's own in shows: saved while they play, with faults and without; rendered the same
twice; and at the size at which pictures leave."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.shows import PlayedShow, free_port
from vj.app.offline import Rendering
from vj.commands.check import check
from vj.commands.effect_trial import outcomes
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.effects.header import header_of
from vj.parameters.store import Store
from vj.parameters.table import ROWS, Table
from vj.show.load import check_show
from vj.show.reload import ShowFile

PAINTS = """
from vj.effects import Slider

at = "end"
shade = Slider(40, 0, 100, says="of the whole picture", glide=0)

def effect(frame, parameters, time):
    frame[...] = int(parameters.shade)
    return frame
"""
SHOW = """
show: Paper
source: testcard
model: none
size: 64x48
output: 96x72
sinks: []
midi: off
page: off
effects: [paper.py]
start: {{effects/paper/shade: 30}}
cues: [{{name: dark, set: {{effects/paper/shade: 5}}}}]
osc: 127.0.0.1:{port}
"""

Play = Callable[..., PlayedShow]


def save(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text)
    os.replace(part, path)


def test_a_file_is_played_as_it_is_saved_and_a_faulty_one_is_not(
    tmp_path: Path, play_show: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paper.py").write_text("import nothing_of_the_kind\n" + PAINTS)
    path = tmp_path / "paper.yaml"
    path.write_text(SHOW.format(port=free_port()))
    said: list[str] = []
    show = play_show(path, file=ShowFile(path, None, said.append))
    performance = show.performance
    seen: list[Frame] = []
    performance.outputs.sinks.on_frame = seen.append
    background = performance.background

    def shows(shade: int) -> None:
        def so() -> bool:
            background.check()
            return bool(seen) and seen[-1].size == (96, 72) and set(seen[-1].pixels.flat) == {shade}

        show.until(so)

    def told(words: str) -> None:
        def so() -> bool:
            background.check()
            return any(words in line for line in (*show.messages, *said))

        show.until(so)

    told("paper.py:1: ModuleNotFoundError: No module named 'nothing_of_the_kind'")
    show.until(lambda: performance.report.status().effects)
    assert performance.report.status().effects[0].startswith("paper left out: ")
    save(tmp_path / "paper.py", PAINTS)
    shows(30)
    assert performance.report.osc_status()["effects"][0].startswith("paper ")
    assert "effect paper" in performance.metrics.stages()
    performance.store.set("effects/paper/amount", 0)
    show.until(lambda: performance.report.status().unused_why.get("effects/paper/shade"))
    performance.store.set("effects/paper/amount", 1)
    performance.store.set("effects/paper/shade", 70)
    shows(70)
    performance.store.set("cue/fire", "dark")
    shows(5)
    performance.store.set("effects/paper/shade", 70)
    save(
        tmp_path / "paper.py", PAINTS.replace("int(parameters.shade)", "1 + int(parameters.shade)")
    )
    shows(71)  # what was played is kept
    told("paper.py was saved; changed: effects (paper)")
    save(tmp_path / "paper.py", PAINTS.replace("frame[...]", "frame[..."))
    told("paper.py:8: ")
    shows(71)
    save(tmp_path / "paper.py", PAINTS.replace("parameters.shade", "parameters.shadow"))
    told("paper.py:8: AttributeError: no parameter shadow in the header; did you mean shade?")
    shows(71)
    save(tmp_path / "paper.py", PAINTS.replace("Slider(40, 0, 100", "Slider(40, 0, 60"))
    shows(60)  # the nearest that it takes now
    save(tmp_path / "paper.py", PAINTS.replace("(40, ", "(1, ").replace("shade", "tone"))
    told("effects/paper/shade")  # the show's start: names a parameter that is gone
    shows(60)
    fails = PAINTS.replace("return frame", "return frame[int(time > 0.2):]")
    save(
        tmp_path / "paper.py",
        fails.replace("shade = Slider(40, 0, 100", "shade = Slider(40, 0, 60"),
    )
    told("paper.py: effect returned (71, 96, 3); (72, 96, 3) would be right")
    status = performance.report.status()
    assert status.effects[0].startswith("paper left out: ")
    assert "left out" in status.unused_why["effects/paper/amount"]
    gone = SHOW.replace("[paper.py]", "[]").replace("{{effects/paper/shade: 30}}", "{{}}")
    save(path, gone.replace("{{effects/paper/shade: 5}}", "{{}}").format(port=free_port()))
    show.until(lambda: background.check() or not performance.loop.pipeline.effects.states())
    assert "effects/paper/shade" not in performance.store.base()


def render(folder: str, seconds: float = 0.4, **more: Any) -> list[np.ndarray]:
    tree = {
        "source": "drawn:puppet",
        "model": "none",
        "size": "64x64",
        "sinks": f"record:{folder}/",
        **more,
    }
    Rendering(check_show(tree, "here"), print, seconds).run()
    return [cv2.imread(str(path)) for path in sorted(Path(folder).glob("*.png"))]


def test_a_rendering_is_the_same_twice_and_time_is_the_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clock.py").write_text(
        "def effect(frame, parameters, time):\n"
        "    frame[:8] = round(time * 200)\n"
        "    frame[8:16] = time.number\n"
        "    frame[16:24] = round(time.dt * 1000)\n"
        "    return frame\n"
    )
    still = {"feedback/amount": 0, "blend/smoothing": 0}
    slow = {"before": 1, "after": 1, "end": 2}
    for at in slow:
        clock = {"file": str(tmp_path / "clock.py"), "at": at}
        found = render(at, 0.5, effects=[clock], fps=20, start=still, slow=slow[at])
        rate = 20 * slow[at]
        times = [(int(one[2, 2, 0]), int(one[10, 2, 0]), int(one[20, 2, 0])) for one in found]
        wanted = [
            (round(200 * n / rate), n, round(1000 / rate) * (n > 0)) for n in range(len(found))
        ]
        assert times == wanted
    three = {"effects": ["rgb_trails", "slit_scan", {"file": "kaleidoscope", "at": "before"}]}
    first, again = (render(name, **three) for name in ("first", "again"))
    assert len(first) == 12
    assert all(map(np.array_equal, first, again))
    plain = render("plain", effects=["rgb_trails"], start={"effects/rgb_trails/amount": 0})
    without = render("without")
    assert all(map(np.array_equal, plain, without))


def test_a_rendering_whose_effect_fails_ends_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "late.py").write_text(
        "def effect(frame, parameters, time):\n    return frame[: 64 if time < 0.1 else 32]\n"
    )
    with pytest.raises(Fault, match=r"late\.py: effect returned \(32, 64, 3\); \(64, 64, 3\)"):
        render("late", effects=[str(tmp_path / "late.py")])
    assert len(list(Path("late").glob("*.png"))) == 3


def test_check_runs_what_the_show_names_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "paper.py").write_text('"""Paper: a white sheet."""\n' + PAINTS)
    (tmp_path / "other.py").write_text("raise SystemExit('nobody asked')\n")
    (tmp_path / "faulty.py").write_text(
        "import nothing_of_the_kind\ndef effect(frame, parameters, time):\n    return frame\n"
    )
    path = tmp_path / "show.yaml"
    said: list[str] = []
    text = "show: Paper\nosc: 127.0.0.1:0\npage: off\neffects:\n  - paper.py\n"
    path.write_text(text)
    assert check([str(path)], said.append, said.append) == 0
    assert "effects/paper, at the end: Paper: a white sheet." in said[-2]
    assert "shade 0 .. 100: of the whole picture" in said[-2]
    path.write_text(text + "  - faulty.py\nstart: {effects/faulty/amount: 0.5}\n")
    assert check([str(path)], said.append, said.append) == 1
    assert any("show.yaml:6: " in line and "faulty.py:1: ModuleNotFound" in line for line in said)
    assert not any("effects/faulty" in line for line in said), "its parameters are not missed, too"
    path.write_text(text + "  - kaleidoscop\n  - paper.py\n")
    said.clear()
    assert check([str(path)], said.append, said.append) == 1
    assert any("show.yaml:6: " in line and "did you mean kaleidoscope?" in line for line in said)
    path.write_text(text + "  - {file: paper.py, at: end}\n")
    assert check([str(path)], said.append, said.append) == 1
    assert any("two effects have this name; name: paper_2" in line for line in said)


ENDS = {
    "exits": ("    import os\n    os._exit(3)\n", "the program ended with exit code 3"),
    "crashes": ("    import ctypes\n    ctypes.string_at(0)\n", "the program died (SIGSEGV)"),
}
HOLDS = "import re\nre.match('(a+)+$', 'a' * 40 + 'b')\n"


def test_check_says_which_effect_ends_the_program_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, (body, _) in ENDS.items():
        head = "print('{}')\ndef effect(frame, parameters, time):\n"
        Path(f"{name}.py").write_text(f"{head}{body}    return frame\n")
    Path("faulty.py").write_text("import nothing_of_the_kind\n" + PAINTS)
    Path("show.yaml").write_text(
        "osc: 127.0.0.1:0\npage: off\neffects: "
        f"[{', '.join(f'{name}.py' for name in ENDS)}, faulty.py]\n"
    )
    said: list[str] = []
    assert check(["show.yaml"], said.append, said.append) == 1
    for name, (_, words) in ENDS.items():
        assert any(f"{name}.py: {words}" in line for line in said), said
    assert any("show.yaml:3: " in line and "faulty.py:1: ModuleNotFound" in line for line in said)
    assert said[-1].endswith("3 things are wrong")


def test_one_that_keeps_all_of_python_does_not_hold_up_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vj.commands.effect_trial.LIMIT", 0.3)
    (said,) = outcomes([("holds", header_of(HOLDS + PAINTS, "holds.py"))], "cpu")
    assert said.startswith("holds.py: keeps all of Python for itself")


def test_everything_that_plays_a_parameter_plays_those_of_effects(tmp_path: Path) -> None:
    (tmp_path / "paper.py").write_text(PAINTS.replace("at =", "hit = Trigger()\nat ="))
    name = "effects/paper/shade"
    tree = {
        "source": "testcard",
        "model": "none",
        "effects": [str(tmp_path / "paper.py")],
        "mappings": [{"osc": "/x", "to": name, "range": [10, 20]}],
        "macros": {"storm": {"drives": {name: [0, 100]}}},
        "modulators": [{"lfo": "sine", "rate": 1, "to": name, "depth": 10}],
        "cues": [{"name": "dark", "set": {name: 5, "effects/paper/hit": True}}],
        "curves": [{"to": name, "points": [[0, 0], [2, 50]]}],
        "timeline": [{"at": 0, "cue": "dark"}],
    }
    assert check_show(tree, "here").table().rows[name].high == 100
    with pytest.raises(Fault, match=r"effects/paper/shde: no such parameter; did you mean .*shade"):
        check_show({**tree, "start": {"effects/paper/shde": 4}}, "here")
    with pytest.raises(Fault, match=r"effects/paper/shade: 200 is above 100"):
        check_show({**tree, "start": {name: 200}}, "here")


def test_a_parameter_of_a_file_that_was_saved_keeps_what_still_fits() -> None:
    def rows(*declared: str) -> Table:
        text = "".join(f"{one}\n" for one in declared)
        text += "def effect(frame, parameters, time):\n    return frame\n"
        return Table((*ROWS, *header_of(text, "f.py").rows("f")))

    store = Store({}, rows("a = Slider(1, 0, 9)", "b = Slider(1, 0, 9)", "c = Choice('x', 'y')"))
    for name, value in {"a": 7.0, "b": 3.0, "c": "y"}.items():
        store.set(f"effects/f/{name}", value)
    store.sample(9.0)
    store.adopt({}, rows("a = Slider(1, 0, 5)", "b = Choice('u', 'v')", "c = Choice('y', 'z')"))
    values = store.sample(9.1).values
    assert [values[f"effects/f/{name}"] for name in "abc"] == [5.0, "u", "y"]
    store.adopt({}, rows("c = Choice('z', 'w')"))
    values = store.sample(9.2).values
    assert (values["effects/f/c"], "effects/f/a" in values) == ("z", False)
