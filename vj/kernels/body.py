"""The pixel maths of numpy_ops.py as C, written once: the same text is compiled for the GPU and, to
be tested anywhere, by a C compiler.

`BODY` holds what happens to one pixel, `KERNELS` which pixels and buffers that is done with; see
`preamble` for how that is C as well as CUDA.

Buffers: pictures are (H, W, 3) uint8, the state (H, W, 3) float32 0..1 (half precision would stick,
see `numpy_ops.blend`). The model's side is (3, H, W), -1..1, float or, with `VJ_HALF` defined,
half; `plane`, `row` and `step` are its strides in numbers, so that channels-last memory is read as
it lies. The flow is a grid of its own size, (h, w, 3) float32, h = w = 0 for none. The mask is (H,
W) uint8, read where `masked` is not 0. What is played lies in `numbers`, on the card like the
pictures, so that a kernel in a CUDA graph follows it: `settings.feedback_numbers`, `blend_numbers`,
and the one amount of sharpening.
"""

from __future__ import annotations

from vj.core.kinds import BLEND_MODES
from vj.kernels.preamble import C_PREAMBLE, CUDA_PREAMBLE
from vj.kernels.settings import LEAST_DEPTH, MOVING, REACH, STILL

MODE_CODES = {mode: code for code, mode in enumerate(BLEND_MODES)}
"""The number by which a kernel knows a blend mode."""

_CONSTANTS = "\n".join(
    [f"#define VJ_{mode.upper()} {code}" for mode, code in MODE_CODES.items()]
    + [f"#define VJ_STILL {STILL}f", f"#define VJ_SPAN (float)({MOVING} - {STILL})"]
    + [f"#define VJ_LEAST_DEPTH {LEAST_DEPTH}f", f"#define VJ_REACH {REACH}", ""]
)

BODY = r"""
typedef struct { float smoothing, motion, wet; int mode; float colour[12]; } vj_settings;

VJ_INLINE float vj_mode(int mode, float base, float top)
{
    switch (mode) {
    case VJ_ADD: return fminf(base + top, 1.0f);
    case VJ_SCREEN: return 1.0f - (1.0f - base) * (1.0f - top);
    case VJ_MULTIPLY: return base * top;
    case VJ_DIFFERENCE: return fabsf(base - top);
    case VJ_LIGHTEN: return fmaxf(base, top);
    case VJ_DARKEN: return fminf(base, top);
    default: return top;
    }
}

/* from: dx, dy and confidence of a pixel, bilinear out of a grid of any size; none: 0, 0, 1. */
VJ_INLINE void vj_flow_at(const float *flow, int flow_width, int flow_height, int width, int height,
        int x, int y, float *from)
{
    from[0] = from[1] = 0.0f;
    from[2] = 1.0f;
    if (flow_width == 0) return;
    const float across = ((float)x + 0.5f) * ((float)flow_width / (float)width) - 0.5f;
    const float down = ((float)y + 0.5f) * ((float)flow_height / (float)height) - 0.5f;
    const float left = floorf(across), top = floorf(down);
    const int x0 = vj_within((int)left, flow_width), x1 = vj_within((int)left + 1, flow_width);
    const int y0 = vj_within((int)top, flow_height) * flow_width;
    const int y1 = vj_within((int)top + 1, flow_height) * flow_width;
    for (int c = 0; c < 3; ++c) {
        const float a = flow[(y0 + x0) * 3 + c], b = flow[(y0 + x1) * 3 + c];
        const float d = flow[(y1 + x0) * 3 + c], e = flow[(y1 + x1) * 3 + c];
        const float upper = a + (across - left) * (b - a), lower = d + (across - left) * (e - d);
        from[c] = upper + (down - top) * (lower - upper);
    }
}

/* rgb of `last` between its pixels, mirrored at the edges. */
VJ_INLINE void vj_gather(const float *last, int width, int height, float from_x, float from_y,
        float *rgb)
{
    const float left = floorf(from_x), top = floorf(from_y);
    const float across = from_x - left, down = from_y - top;
    const int x0 = vj_reflect((int)left, width), x1 = vj_reflect((int)left + 1, width);
    const int y0 = vj_reflect((int)top, height) * width;
    const int y1 = vj_reflect((int)top + 1, height) * width;
    for (int c = 0; c < 3; ++c) {
        const float a = last[(y0 + x0) * 3 + c], b = last[(y0 + x1) * 3 + c];
        const float d = last[(y1 + x0) * 3 + c], e = last[(y1 + x1) * 3 + c];
        const float upper = a + across * (b - a), lower = d + across * (e - d);
        rgb[c] = upper + down * (lower - upper);
    }
}

/* Where a matrix leads: a map of the plane where its last row is 0 0 1, else a camera's view, in
   which nothing is nearer than VJ_LEAST_DEPTH, nor farther off than VJ_REACH pictures. */
VJ_INLINE void vj_seen_at(const float *matrix, int width, int height, float x, float y, float *to)
{
    to[0] = matrix[0] * x + matrix[1] * y + matrix[2];
    to[1] = matrix[3] * x + matrix[4] * y + matrix[5];
    if (matrix[6] == 0.0f && matrix[7] == 0.0f) return;
    const float depth = fmaxf(matrix[6] * x + matrix[7] * y + matrix[8], VJ_LEAST_DEPTH);
    to[0] = fminf(fmaxf(to[0] / depth, (float)(-VJ_REACH * width)),
            (float)((VJ_REACH + 1) * width));
    to[1] = fminf(fmaxf(to[1] / depth, (float)(-VJ_REACH * height)),
            (float)((VJ_REACH + 1) * height));
}

/* rgb: input + amount * (last, seen through flow and matrix - input), 0..1. At amount 0 `last` is
   not read. */
VJ_INLINE void feedback_pixel(const vj_byte *image, const float *last, int width, int height,
        const float *flow, int flow_width, int flow_height, const float *matrix, float amount,
        float gain, float middle, int x, int y, float *rgb)
{
    for (int c = 0; c < 3; ++c) rgb[c] = (float)image[(y * width + x) * 3 + c] / 255.0f;
    if (amount == 0.0f) return;
    float from[3], at[2], seen[3];
    vj_flow_at(flow, flow_width, flow_height, width, height, x, y, from);
    vj_seen_at(matrix, width, height, (float)x + from[0], (float)y + from[1], at);
    vj_gather(last, width, height, at[0], at[1], seen);
    for (int c = 0; c < 3; ++c) {
        if (gain != 1.0f) seen[c] = gain * seen[c] + (1.0f - gain) * middle;
        rgb[c] += amount * from[2] * (seen[c] - rgb[c]);
        if (gain != 1.0f) rgb[c] = vj_clamp(rgb[c]);
    }
}

/* painted 0..1 (clamped here), last 0..1, confidence 0..1, image 0..255 -> state 0..1, out 0..255;
   three numbers each. shown: 0..1, the mask. */
VJ_INLINE void blend_pixel(const float *painted, const float *last, float confidence,
        const vj_byte *image, float shown, const vj_settings *settings, float *state, vj_byte *out)
{
    float mixed[3], change = 0.0f;
    for (int c = 0; c < 3; ++c) state[c] = vj_clamp(painted[c]);
    if (settings->smoothing != 0.0f) {
        for (int c = 0; c < 3; ++c) change += fabsf(state[c] - last[c]);
        const float t = vj_clamp((change / 3.0f - VJ_STILL) / VJ_SPAN);
        const float still = 1.0f - settings->motion * (t * t * (3.0f - 2.0f * t));
        const float keep = settings->smoothing * still * confidence;
        for (int c = 0; c < 3; ++c) state[c] += keep * (last[c] - state[c]);
    }
    for (int c = 0; c < 3; ++c) {
        const float base = (float)image[c] / 255.0f;
        mixed[c] = base + settings->wet * shown * (vj_mode(settings->mode, base, state[c]) - base);
    }
    for (int c = 0; c < 3; ++c) {
        const float *colour = settings->colour + 4 * c;
        out[c] = vj_round(colour[0] * mixed[0] + colour[1] * mixed[1] + colour[2] * mixed[2]
                + colour[3]);
    }
}

/* Unsharp mask over 3x3 pixels, 1 2 1 both ways. */
VJ_INLINE void sharpen_pixel(const vj_byte *picture, int width, int height, float amount, int x,
        int y, vj_byte *out)
{
    for (int c = 0; c < 3; ++c) {
        int sum = 0;
        for (int j = -1; j <= 1; ++j)
            for (int i = -1; i <= 1; ++i)
                sum += (i ? 1 : 2) * (j ? 1 : 2) * picture[(vj_reflect(y + j, height) * width
                        + vj_reflect(x + i, width)) * 3 + c];
        const float here = (float)picture[(y * width + x) * 3 + c];
        out[c] = (vj_byte)(fminf(fmaxf(here + amount * (here - (float)sum / 16.0f), 0.0f),
                255.0f) + 0.5f);
    }
}
"""

KERNELS = r"""
VJ_KERNEL vj_feedback(const vj_byte *__restrict__ image, const float *__restrict__ last,
        vj_model *__restrict__ out, int plane, int row, int step, int width, int height,
        const float *__restrict__ flow, int flow_width, int flow_height,
        const float *__restrict__ numbers)
{
    float matrix[9];
    for (int k = 0; k < 9; ++k) matrix[k] = numbers[k];
    const float amount = numbers[9], gain = numbers[10], middle = numbers[11];
    VJ_EACH_PIXEL(width, height) {
        float rgb[3];
        feedback_pixel(image, last, width, height, flow, flow_width, flow_height, matrix, amount,
                gain, middle, x, y, rgb);
        for (int c = 0; c < 3; ++c)
            vj_store(out + c * plane + y * row + x * step, 2.0f * rgb[c] - 1.0f);
    }
}

VJ_KERNEL vj_blend(const vj_model *__restrict__ painted, int plane, int row, int step,
        const float *__restrict__ last, const vj_byte *__restrict__ image,
        float *__restrict__ state, vj_byte *__restrict__ out, int width, int height,
        const float *__restrict__ flow, int flow_width, int flow_height,
        const vj_byte *__restrict__ mask, int masked, const float *__restrict__ numbers)
{
    vj_settings settings = {numbers[0], numbers[1], numbers[2], (int)numbers[3], {0.0f}};
    for (int k = 0; k < 12; ++k) settings.colour[k] = numbers[4 + k];
    VJ_EACH_PIXEL(width, height) {
        const int here = (y * width + x) * 3;
        float rgb[3], from[3] = {0.0f, 0.0f, 1.0f}, moved[3];
        const float *was = last + here;
        for (int c = 0; c < 3; ++c)
            rgb[c] = 0.5f * vj_load(painted + c * plane + y * row + x * step) + 0.5f;
        if (flow_width != 0 && settings.smoothing != 0.0f) {
            vj_flow_at(flow, flow_width, flow_height, width, height, x, y, from);
            vj_gather(last, width, height, (float)x + from[0], (float)y + from[1], moved);
            was = moved;
        }
        const float shown = masked ? (float)mask[y * width + x] / 255.0f : 1.0f;
        blend_pixel(rgb, was, from[2], image + here, shown, &settings, state + here, out + here);
    }
}

VJ_KERNEL vj_sharpen(const vj_byte *__restrict__ picture, vj_byte *__restrict__ out, int width,
        int height, const float *__restrict__ numbers)
{
    VJ_EACH_PIXEL(width, height)
        sharpen_pixel(picture, width, height, numbers[0], x, y, out + (y * width + x) * 3);
}
"""

CUDA_SOURCE = CUDA_PREAMBLE + _CONSTANTS + BODY + KERNELS
"""For NVRTC: kernels `vj_feedback`, `vj_blend`, `vj_sharpen`, one thread a pixel. `-DVJ_HALF` for a
model in half precision."""

C_SOURCE = C_PREAMBLE + _CONSTANTS + BODY + KERNELS
"""For a C99 compiler: the same three as plain functions that go through all pixels."""
