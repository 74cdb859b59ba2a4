"""Long work on a card: films killed and going on, films in pieces, effects on the card, a room."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.app.films import CUTS, FRAMES, draw_film, film_show, pictures
from tests.app.test_films_going_on import painted
from tests.conftest import StartShow
from tests.gpu.test_shows_gpu import apart, rendered
from tests.shows import free_port
from tests.tiny_models import make_model
from tests.waiting import until
from vj.app.films import in_parts
from vj.app.films.job import FilmJob
from vj.app.films.pieces import FilmPiece, paint, place_of
from vj.diffusion.making import KeptModels
from vj.show.load import check_show

WHOLE = FilmPiece(0, FRAMES)
MORE = {
    "memory/amount": 0.5,
    "memory/frames": 3,
    "latent/morph": 400,
    "noise/ride": 0.7,
    "prompt/negative": "grey",
    "steps": 2,
}
"""What a Stable Diffusion model keeps of frames besides."""


@pytest.fixture(params=["pocket", "turbo", "sd15"])
def lines(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """What a film's show says beside `film_show`'s lines; the film is in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(in_parts, "SECONDS", 0.6)
    draw_film(tmp_path / "film.mkv")
    if request.param == "pocket":
        return {"model": "pocket"}
    made = make_model(tmp_path / "made", request.param)
    model = {"name": str(made), "vae": "full", "lcm_lora": "off"}
    return {"model": model, "start": MORE if request.param == "sd15" else {}}


def frames(folder: str, piece: FilmPiece = WHOLE) -> list[np.ndarray]:
    return list(pictures(place_of(Path(folder), piece, 0, "record:a/", False)).values())


def test_a_film_that_is_killed_goes_on_to_the_byte(
    lines: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    painted("whole", "record:a/", monkeypatch, **lines)
    said = painted("killed", "record:a/", monkeypatch, 9, 22, **lines)
    assert "go on at" in said[0]
    assert not any("anew" in line for line in said), said
    whole, found = frames("whole"), frames("killed")
    assert len(whole) == len(found) == FRAMES
    assert all(map(np.array_equal, whole, found))


def test_its_pieces_are_the_whole_films_frames(
    lines: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    painted("whole", "record:a/", monkeypatch, **lines)
    whole = frames("whole")
    show = check_show(film_show("x/", **lines), "here")
    job = FilmJob(show, None, None, None, None, 1, Path.cwd())
    models = KeptModels()
    for begins, ends in zip((0, *CUTS), (*CUTS, FRAMES), strict=True):
        piece = FilmPiece(begins, ends, forgets=begins)
        Path("pieces").mkdir(exist_ok=True)
        paint(job, piece, Path("pieces"), ["record:a/"], False, models)
        found = frames("pieces", piece)
        assert len(found) == ends - begins
        assert all(map(np.array_equal, whole[begins:ends], found)), f"from {begins} on"


def test_an_effect_has_tensors_on_the_card(cuda: torch.device, tmp_path: Path) -> None:
    head = "frames = 'torch'\nat = 'after'\n\n\ndef effect(frame, parameters, time):\n"
    (tmp_path / "card.py").write_text(
        f"{head}    assert frame.is_cuda and frame.ndim == 3\n    return 1 - frame\n"
    )
    plain = rendered(tmp_path, "pocket", "plain")
    turned = rendered(tmp_path, "pocket", effects=[str(tmp_path / "card.py")])
    for one, two in zip(plain[1:], turned[1:], strict=True):
        assert apart(one, 255 - two) < 3
        assert apart(one, two) > 10


def test_a_room_on_one_card_and_one_piece_killed(tmp_path: Path, start_show: StartShow) -> None:
    (tmp_path / "piece.yaml").write_text(
        "source: testcard\nmodel: pocket\nsize: 256x256\nfps: 24\nsinks: preview\n"
        "start: {strength: 0.7, prompt/a: molten gold}\n"
    )
    (tmp_path / "room.yaml").write_text(
        "room:\n  left: {show: piece, card: 0}\n  middle: {show: piece, card: 0}\n  right: piece\n"
        f"osc: 127.0.0.1:{free_port()}\npage: 127.0.0.1:0\n"
    )
    show = start_show("room.yaml", osc_port=None)
    show.until_line("the room's page is at")
    page = next(line.split()[-1] for line in show.lines() if "the room's page is at" in line)

    def pieces() -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{page}room.json", timeout=30) as answer:
            found: list[dict[str, Any]] = json.loads(answer.read())["pieces"]
            return found

    def all_play() -> bool:
        return all(one["state"] == "playing" and one["fps"] > 15 for one in pieces())

    until(all_play, lambda: (pieces(), show.text))
    before = pieces()
    os.kill(before[1]["process"], signal.SIGKILL)
    until(lambda: pieces()[1]["restarts"] == 1 and all_play(), lambda: (pieces(), show.text))
    assert [one["restarts"] for one in pieces()] == [0, 1, 0]
    print("a room:", [(one["name"], one["fps"]) for one in pieces()])
