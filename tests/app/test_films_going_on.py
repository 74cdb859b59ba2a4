"""A film that is killed goes on where it was, and is the one that was never killed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.films import CUTS, FRAMES, draw_film, film_show, pictures
from tests.app.killed_films import begin, film_of, frames, painted
from tests.shows import movie_frames
from tests.waiting import until
from vj.app.films import in_parts, looking
from vj.app.offline import Rendering
from vj.commands.films import frames_of
from vj.core.claim import claimed
from vj.core.errors import Fault
from vj.show.load import FIRST_SHOW, check_show
from vj.sinks.image_sequence import ImageSequence


@pytest.fixture(autouse=True)
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(tmp_path, monkeypatch)


PLAYED: dict[str, tuple[str, dict[str, Any]]] = {
    "h264, slow motion": ("record:a.mp4", {"slow": 2}),
    "ffv1, two steps": ("record:a.mkv?codec=ffv1", {"start": {"steps": 2, "noise/ride": 1}}),
}


@pytest.mark.parametrize("name", PLAYED)
def test_killed_twice_it_is_the_film_that_was_never_killed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, more = PLAYED[name]
    painted("whole", uri, monkeypatch, **more)
    said = painted("killed", uri, monkeypatch, 9, 22, **more)
    assert "go on at" in said[0]
    whole, found = frames("whole", uri), frames("killed", uri)
    assert len(whole) == len(found) == (FRAMES - 1) * more.get("slow", 1) + 1
    assert all(map(np.array_equal, whole, found))
    left = {one.name for one in Path("killed").rglob("*") if one.suffix in (".npz", ".json")}
    assert left == {"piece.json"}, "nothing of the parts is left"


def test_what_another_show_has_left_is_not_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    painted("whole", "record:a/", monkeypatch, start={"strength": 0.8})
    painted("killed", "record:a/", monkeypatch, 9, -1)
    assert list(Path("killed").rglob("standing.json"))
    painted("killed", "record:a/", monkeypatch, start={"strength": 0.8})
    assert all(map(np.array_equal, frames("whole", "record:a/"), frames("killed", "record:a/")))


def test_what_is_torn_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    painted("whole", "record:a/", monkeypatch, model="none")
    painted("killed", "record:a/", monkeypatch, 9, -1, model="none")
    left, *_ = Path("killed").rglob("*.npz")
    left.unlink()
    said = painted("killed", "record:a/", monkeypatch, model="none")
    assert not [one for one in said if "go on" in one]
    assert all(map(np.array_equal, frames("whole", "record:a/"), frames("killed", "record:a/")))


def test_a_film_is_rendered_by_one_process_at_a_time() -> None:
    made, parts = film_of("x/", [], sinks=["record:a.mkv"], model="none"), Path("a.mkv.parts")
    parts.mkdir()
    with claimed(parts, "rendering"), pytest.raises(Fault, match="another process is rendering"):
        made.run()
    assert made.run() == FRAMES
    assert not parts.exists()


def test_a_disk_that_is_full_before_anything_is_painted_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(path: Path, tree: dict[str, Any]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(looking, "write_json", full)
    with pytest.raises(Fault, match=r"a\.mkv\.parts: cannot be written \(No space.*it goes on"):
        film_of("x/", [], sinks=["record:a.mkv"], model="none").run()


def test_what_an_effect_keeps_that_cannot_be_written_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("mine.py").write_text(
        "import threading\n\n\ndef effect(frame, parameters, time, memory):\n"
        "    memory.setdefault('lock', threading.Lock())\n"
        "    memory['count'] = memory.get('count', 0) + 1\n"
        "    return frame // 2 + memory['count']\n"
    )
    mine: dict[str, Any] = {"model": "none", "effects": [str(Path("mine.py").absolute())]}
    painted("whole", "record:a/", monkeypatch, **mine)
    painted("killed", "record:a/", monkeypatch, 20, -1, **mine)
    said = painted("killed", "record:a/", monkeypatch, **mine)
    assert any("begin anew" in one for one in said)
    whole, found = frames("whole", "record:a/"), frames("killed", "record:a/")
    assert len(whole) == len(found) == FRAMES
    assert all(map(np.array_equal, whole, found))


def test_a_full_disk_costs_the_last_part_and_no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    more: dict[str, Any] = {"sinks": ["record:a.mkv?codec=ffv1", "record:a/"], "model": "none"}
    write = ImageSequence._write

    def full(self: ImageSequence, encoded: bytes) -> None:
        if self.frames == 3 and list(Path().rglob(f"{in_parts.PART}00001")):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, encoded)

    said: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(ImageSequence, "_write", full)
        with pytest.raises(Fault, match=r"No space left on device.*start again when"):
            film_of("x/", said, **more).run()
    said.clear()
    assert film_of("x/", said, **more).run() == FRAMES
    assert any("go on at" in one for one in said)
    assert len(movie_frames(Path("a.mkv"))) == len(pictures(Path("a"))) == FRAMES


def test_frames_are_those_of_the_whole_and_numbered_as_there() -> None:
    """The frames before are painted from the hard cut on."""
    said: list[str] = []
    Rendering(check_show(film_show("whole/"), "here"), print).run()
    asked = list[tuple[int, int | None]]()
    assert (
        film_of("some/", said, frames=(CUTS[0] + 3, CUTS[0] + 4)).run(
            lambda done, total: asked.append((done, total))
        )
        == 2
    )
    assert asked == [(1, 2), (2, 2), (2, 2)]
    whole, some = pictures(Path("whole")), pictures(Path("some"))
    assert sorted(some) == [CUTS[0] + 3, CUTS[0] + 4]
    assert all(np.array_equal(some[number], whole[number]) for number in some)
    with pytest.raises(Fault, match=f"--frames 400: the film has frames 0 to {FRAMES - 1}"):
        film_of("none/", said, frames=(400, 500), model="none").run()


def test_a_finished_film_is_not_rendered_again() -> None:
    said: list[str] = []
    assert film_of("made.mp4", said, model="none", resume=True).run() == FRAMES
    again = film_of("made.mp4", said, model="none", resume=True)
    assert again.run() == again.summary()["painted"] == FRAMES
    assert "made.mp4: is finished, " in said[-1]
    assert sorted(one.name for one in Path().glob("made*")) == ["made.mp4", "made.mp4.parts"]
    Path("made.mp4").rename("elsewhere.mp4")
    assert film_of("made.mp4", said, model="none", resume=True).run() == FRAMES
    assert len(movie_frames(Path("made.mp4"))) == FRAMES


def test_a_film_of_another_show_leaves_the_finished_one_and_says_where_it_is() -> None:
    said: list[str] = []
    some: dict[str, Any] = {"model": "none", "resume": True, "frames": (3, 5)}
    assert film_of("made/", said, **some).run() == 3
    assert not any("from before" in one for one in said)
    assert film_of("made/", said, **some, start={"picture/hue": 0.5}).run() == 3
    assert any("made: stays; the show, or what it plays, has changed" in one for one in said)
    assert "made: its pictures from before stay; this film's are 000006.png to " in (said[-2])
    assert sorted(one.stem for one in Path("made").iterdir()) == [f"{n:06d}" for n in range(3, 9)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("100-200", (100, 200)), ("7", (7, 7)), ("12-", (12, None)), ("-9", (0, 9))],
)
def test_frames_are_written_as_people_do(text: str, found: tuple[int, int | None]) -> None:
    assert frames_of(text) == found
    for wrong in ("9-3", "a-b", "", "-", "1.5"):
        with pytest.raises(Fault, match="such as 100-200"):
            frames_of(wrong)


@pytest.mark.long
def test_a_process_that_is_killed_goes_on_when_the_same_command_is_given_again() -> None:
    """With -9, whenever another part has begun."""
    frames = 130
    draw_film(Path("film.mkv"), frames)
    Path("my.yaml").write_text(json.dumps(film_show("x/", start={"steps": 2})))
    words = [sys.executable, "-m", "vj.cli", "my.yaml", "--offline", "--threads", "1", "--quiet"]
    begun = {**os.environ, "PYTHONPATH": str(FIRST_SHOW.parents[1]), "OMP_NUM_THREADS": "1"}
    subprocess.run([*words, "--sink", "record:one.mkv?codec=ffv1"], env=begun, check=True)
    parts, known = Path("two.mkv.parts"), set[str]()

    def there() -> set[str]:
        found = ((folder, name) for folder, names, _ in os.walk(parts) for name in names)
        return {os.path.join(*one) for one in found if one[1].startswith(in_parts.PART)}

    kills = 0
    while True:
        going = subprocess.Popen(
            [*words, "--resume", "--sink", "record:two.mkv?codec=ffv1"], env=begun
        )
        until(lambda: going.poll() is not None or there() - known, seconds=120)  # noqa: B023
        if going.poll() is not None:
            break
        known |= there()
        going.kill()
        going.wait()
        kills += 1
    assert going.returncode == 0
    assert kills >= 3, "two pieces of two parts"
    one, two = movie_frames(Path("one.mkv")), movie_frames(Path("two.mkv"))
    assert len(one) == len(two) == frames
    assert all(map(np.array_equal, one, two))
