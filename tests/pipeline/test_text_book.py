"""Values by text: found beside the picture, the newest first; on the spot offline."""

from __future__ import annotations

import threading

from tests.waiting import PATIENCE, until
from vj.core.supervisor import Supervisor
from vj.pipeline.text_book import WAITING, TextBook


def test_a_text_of_which_nothing_can_be_made_is_logged_once_and_others_are_found() -> None:
    messages: list[str] = []

    def fragile(text: str) -> str:
        if "bad" in text:
            raise RuntimeError("no such token")
        return text.upper()

    supervisor = Supervisor(messages.append)
    book = TextBook(fragile, wait=False, on_message=messages.append, supervisor=supervisor)
    assert book.get("bad one") is None
    until(lambda: messages)
    for _ in range(5):
        assert book.get("bad one") is None
    until(lambda: book.get("good") == "GOOD")
    assert len(messages) == 1
    assert "bad one" in messages[0]
    assert supervisor.faults == {"prompts": 1}, "the status counts it"
    assert supervisor.threads == ["prompts"]
    book.forget("bad one")
    book.get("bad one")
    until(lambda: len(messages) == 2)
    book.close()


def test_what_was_asked_for_last_is_found_first_and_old_wishes_are_dropped() -> None:
    begun, gate = threading.Event(), threading.Event()
    found: list[str] = []

    def slow(text: str) -> str:
        begun.set()
        assert gate.wait(PATIENCE)
        found.append(text)
        return text.upper()

    book = TextBook(slow, wait=False)
    book.get("first")
    assert begun.wait(PATIENCE)
    many = [f"text {number}" for number in range(3 * WAITING)]
    for text in (*many, many[-2]):  # asked for again: it is the newest now
        assert book.get(text) is None
    gate.set()
    until(lambda: len(found) == 1 + WAITING)
    assert found[:4] == ["first", many[-2], many[-1], many[-3]]
    assert book.latest == found[-1].upper()
    assert many[0] not in found
    until(lambda: book.get(many[0]) is not None)  # asked for again, it is found after all
    book.close()


def test_what_is_forgotten_while_it_is_being_found_is_found_anew() -> None:
    begun, gate = threading.Event(), threading.Event()
    found: list[str] = []

    def slow(text: str) -> str:
        found.append(text)
        begun.set()
        assert gate.wait(PATIENCE)
        return f"{text} {len(found)}"

    book = TextBook(slow, wait=False)
    book.get("cat")
    assert begun.wait(PATIENCE)
    book.forget("cat")
    book.get("cat")
    gate.set()
    until(lambda: book.get("cat") == "cat 2")
    book.close()


def test_the_book_forgets_the_oldest_text() -> None:
    asked: list[str] = []

    def counting(text: str) -> str:
        asked.append(text)
        return text

    book = TextBook(counting, wait=True, keep=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        book.get(text)
    assert asked == ["a", "b", "c", "b"]
