"""A picture drawn on a screen with OpenGL: fitted, turned and mirrored into its canvas, the canvas
laid on four corners, a mask over the screen. The homography is computed for every pixel, so that
straight lines stay straight."""

from __future__ import annotations

import moderngl
import numpy as np

from vj.display.setup import ScreenSetup
from vj.display.warp import to_canvas, to_picture

VERTEX = """
#version 330
in vec2 place;
out vec2 at;
void main() {
    at = place;
    gl_Position = vec4(place.x * 2.0 - 1.0, 1.0 - place.y * 2.0, 0.0, 1.0);
}
"""
FRAGMENT = """
#version 330
uniform sampler2D picture;
uniform sampler2D mask;
uniform mat3 to_canvas;
uniform mat3 to_picture;
uniform vec2 corners[4];
uniform vec2 screen;
uniform int masked;
uniform int chosen;
in vec2 at;
out vec4 colour;

/* how much of a pixel lies within 0..1: its edge is smoothed by the one pixel it runs through */
float within(vec2 place) {
    vec2 edge = min(place, 1.0 - place) / max(fwidth(place), vec2(1e-7)) + 0.5;
    vec2 share = clamp(edge, 0.0, 1.0);
    return share.x * share.y;
}

void main() {
    vec3 warped = to_canvas * vec3(at, 1.0);
    vec2 canvas = warped.xy / warped.z;
    vec2 place = (to_picture * vec3(canvas, 1.0)).xy;
    float share = warped.z > 0.0 ? within(canvas) * within(place) : 0.0;
    vec3 seen = texture(picture, place).rgb * share;
    if (masked == 1) seen *= texture(mask, at).r;
    if (chosen >= 0) {
        for (int corner = 0; corner < 4; corner++) {
            float far = distance(at * screen, clamp(corners[corner], 0.0, 1.0) * screen);
            float ring = corner == chosen ? step(far, 18.0) : step(abs(far - 14.0), 2.0);
            seen = mix(seen, corner == chosen ? vec3(1.0, 0.75, 0.0) : vec3(1.0), ring);
        }
    }
    colour = vec4(seen, 1.0);
}
"""
QUAD = np.array([0, 0, 1, 0, 0, 1, 1, 1], np.float32)


class Projection:
    """`set_picture`, `set_mask` and `draw` belong on the thread of the OpenGL context that is
    current when this is made. OpenGL 3.3."""

    def __init__(self) -> None:
        """Raises Exception of moderngl's where OpenGL is too old."""
        self._context = moderngl.create_context(require=330)
        self._program = self._context.program(vertex_shader=VERTEX, fragment_shader=FRAGMENT)
        self._quad = self._context.vertex_array(
            self._program, [(self._context.buffer(QUAD), "2f", "place")]
        )
        self._picture: moderngl.Texture
        self.set_picture(np.zeros((1, 1, 4), np.uint8))
        self._mask: moderngl.Texture | None = None

    @property
    def renderer(self) -> str:
        return str(self._context.info["GL_RENDERER"])

    def set_picture(self, pixels: np.ndarray) -> None:
        """(H, W, 4) uint8 RGBA, copied before it returns."""
        height, width = pixels.shape[:2]
        there = getattr(self, "_picture", None)
        if there is None or there.size != (width, height):
            if there is not None:
                there.release()
            self._picture = self._context.texture((width, height), 4)
            self._picture.filter = moderngl.LINEAR, moderngl.LINEAR
            self._picture.repeat_x = self._picture.repeat_y = False
        self._picture.write(pixels)

    def set_mask(self, mask: np.ndarray | None) -> None:
        """(H, W) uint8 over the whole screen, 255 shows; None: everything does."""
        if self._mask is not None:
            self._mask.release()
            self._mask = None
        if mask is not None:
            size = mask.shape[1], mask.shape[0]
            self._mask = self._context.texture(
                size, 1, np.ascontiguousarray(mask).tobytes(), alignment=1
            )
            self._mask.repeat_x = self._mask.repeat_y = False

    def draw(self, screen: tuple[int, int], setup: ScreenSetup, chosen: int | None = None) -> None:
        """Draw the picture; black before there is one. screen: its pixels. chosen: the corner that
        is being moved; the handles are shown."""
        self._context.viewport = (0, 0, *screen)
        self._context.clear()  # without, Mesa's software renderer keeps to the size it had at first
        program = self._program
        fitting = to_picture(screen, self._picture.size, setup.fit, setup.rotate, setup.flip)
        program["to_canvas"] = _columns(to_canvas(setup.corners))
        program["to_picture"] = _columns(fitting)
        program["corners"] = [tuple(corner) for corner in setup.corners]
        program["screen"] = tuple(map(float, screen))
        program["chosen"] = -1 if chosen is None else chosen
        program["masked"] = int(self._mask is not None)
        program["picture"], program["mask"] = 0, 1
        self._picture.use(0)
        if self._mask is not None:
            self._mask.use(1)
        self._quad.render(moderngl.TRIANGLE_STRIP)

    def black(self, screen: tuple[int, int]) -> None:
        """Draw nothing."""
        self._context.viewport = (0, 0, *screen)
        self._context.clear()

    def finish(self) -> None:
        """Wait until the card has drawn."""
        self._context.finish()


def _columns(matrix: np.ndarray) -> tuple[float, ...]:
    """A (3, 3) matrix column by column, as GLSL has it."""
    return tuple(float(one) for one in matrix.T.reshape(-1))
