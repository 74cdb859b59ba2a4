"""GLFW: the monitors of this machine, and a window on one of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from vj.core.errors import Unavailable
from vj.display.monitors import Box, Monitor, numbered

REMEDY = "python3 launch.py add display"


def no_display_here() -> str:
    """Why there can be no window on this machine, without asking GLFW; "" when there may be."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return "this machine shows no desktop (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    return ""


def open_glfw() -> Any:
    """GLFW, begun, on the main thread. Raises Unavailable without it or without a desktop."""
    if reason := no_display_here():
        raise Unavailable(f"{reason}; start vj from a terminal on the desktop")
    if os.environ.get("DISPLAY"):
        # On Wayland no program may say where its window is to be; through XWayland it may.
        os.environ.setdefault("PYGLFW_LIBRARY_VARIANT", "x11")
    try:
        import glfw
    except ImportError as error:
        raise Unavailable(f"a display needs GLFW ({error}): {REMEDY}") from error
    glfw.ERROR_REPORTING = "ignore"  # asked for by get_error where it matters
    if os.environ.get("DISPLAY") and hasattr(glfw, "PLATFORM_X11"):
        glfw.init_hint(glfw.PLATFORM, glfw.PLATFORM_X11)
    if sys.platform == "darwin":
        glfw.init_hint(glfw.COCOA_CHDIR_RESOURCES, glfw.FALSE)
    if not glfw.init():
        raise Unavailable(f"no desktop to show anything on ({error_text(glfw)})")
    return glfw


def error_text(glfw: Any) -> str:
    """What GLFW says of its last error."""
    code, text = glfw.get_error()
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text or "")
    return words or f"GLFW error {code}"


def monitors_of(glfw: Any) -> tuple[list[Monitor], dict[int, Any]]:
    """(The monitors, GLFW's own of each by number.)"""
    found = []
    for handle in glfw.get_monitors():
        mode = glfw.get_video_mode(handle)
        if mode is None:
            continue  # it is being unplugged
        name = glfw.get_monitor_name(handle) or b"monitor"
        name = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
        box = (*glfw.get_monitor_pos(handle), mode.size.width, mode.size.height)
        found.append(((name, box, int(mode.refresh_rate)), handle))
    monitors = numbered([one for one, _ in found])
    handles = {}
    for monitor in monitors:
        key = (monitor.name, monitor.box, monitor.rate)
        handles[monitor.number] = next(handle for one, handle in found if one == key)
    return monitors, handles


class GlfwWindow:
    """One window with an OpenGL 3.3 context, on the main thread. Fits
    `vj.display.placement.Movable`."""

    def __init__(self, glfw: Any, title: str) -> None:
        """Hidden until it is placed. Raises Unavailable where OpenGL is missing."""
        self._glfw = glfw
        for hint, value in (
            (glfw.CONTEXT_VERSION_MAJOR, 3),
            (glfw.CONTEXT_VERSION_MINOR, 3),
            (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE),
            (glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE),
            (glfw.VISIBLE, glfw.FALSE),
            # the keyboard stays with the terminal or the page until somebody clicks on the picture
            (glfw.FOCUSED, glfw.FALSE),
            (glfw.FOCUS_ON_SHOW, glfw.FALSE),
            # a click elsewhere must not take the picture from the projector
            (glfw.AUTO_ICONIFY, glfw.FALSE),
            (glfw.DEPTH_BITS, 0),
            (glfw.STENCIL_BITS, 0),
        ):
            glfw.window_hint(hint, value)
        self.handle = glfw.create_window(640, 360, title, None, None)
        if not self.handle:
            raise Unavailable(
                f"no window with OpenGL 3.3 ({error_text(glfw)}); update the graphics driver"
            )
        glfw.make_context_current(self.handle)
        glfw.swap_interval(1)
        self.visible = False
        self._mouse = (0.0, 0.0)

    def fill(self, monitor: Monitor) -> None:
        glfw = self._glfw
        handle = monitors_of(glfw)[1].get(monitor.number)
        if handle is None:
            return
        _, _, width, height = monitor.box
        rate = monitor.rate or glfw.DONT_CARE
        glfw.set_window_monitor(self.handle, handle, 0, 0, width, height, rate)
        self._show()

    def float_at(self, box: Box) -> None:
        self._glfw.set_window_monitor(self.handle, None, *box, 0)
        self._show()

    def hide(self) -> None:
        glfw = self._glfw
        if glfw.get_window_monitor(self.handle):
            glfw.set_window_monitor(self.handle, None, 0, 40, 640, 360, 0)
        glfw.hide_window(self.handle)
        self.visible = False

    def _show(self) -> None:
        self._glfw.show_window(self.handle)
        self.visible = True
        self.show_cursor(False)

    def show_cursor(self, on: bool) -> None:
        glfw = self._glfw
        mode = glfw.CURSOR_NORMAL if on else glfw.CURSOR_HIDDEN
        glfw.set_input_mode(self.handle, glfw.CURSOR, mode)

    @property
    def pixels(self) -> tuple[int, int]:
        """Its own, which on some screens are more than the desktop's units."""
        width, height = self._glfw.get_framebuffer_size(self.handle)
        return max(1, width), max(1, height)

    def cursor(self) -> tuple[float, float]:
        """The mouse at the event that is told, in pixels of the window: by now it may be
        elsewhere."""
        x, y = self._mouse
        size = self._glfw.get_window_size(self.handle)
        pixels = self.pixels
        return x * pixels[0] / max(1, size[0]), y * pixels[1] / max(1, size[1])

    def swap(self) -> None:
        """Show what was drawn; waits for the screen where the one before is not shown yet."""
        self._glfw.swap_buffers(self.handle)

    def key_name(self, key: int, scancode: int) -> str:
        """As `vj.display.corner_editor.CornerEditor.key` has it, a letter as it is printed on this
        keyboard; "" for keys that mean nothing here."""
        glfw = self._glfw
        named = {
            glfw.KEY_LEFT: "left", glfw.KEY_RIGHT: "right", glfw.KEY_UP: "up",
            glfw.KEY_DOWN: "down", glfw.KEY_TAB: "tab", glfw.KEY_ESCAPE: "escape",
            glfw.KEY_ENTER: "enter", glfw.KEY_BACKSPACE: "backspace",
        }  # fmt: skip
        if key in named:
            return named[key]
        if glfw.KEY_0 <= key <= glfw.KEY_9:
            return str(key - glfw.KEY_0)
        printed = glfw.get_key_name(key, scancode)
        return str(printed or "").lower()

    def on_events(
        self,
        key: Callable[[str, bool], None],
        button: Callable[[bool], None],
        moved: Callable[[], None],
        changed: Callable[[], None],
        closed: Callable[[], None],
    ) -> None:
        """Call these on the main thread. key: name, with Shift? button: the left one, down?
        changed: size or content has to be drawn again. closed: its close button was pressed, which
        closes nothing by itself."""
        glfw = self._glfw

        def on_key(window: Any, code: int, scancode: int, action: int, mods: int) -> None:
            name = self.key_name(code, scancode) if action != glfw.RELEASE else ""
            if name and not mods & (glfw.MOD_CONTROL | glfw.MOD_ALT | glfw.MOD_SUPER):
                key(name, bool(mods & glfw.MOD_SHIFT))

        def on_cursor(window: Any, x: float, y: float) -> None:
            self._mouse = (x, y)
            moved()

        def on_button(window: Any, which: int, action: int, mods: int) -> None:
            if which == glfw.MOUSE_BUTTON_LEFT:
                button(action == glfw.PRESS)

        def on_close(window: Any) -> None:
            glfw.set_window_should_close(window, glfw.FALSE)
            closed()

        glfw.set_key_callback(self.handle, on_key)
        glfw.set_mouse_button_callback(self.handle, on_button)
        glfw.set_cursor_pos_callback(self.handle, on_cursor)
        glfw.set_framebuffer_size_callback(self.handle, lambda window, w, h: changed())
        glfw.set_window_refresh_callback(self.handle, lambda window: changed())
        glfw.set_window_close_callback(self.handle, on_close)
