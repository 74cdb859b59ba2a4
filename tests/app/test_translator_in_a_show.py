"""A performer's own translator in a show: chosen while it plays, rendered twice to the same bytes,
painted at the size it was trained for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import PlayShow
from tests.diffusion.translators import card_of, folder_of, network_of
from vj.app.banner import banner
from vj.app.model_care import AWAITED, RENEWED
from vj.app.offline import Rendering
from vj.app.setup import native_side, painted_size, paints_any_size
from vj.core.frame import Size
from vj.parameters.table import TABLE
from vj.show.load import check_show
from vj.show.schema import Show
from vj.translator.model_folder import save_translator

SHOW = """\
show: mine
size: 64x64
source: drawn:kiss
model: {model}
osc: 127.0.0.1:0
page: off
sinks: []
midi: off
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a translator in it."""
    monkeypatch.chdir(tmp_path)
    folder_of("lines", tmp_path)
    return tmp_path


@pytest.mark.long
def test_it_is_chosen_while_a_show_plays(here: Path, play_show: PlayShow) -> None:
    (here / "mine.yaml").write_text(SHOW.format(model="none"))
    show = play_show(here / "mine.yaml")
    choosers = show.performance.choosers
    assert choosers.choose("model", "models/kiss")["value"] == "models/kiss"
    show.until(lambda: show.performance.loop.backend_name.startswith("kiss"))
    show.frames(5)
    status = show.performance.report.status()
    assert status.understood == "kiss: lines"
    assert "prompt/a" in status.unused
    assert show.performance.metrics.faults == 0
    assert choosers.choose("model", "none")["value"] == "none"
    show.until(lambda: show.performance.loop.backend_name == "none")


def other_weights(folder: Path) -> None:
    """Those of the folder's model after some more training."""
    network = network_of("lines")
    network.head.conv.weight.mul_(-1)
    save_translator(folder, network, card_of("lines"))


def test_weights_that_are_written_while_it_plays_take_over_within_a_minute(
    here: Path, play_show: PlayShow
) -> None:
    """As a training writes them, whose translator is played: with every judgement that is better,
    about once a minute. A load is not begun while the last one is a minute ago."""
    (here / "mine.yaml").write_text(SHOW.format(model="models/kiss"))
    show = play_show(here / "mine.yaml")
    performance = show.performance
    show.until(lambda: performance.loop.backend_name.startswith("kiss"))
    show.until(lambda: performance.run_state.text == "playing")
    first = performance.loop.pipeline.backend
    check = performance.background.check
    other_weights(here / "models" / "kiss")
    check()
    assert not any("new weights" in message for message in show.messages)
    show.clock.advance(RENEWED)
    check()
    check()
    assert sum("new weights" in message for message in show.messages) == 1
    show.until(lambda: performance.loop.pipeline.backend is not first)
    show.frames(3)
    show.clock.advance(RENEWED)
    check()
    assert sum("new weights" in message for message in show.messages) == 1, "they are the same"
    assert performance.metrics.faults == 0


def test_a_training_without_weights_is_told_and_its_first_weights_play(
    here: Path, play_show: PlayShow
) -> None:
    folder = here / "models" / "new"
    (folder / "training").mkdir(parents=True)
    (folder / "training" / "settings.json").write_text("{}")
    (here / "mine.yaml").write_text(SHOW.format(model="models/new"))
    show = play_show(here / "mine.yaml")
    told = "models/new: has no weights yet; its training writes the first ones within a minute"
    show.until(lambda: any(told in message for message in show.messages))
    show.frames(2)
    other_weights(folder)
    show.clock.advance(AWAITED)  # and not only after the minute between two weights
    show.performance.background.check()
    show.until(lambda: show.performance.loop.backend_name.startswith("new"))


def test_offline_it_gives_the_same_bytes_twice(here: Path) -> None:
    for name in ("one", "two"):
        lines = {
            "size": "64x64",
            "source": "drawn:kiss",
            "model": "models/kiss",
            "sinks": [f"record:{name}/"],
            "start": {"strength": 0.8, "noise/hold": 0.7},
        }
        assert Rendering(check_show(lines, "here"), print, seconds=0.3).run() == 9
    one, two = (sorted((here / name).iterdir()) for name in ("one", "two"))
    assert len(one) == 9
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert one[0].read_bytes() != one[-1].read_bytes()


def test_the_start_tells_to_send_what_it_follows(here: Path) -> None:
    osc: Any = SimpleNamespace(address=("127.0.0.1", 9000), describe=list)
    lines = banner(Show(model={"name": "models/kiss"}), "testcard", None, osc, {})
    assert any("oscsend localhost 9000 /vj/seed i 7" in line for line in lines)
    assert not any("prompt" in line for line in lines)
    assert TABLE.find("seed").name == "seed/a"


def test_its_own_size_is_played_where_the_show_leaves_it_open(here: Path) -> None:
    show = check_show({"show": "mine", "size": "auto", "model": "models/kiss"}, "mine.yaml")
    assert not paints_any_size(show)
    assert native_side("models/kiss") == 64
    assert painted_size(show, print) == Size(80, 48), "as many pixels, and wide"
    square = check_show({"show": "mine", "size": "1:1", "model": "models/kiss"}, "mine.yaml")
    assert painted_size(square, print) == Size(64, 64)
    (here / "models" / "kiss" / "card.json").unlink()
    assert native_side("models/kiss") == 256
