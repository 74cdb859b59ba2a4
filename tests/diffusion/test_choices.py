"""What was found out by timing is kept, held against what plays, and put right."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.waiting import until
from vj.app.live import Performance
from vj.core import cache
from vj.core.frame import Size
from vj.core.metrics import Metrics
from vj.diffusion import choices as choices_module
from vj.diffusion import size_fit as fitting
from vj.diffusion.autotune import tune
from vj.diffusion.choices import Choices
from vj.diffusion.protocols import Freezable
from vj.parameters.store import Store
from vj.pipeline.backend import PassThrough
from vj.show.load import load_show


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VJ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def play_until(path: Path, true: Callable[[Performance], object]) -> list[str]:
    """Play a show until something is true, its choices were compared with what a frame takes, and
    nothing more is being loaded. Returns its messages."""
    messages: list[str] = []
    show = Performance(load_show(path), messages.append)

    def over() -> bool:
        working = {"loader", "choices"} & set(show.supervisor.threads)
        return show.loader.check.began and not working and bool(true(show))

    show.start()
    try:
        until(over, lambda: messages)
    finally:
        show.stop()
    return messages


def test_a_choice_is_found_again_by_another_run_on_this_machine_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Choices().keep("way", "pocket", Size(64, 64), dtype="float32", threads=2)
    found = Choices()
    assert found.get("way", "pocket", "64x64") == {"dtype": "float32", "threads": 2}
    assert found.get("way", "pocket", "96x64") is None
    found.doubt("way", "pocket", "64x64")
    assert found.doubted("way", "pocket", "64x64")
    assert Choices().get("way", "pocket", "64x64") is None
    Choices().keep("way", "pocket", "64x64", threads=1)
    monkeypatch.setattr(choices_module, "machine", lambda: "another laptop, 12 cores")
    assert Choices().get("way", "pocket", "64x64") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"machine": 1}', '{"choices": {"a": 1}}', "\ud800"]
)
def test_a_file_that_says_nothing_is_as_none(caches: Path, text: str) -> None:
    caches.mkdir()
    (caches / choices_module.FILE).write_text(text, errors="replace")
    assert Choices().get("way", "pocket") is None


def test_a_cache_that_cannot_be_written_costs_the_memory_only(caches: Path) -> None:
    caches.write_text("a file where the folder should be")
    kept = Choices()
    kept.keep("way", "a", threads=1)
    assert kept.get("way", "a") == {"threads": 1}
    assert Choices().get("way", "a") is None


def test_what_is_kept_is_whole_or_not_there(caches: Path) -> None:
    assert cache.write("deep/one.json", {"a": [1, 2]})
    assert cache.read("deep/one.json") == {"a": [1, 2]}
    assert [path.name for path in caches.rglob("*") if path.is_file()] == ["one.json"]
    cache.remove("deep/one.json")
    cache.remove("deep/one.json")
    assert cache.read("deep/one.json") is None


def test_the_second_start_takes_the_size_of_the_first_without_timing_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a machine whose times are known: how they are taken is asked in test_size_fit.py."""
    made: list[Size] = []

    def backend_at(size: Size) -> PassThrough:
        made.append(size)
        return PassThrough(size)

    def seconds(backend: PassThrough, size: Size, *_: object) -> float:
        return 0.25e-6 * size.width * size.height

    monkeypatch.setattr(fitting, "seconds_of_a_frame", seconds)
    snapshot = Store({}).sample(0.0)
    messages: list[str] = []
    sizes = fitting.WIDE

    def fit(name: str = "drawn") -> Size:
        return fitting.fitted(
            sizes, backend_at, "crop", snapshot, messages.append, Choices(), name
        )[0]

    first = fit()
    assert len(made) > 1
    made.clear()
    assert fit() == first
    assert made == [first]
    assert messages[-1] == f"size: auto is {first} here, as before"
    made.clear()
    fit("pocket")
    assert len(made) > 1, "another model is timed for itself"


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (0.060, "448x256"),  # holds 15 a second
        (0.075, "448x256"),  # a little slow: not worth a change
        (0.085, "320x192"),
        (1.000, "320x192"),  # nothing is quick enough: the smallest
        (0.050, "448x256"),  # the next would take 64 ms, with nothing to spare
        (0.040, "512x288"),
    ],
)
def test_what_the_frames_take_decides_whether_the_size_is_right(
    seconds: float, wanted: str
) -> None:
    assert str(fitting.better(fitting.WIDE, Size(448, 256), seconds)) == wanted


@pytest.mark.parametrize(
    ("takes", "wanted"), [(0.2, "320x192"), (0.01, "512x288"), (0.06, "448x256")]
)
def test_beside_the_picture_a_size_that_is_wrong_is_put_right_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes: float, wanted: str
) -> None:
    sizes = fitting.WIDE
    Choices().keep("size", "drawn", *sizes, size="448x256")
    made: list[Size] = []

    def make(spec: Any, *given: Any) -> PassThrough:
        several, choices = given[6], given[8]
        known = choices.get("size", spec.name, *several)
        made.append(next(size for size in several if str(size) == known["size"]))
        return PassThrough(made[-1])

    monkeypatch.setattr("vj.app.model_loader.make_backend", make)
    monkeypatch.setattr("vj.app.choice_check.SETTLED", 0.0)
    monkeypatch.setattr(Metrics, "stages", lambda self: {"diffuse": takes})
    path = tmp_path / "wide.yaml"
    path.write_text(
        "source: 'drawn:drive'\nmodel: drawn\nsize: auto\nfps: 60\nosc: 127.0.0.1:0\nsinks: []\n"
    )
    play_until(path, lambda show: str(show.size) == wanted)
    assert [str(size) for size in made] == ["448x256"] + [wanted] * (wanted != "448x256")
    kept = Choices().get("size", "drawn", *sizes)
    assert kept == {"size": wanted}


class Model:
    """Computes at once, and counts how often."""

    name = "counted"
    device = torch.device("cpu")
    size = 1000
    adapters = prediction = latent_channels = scale = schedule = guides = None
    encode_text = encode_image_prompt = encode = decode = unet = str
    follow = take_threads = describe = str

    def __init__(self) -> None:
        self.dtype, self.threads, self.trials, self.frozen = torch.float32, None, 0, False

    def to(self, dtype: torch.dtype) -> None:
        self.dtype = dtype

    def keep(self) -> object:
        return None

    def restore(self, kept: object) -> None: ...

    def trial(self, width: int, height: int) -> Callable[[], object]:
        def frame() -> None:
            self.trials += 1

        return frame

    def freeze(self, width: int, height: int) -> None:
        self.frozen = True

    def thaw(self) -> None:
        self.frozen = False

    @property
    def is_frozen(self) -> bool:
        return self.frozen


def test_the_second_start_computes_as_the_first_did(caches: Path) -> None:
    threads = torch.get_num_threads()
    try:
        first = Model()
        line = tune(first, 64, 64, (torch.float32,), Choices())  # type: ignore[arg-type]
        assert "float32 on 1: " in line
        tried = first.trials
        torch.set_num_threads(threads)
        second = Model()
        line = tune(second, 64, 64, (torch.float32,), Choices())  # type: ignore[arg-type]
        assert line.endswith(", as before")
        assert second.trials < tried / 2
        assert (second.dtype, second.threads) == (first.dtype, first.threads)
        assert isinstance(second, Freezable)
        assert second.frozen == first.frozen
        torch.set_num_threads(threads)
        assert "as before" not in tune(Model(), 96, 64, (torch.float32,), Choices())  # type: ignore[arg-type]
    finally:
        torch.set_num_threads(threads)


def test_a_graph_that_can_no_longer_be_traced_leaves_the_model_as_it_was(caches: Path) -> None:
    threads = torch.get_num_threads()

    class Odd(Model):
        restored = 0

        def freeze(self, width: int, height: int) -> None:
            raise RuntimeError("cannot be traced")

        def restore(self, kept: object) -> None:
            self.restored += 1

    try:
        choices = Choices()
        name = "way", "counted", "64x64", "float32"
        choices.keep(*name, dtype="float32", threads=1, frozen=True)
        odd = Odd()
        line = tune(odd, 64, 64, (torch.float32,), choices)  # type: ignore[arg-type]
        assert "as before" not in line
        assert "no frozen graph, RuntimeError" in line
        assert odd.restored == 2, "after the way of before, and after all were tried"
        assert f"float32 on {threads}: " in line, "all cores are tried"
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("seconds", [0.2, 0.03])
def test_beside_the_picture_a_way_that_is_too_slow_is_timed_anew_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    name = "way", "drawn", "64x64", "float32"
    Choices().keep(*name, dtype="float32", threads=1, frozen=False)
    loads: list[str] = []

    def make(spec: Any, *given: Any) -> PassThrough:
        choices = given[8]
        known = choices.get(*name)
        loads.append("before" if known else "timed")
        if known:
            choices.way = name
        else:
            choices.keep(*name, dtype="float32", threads=2, sure=choices.doubted(*name))
        return PassThrough(Size(64, 64))

    monkeypatch.setattr("vj.app.model_loader.make_backend", make)
    monkeypatch.setattr("vj.app.choice_check.SETTLED", 0.0)
    monkeypatch.setattr(Metrics, "stages", lambda self: {"diffuse": seconds})
    path = tmp_path / "small.yaml"
    path.write_text(
        "source: testcard\nmodel: drawn\nsize: 64x64\nfps: 60\nosc: 127.0.0.1:0\nsinks: []\n"
    )

    def play(count: int) -> list[str]:
        """Play until so many models were loaded. Returns what is logged of timing."""
        loads.clear()
        return [
            line
            for line in play_until(path, lambda show: len(loads) == count)
            if "timed anew" in line
        ]

    slow = seconds > 0.1
    assert len(play(1 + slow)) == slow
    assert loads == ["before", "timed"][: 1 + slow]
    assert (Choices().get(*name) or {})["threads"] == 1 + slow
    assert play(1) == [], "what was found then stands"
    assert loads == ["before"]


@pytest.mark.parametrize("known", [{"dtype": "float8"}, {"threads": 512}, {"threads": "two"}, {}])
def test_a_choice_that_cannot_be_had_is_made_anew(caches: Path, known: dict[str, object]) -> None:
    threads = torch.get_num_threads()
    try:
        tune(Model(), 64, 64, (torch.float32,), Choices())  # type: ignore[arg-type]
        file = caches / choices_module.FILE
        kept = json.loads(file.read_text())
        (key,) = kept["choices"]
        kept["choices"][key] = kept["choices"][key] | known if known else {}
        file.write_text(json.dumps(kept))
        torch.set_num_threads(threads)
        line = tune(Model(), 64, 64, (torch.float32,), Choices())  # type: ignore[arg-type]
        assert "as before" not in line
        assert "float32 on" in line
    finally:
        torch.set_num_threads(threads)
