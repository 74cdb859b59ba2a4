"""The page of a real training in a real browser: frames that are painted better and better, to go
back through, and the button that ends it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.web.conftest import NewPage
from vj.app.signals import AT_ONCE
from vj.commands.train import train
from vj.translator import best_model
from vj.translator.model_folder import load_translator

PAINTED = "document.querySelector('.example [data-name=painted]').style.backgroundImage"


@pytest.mark.usefixtures("one_thread")
@pytest.mark.long
def test_a_training_is_watched_and_stopped(
    dots: Path, tmp_path: Path, new_page: NewPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best_model, "JUDGED", 0.3)  # seconds
    command = [str(dots), "--from", "grey", "--name", "dot", "--size", "64"]
    said: list[str] = []
    served, codes = threading.Event(), []

    def say(text: str) -> None:
        said.append(text)
        if "watch it get better" in text:
            served.set()

    def run() -> None:
        codes.append(train([*command, "--page", "9720"], say, tmp_path / "models"))

    training = threading.Thread(target=run)
    training.start()
    try:
        assert served.wait(60), said
        url = next(text for text in said if "watch it" in text).rpartition(" ")[2]
        page = new_page().open(url)
        page.until("document.querySelectorAll('.strip button').length >= 3")
        assert page.evaluate("document.querySelectorAll('.example').length") == 6
        assert page.evaluate("document.querySelector('h1').textContent") == "dot"
        assert "from grey · dot · 64 px · cpu" in page.text()
        for chart in ("loss", "l1", "edges", "sharpness"):
            page.until(f"document.querySelector('[data-chart={chart}] b').textContent > '0'")
        newest = page.until(PAINTED)
        page.click(".strip button")  # the first judgement
        page.until(f"{PAINTED} !== {newest!r}")
        assert "as it painted after" in page.text()
        page.click(".t-button")
        assert not codes, "one tap does not end it"
        page.click(".t-armed")
        page.until("document.body.innerText.includes('It has ended: the same command goes on')")
        training.join(60)
        assert codes == [AT_ONCE]
        first = page.evaluate(PAINTED)
        page.evaluate("document.querySelector('.strip button:last-child').click()")
        assert page.evaluate(PAINTED) != first, "the pictures stay when the process has gone"
        page.expect("Failed to load resource")
    finally:
        for text in said:  # a test that failed before leaves no training behind
            if training.is_alive() and "watch it" in text:
                ended(text.rpartition(" ")[2])
        training.join(60)
    assert load_translator(tmp_path / "models" / "dot")[1].kind == "grey"


def ended(url: str) -> None:
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{url}stop", method="POST"), timeout=60).close()
