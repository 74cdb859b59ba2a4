"""The style pictures of a show that plays, for its page: what there is, what a page adds and
removes, and what it may not."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.waiting import ManualClock, until
from vj.app.context import RunState, ShowContext
from vj.app.messages import Messages
from vj.app.style_shelf import StyleShelf, safe_name
from vj.core.canvas import Canvas
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor
from vj.painters.own_styles import own_styles
from vj.painters.style_pictures import LARGEST, MOST_IN_FOLDER, read_picture
from vj.parameters.store import Store
from vj.show.load import check_show

RED, BLUE = (220, 30, 20), (20, 40, 210)
OWN = list(own_styles())


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (32, 48)) -> np.ndarray:
    return np.full((*size, 3), colour, np.uint8)


def sent(picture: np.ndarray) -> str:
    body = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()
    return f"data:image/png;base64,{base64.b64encode(body).decode()}"


class Shelf:
    """One in a folder of its own, of a show whose picture is wall.png."""

    def __init__(self, folder: Path, model: str = "picture") -> None:
        cv2.imwrite(str(folder / "wall.png"), plain(BLUE, (64, 400))[..., ::-1])
        self.folder, self.clock = folder / "shows" / "pictures", ManualClock()
        show = check_show({"model": model, "style_pictures": str(folder / "wall.png")}, "here")
        self.run = RunState(show)
        log: list[str] = []
        store = Store({}, show.table())
        parts = Metrics(), Messages(log.append), Supervisor(log.append)
        canvas = Canvas(Size(64, 64), self.clock.now)
        context = ShowContext(self.run, self.clock, store, *parts, canvas)
        self.shelf = StyleShelf(context, self.folder)

    def add(self, name: object, picture: np.ndarray) -> str:
        return str(self.shelf.add({"name": name, "image": sent(picture)})["name"])

    def names(self) -> list[str]:
        """As the page is told, once it is."""
        state = self.shelf.state()
        assert state is not None
        return [one["name"] for one in state["list"]]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.shelf.close()


def test_the_page_is_told_what_there_is_without_waiting_and_without_a_path(one: Shelf) -> None:
    assert one.shelf.state() == {"walk": [], "list": []}, "not looked up yet"
    until(lambda: one.names() == ["wall", *OWN], one.names)
    state: Any = one.shelf.state()
    assert state["walk"] == ["wall"]
    assert [entry["own"] for entry in state["list"]] == [False] * (1 + len(OWN))
    assert str(one.folder.parent.parent) not in str(state)


def test_while_another_model_plays_there_are_none(tmp_path: Path) -> None:
    assert Shelf(tmp_path, "none").shelf.state() is None


def test_a_picture_of_a_page_is_there_at_once_under_its_own_name(one: Shelf) -> None:
    assert one.add("holiday snap.JPG", plain(RED)) == "holiday snap"
    assert one.names() == ["wall", "holiday snap", *OWN]
    assert one.files() == ["holiday snap.jpg"], "nothing else is left there"
    found = read_picture(one.folder / "holiday snap.jpg")
    assert np.abs(found[5, 5].astype(int) - RED).max() < 6
    state: Any = one.shelf.state()
    assert [entry["name"] for entry in state["list"] if entry["own"]] == ["holiday snap"]


def test_what_another_program_puts_there_is_seen_a_little_later(one: Shelf) -> None:
    until(lambda: one.names() == ["wall", *OWN], one.names)
    one.folder.mkdir(parents=True)
    cv2.imwrite(str(one.folder / "b.png"), plain(BLUE))
    assert "b" not in one.names()
    one.clock.advance(3)
    until(lambda: "b" in one.names(), one.names)


def test_nothing_is_overwritten_and_the_same_picture_is_kept_once(one: Shelf) -> None:
    assert one.add("cat.png", plain(RED)) == "cat"
    assert one.add("cat.jpg", plain(BLUE)) == "cat (2)"
    assert one.add("CAT.png", plain((9, 99, 9))) == "CAT (3)"
    assert one.add("cat.webp", plain(RED)) == "cat"
    assert one.add("wall.png", plain(RED)) == "wall (2)", "that name is the show's"
    assert one.add(f"{OWN[0]}.png", plain(RED)) == f"{OWN[0]} (2)"
    assert len(one.files()) == 5


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini.png", "boot.ini"),
        ("/", "picture"),
        ("..", "picture"),
        ("...jpg", "picture"),
        (".hidden.png", "hidden"),
        ("con.png", "picture"),
        ("COM1", "picture"),
        ("a\0b\n<c>:*?.png", "a b c"),
        ("red, green, blue.png", "red green blue"),
        ("Crème brûlée 東京.heic", "Crème brûlée 東京"),
        ("v1.2", "v1.2"),
        ("trailing. . .png", "trailing"),
        ("\ud800.png", "picture"),
        ("x" * 300, "x" * 53),
        (None, "picture"),
        (7, "picture"),
    ],
)
def test_a_name_is_made_safe(one: Shelf, given: object, name: str) -> None:
    assert safe_name(given) == name
    assert one.add(given, plain(RED)) == name
    assert one.files() == [f"{name}.jpg"]
    assert one.shelf.small(name) is not None


def test_a_large_picture_is_kept_smaller(one: Shelf) -> None:
    one.add("large.png", plain(RED, (1000, 3000)))
    kept = cv2.imread(str(one.folder / "large.jpg"))
    assert kept is not None
    assert kept.shape == (341, LARGEST, 3)


def test_what_is_no_picture_leaves_nothing_behind(one: Shelf) -> None:
    for image in (None, "data:image/png;base64,AAAA", sent(plain(RED, (4, 5000)))):
        with pytest.raises(Fault, match="style picture"):
            one.shelf.add({"name": "a", "image": image})
    assert not one.folder.exists()


def test_so_many_are_kept_and_no_more(one: Shelf) -> None:
    one.folder.mkdir(parents=True)
    for number in range(MOST_IN_FOLDER - 1):
        (one.folder / f"{number}.jpg").touch()
    assert one.add("last.png", plain(RED)) == "last"
    with pytest.raises(Fault, match="remove one first"):
        one.add("more.png", plain(BLUE))
    assert one.add("last.png", plain(RED)) == "last", "which is there"
    one.shelf.remove({"name": "last"})
    assert one.add("more.png", plain(BLUE)) == "more"


def test_a_disk_that_cannot_be_written_to_is_said(one: Shelf) -> None:
    one.folder.parent.mkdir()
    one.folder.touch()  # a file where the folder would be
    with pytest.raises(Fault, match=r"cannot be kept .*nothing is written"):
        one.add("cat.png", plain(RED))


def test_pages_that_send_the_same_name_together_get_one_each(one: Shelf) -> None:
    pictures = [plain((20 * number, 90, 40)) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(lambda picture: one.add("me.png", picture), pictures))
    assert sorted(names) == ["me", *(f"me ({number})" for number in range(2, 9))]
    for name, picture in zip(names, pictures, strict=True):
        found = read_picture(one.folder / f"{name}.jpg")
        assert np.abs(found[5, 5].astype(int) - picture[5, 5]).max() < 6


def test_only_what_was_added_is_removed(one: Shelf) -> None:
    one.add("cat.png", plain(RED))
    assert one.shelf.remove({"name": "cat"}) == {"remark": "cat is removed"}
    assert one.files() == []
    assert "cat" not in one.names()
    for name, words in (
        ("wall", "is the show's"),
        (OWN[0], "is the show's"),
        ("cat", "none"),
        (7, "none"),
    ):
        with pytest.raises(Fault, match=words):
            one.shelf.remove({"name": name})


def test_small_pictures_follow_their_files(one: Shelf) -> None:
    def colour(name: str) -> np.ndarray:
        body = one.shelf.small(name)
        assert body is not None
        found = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert found is not None
        assert min(found.shape[:2]) <= 192
        middle: np.ndarray = found[found.shape[0] // 2, found.shape[1] // 2].astype(int)
        return middle

    one.add("cat.png", plain(RED))
    assert np.abs(colour("cat") - RED).max() < 8
    assert np.abs(colour("wall") - BLUE).max() < 8
    assert colour(OWN[0]).size
    cv2.imwrite(str(one.folder / "cat.jpg"), plain(BLUE, (64, 64))[..., ::-1])
    assert np.abs(colour("cat") - BLUE).max() < 8
    (one.folder / "torn.jpg").write_bytes(b"\xff\xd8\xff")
    assert one.shelf.small("torn") is None
    assert one.shelf.small("../cat") is None
