"""Corners moved by keys and by the mouse."""

from __future__ import annotations

import pytest

from vj.display.corner_editor import CornerEditor
from vj.display.warp import SQUARE

SCREEN = (1000, 500)


def typed(editor: CornerEditor, keys: str) -> list[bool]:
    """Keys with a space between them, `+` before those with Shift."""
    return [editor.key(key.removeprefix("+"), key.startswith("+"), SCREEN) for key in keys.split()]


def test_keys_move_the_chosen_corner_by_pixels() -> None:
    editor = CornerEditor()
    assert typed(editor, "left 1 r backspace escape") == [False] * 5, "nothing by accident"
    assert editor.setup.corners == SQUARE
    typed(editor, "tab right +down")
    assert editor.setup.corners[0] == pytest.approx((0.001, 0.02))
    typed(editor, "3 left tab up +tab +tab down")
    assert editor.corner == 1
    assert editor.setup.corners[1:] == (
        pytest.approx((1, 0.002)), pytest.approx((0.999, 1)), pytest.approx((0, 0.998)),
    )  # fmt: skip
    typed(editor, "backspace")
    assert editor.setup.corners[1] == (1, 0)
    typed(editor, "+backspace")
    assert editor.setup.corners == SQUARE
    assert editor.editing
    typed(editor, "escape")
    assert not editor.editing


def test_turning_and_mirroring_by_keys_comes_round() -> None:
    editor = CornerEditor()
    typed(editor, "w r x y")
    assert (editor.setup.rotate, editor.setup.flip) == (90, "both")
    typed(editor, "x r")
    assert (editor.setup.rotate, editor.setup.flip) == (180, "down")
    typed(editor, "y r r")
    assert (editor.setup.rotate, editor.setup.flip) == (0, "none")


def test_the_mouse_holds_the_corner_beside_it_where_it_took_it() -> None:
    editor = CornerEditor()
    editor.press((995, 495), SCREEN)
    assert not editor.drag((500, 400), SCREEN), "only while corners are edited"
    typed(editor, "w")
    editor.press((500, 250), SCREEN)
    assert not editor.drag((500, 400), SCREEN), "not from the middle"
    editor.press((990, 490), SCREEN)
    assert editor.drag((890, 440), SCREEN)
    assert editor.corner == 2
    assert editor.setup.corners[2] == pytest.approx((0.9, 0.9))
    editor.release()
    assert not editor.drag((0, 0), SCREEN)


def test_a_corner_stops_before_the_picture_folds() -> None:
    editor = CornerEditor()
    typed(editor, "w")
    editor.press((0, 0), SCREEN)
    editor.drag((300, 100), SCREEN)
    editor.drag((900, 450), SCREEN)
    assert editor.setup.corners[0] == pytest.approx((0.3, 0.2))
    editor.drag((-9000, 100), SCREEN)
    assert editor.setup.corners[0] == pytest.approx((-0.5, 0.2)), "half a screen beyond it"
    editor.release()
    editor.press((3, 100), SCREEN)
    assert editor.drag((503, 100), SCREEN), "one beyond the screen is held at its edge"
    assert editor.setup.corners[0] == pytest.approx((0.0, 0.2))
