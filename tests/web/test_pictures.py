"""The page's pictures, over real HTTP: when they come, of which size, encoded once; thumbnails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import aiohttp
import cv2
import numpy as np
import pytest

from tests.waiting import until
from tests.web.test_page_socket import PATIENCE, Rig, run
from vj.core.frame import Frame
from vj.parameters.store import Store
from vj.web.pictures import HEAD, VIEWS, PictureRequest, Pictures
from vj.web.server import WebServer


@pytest.fixture(name="rig")
def a_rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.server.stop()


def frame(colour: tuple[int, int, int], number: int, side: int = 96) -> Frame:
    return Frame(np.full((side, side, 3), colour, np.uint8), number, 0.0)


def decoded(data: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(data[HEAD.size :], np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


RED, BLUE = (230, 20, 30), (20, 30, 230)


def test_pictures_come_when_the_last_was_taken_and_there_is_a_new_one(rig: Rig) -> None:
    async def test() -> None:
        async with rig.pictures("view=output&width=48&quality=95") as ws:
            rig.server.show(np.zeros((96, 96, 3), np.uint8), frame(RED, 5))
            data = (await ws.receive(timeout=PATIENCE)).data
            assert HEAD.unpack_from(data) == (VIEWS.index("output"), 5)
            picture = decoded(data)
            assert picture.shape == (48, 48, 3)
            assert np.abs(picture[20, 20].astype(int) - RED).max() < 8, "red is red"
            with pytest.raises(TimeoutError):  # nothing was asked for
                await ws.receive(timeout=0.2)
            await ws.send_str("next")
            with pytest.raises(TimeoutError):  # nothing is new
                await ws.receive(timeout=0.2)
            rig.server.show(np.zeros((96, 96, 3), np.uint8), frame(BLUE, 6))
            rig.server.show(np.zeros((96, 96, 3), np.uint8), frame(BLUE, 7))
            data = (await ws.receive(timeout=PATIENCE)).data
            assert HEAD.unpack_from(data)[1] in (6, 7)
            assert np.abs(decoded(data)[20, 20].astype(int) - BLUE).max() < 8
            await ws.send_str('{"width": 24, "format": "png"}')
            await ws.send_str("next")
            found = decoded((await ws.receive(timeout=PATIENCE)).data)
            assert found.shape[0] == 24
            assert found[3, 3].tolist() == list(BLUE), "PNG is exact"

    run(test())


def test_a_picture_is_encoded_once_for_all() -> None:
    async def test() -> None:
        pictures = Pictures()
        pictures.put("output", frame(RED, 1).pixels, 1)
        found = await asyncio.gather(
            *(pictures.encode(PictureRequest("output", 32)) for _ in range(10))
        )
        assert len({one[0] for one in found if one}) == 1
        assert pictures.encodings == 1
        await pictures.encode(PictureRequest("output", 16))
        assert pictures.encodings == 2
        pictures.put("output", frame(BLUE, 2).pixels, 2)
        await pictures.encode(PictureRequest("output", 16))
        assert pictures.encodings == 3
        assert pictures.views() == ["output"]
        pictures.put("output", None, 3)
        assert await pictures.encode(PictureRequest("output", 16)) is None
        pictures.close()

    run(test())


@pytest.mark.parametrize(
    ("query", "asked"), [("view=output", '{"width": 24}'), ("view=mask", '{"view": "output"}')]
)
def test_another_size_or_view_of_what_stands_still_comes_at_once(
    rig: Rig, query: str, asked: str
) -> None:
    async def test() -> None:
        rig.server.show(np.zeros((24, 24, 3), np.uint8), frame(RED, 5))
        async with rig.pictures(f"{query}&width=48") as ws:
            if query == "view=output":
                await ws.receive(timeout=PATIENCE)
                await ws.send_str(asked)
                with pytest.raises(TimeoutError):  # the one before was not taken
                    await ws.receive(timeout=0.1)
                await ws.send_str("next")
            else:  # there is none of this view
                await ws.send_str(asked)
            data = (await ws.receive(timeout=PATIENCE)).data
            assert HEAD.unpack_from(data) == (VIEWS.index("output"), 5)
            assert decoded(data).shape[0] == (24 if query == "view=output" else 48)

    run(test())


@pytest.mark.parametrize("text", ["[" * 4000, "[1]", "nothing", '{"width": -1}', '{"view": {}}'])
def test_pictures_go_on_after_wrong_messages(rig: Rig, text: str) -> None:
    async def test() -> None:
        async with rig.pictures("view=output&width=48") as ws:
            rig.server.show(np.zeros((96, 96, 3), np.uint8), frame(RED, 5))
            await ws.receive(timeout=PATIENCE)
            await ws.send_str(text)
            await ws.send_str("next")
            rig.server.show(np.zeros((96, 96, 3), np.uint8), frame(BLUE, 6))
            assert HEAD.unpack_from((await ws.receive(timeout=PATIENCE)).data)[1] == 6

    run(test())


@pytest.mark.parametrize(
    "query", ["view=nothing", "width=-1", "quality=0", "width=x", "format=gif"]
)
def test_wrong_pictures_are_refused(rig: Rig, query: str) -> None:
    async def test() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{rig.server.url}pictures?{query}") as answer,
        ):
            assert answer.status == 400
            assert query.split("=")[0] in await answer.text()

    run(test())


def test_a_mask_is_grey_and_an_rgba_picture_loses_its_alpha(rig: Rig) -> None:
    async def get(name: str) -> np.ndarray:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{rig.server.url}{name}") as answer,
        ):
            assert answer.status == 200, await answer.text()
            body = np.frombuffer(await answer.read(), np.uint8)
            return cv2.imdecode(body, cv2.IMREAD_UNCHANGED)

    async def test() -> None:
        rig.server.pictures.put("mask", np.full((10, 20), 77, np.uint8), 1)
        mask = await get("picture.png?view=mask")
        assert mask.shape[:2] == (10, 20)
        assert int(mask.reshape(200, -1)[0, 0]) == 77
        rig.server.pictures.put("sent", np.full((8, 8, 4), (20, 200, 30, 255), np.uint8), 1)
        assert (await get("picture.jpg?view=sent&quality=95"))[4, 4, 1] > 190
        assert (await get("picture.png?view=sent"))[4, 4].tolist() == [30, 200, 20, 255]

    run(test())


def test_thumbnails_are_caught_when_a_cue_stands(rig: Rig) -> None:
    thumbnails = rig.server.thumbnails
    rig.server.show(np.zeros((96, 96, 3), np.uint8), frame(RED, 3))
    thumbnails.update({"cue": "calm", "fade": {"progress": 0.4}})
    thumbnails.update({"cue": "calm", "fade": {"progress": 0.8}})
    assert rig.server.pictures.encodings == 0, "not while it fades in"
    thumbnails.update({"cue": "calm", "fade": None})
    thumbnails.update({"cue": "calm", "fade": None})
    until(lambda: thumbnails.numbers == {"calm": 3})
    body = thumbnails.get("calm")
    assert body is not None
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    assert picture[5, 5, 2] > 200
    rig.server.show(np.zeros((96, 96, 3), np.uint8), frame(BLUE, 9))
    thumbnails.update({"cue": "calm", "fade": None})
    assert rig.server.pictures.encodings == 1, "not at every call"
    thumbnails.update({"cue": "storm", "fade": {"progress": 0.1}})
    until(lambda: thumbnails.numbers == {"calm": 9})  # as it was left

    async def test() -> None:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{rig.server.url}thumb/calm?9") as answer:
                assert await answer.read() == thumbnails.get("calm")
                assert answer.headers["Cache-Control"] == "no-store", "a later show's is another"
            async with session.get(f"{rig.server.url}thumb/storm?1") as answer:
                assert answer.status == 404

    run(test())


def test_style_pictures_come_by_name_and_may_be_kept_by_the_browser() -> None:
    asked: list[str] = []

    def style(name: str) -> bytes | None:
        asked.append(name)
        return b"a picture" if name == "my cat" else None

    server = WebServer(Store(), ("127.0.0.1", 0), status=dict, style=style)
    server.start()

    async def test() -> None:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{server.url}style/my%20cat?1") as answer:
                assert await answer.read() == b"a picture"
                assert answer.content_type == "image/jpeg"
                assert "max-age" in answer.headers["Cache-Control"]
            async with session.get(f"{server.url}style/..%2Fa") as answer:
                assert answer.status == 404

    try:
        run(test())
    finally:
        server.stop()
    assert asked == ["my cat", "../a"]
