"""Noise that rides on what moves, as C, written once for the GPU and for a C compiler, as in
body.py; the maths is that of numpy_ride.py.

Ways are (2, h, w, 2) float32, x and y in pixels, of two layers in cells of `finer` pixels.
"""

from __future__ import annotations

from vj.kernels.numpy_field import CUBIC
from vj.kernels.preamble import C_PREAMBLE, CUDA_PREAMBLE

NAMES = ("vj_ride_grain", "vj_ride_cells", "vj_ride_plane")

BODY = r"""
typedef struct { int x, y; } vj_spot;

VJ_INLINE int vj_wrapped(int index, int size) { return ((index % size) + size) % size; }

/* The cell whose middle is before a pixel's, and the way from there to the next. */
VJ_INLINE int vj_before(int pixel, int finer, float *share)
{
    *share = (float)((2 * pixel + 1 + finer) % (2 * finer)) / (float)(2 * finer);
    return (pixel + finer / 2) / finer - 1;
}

/* A layer's way at a pixel. */
VJ_INLINE void vj_way(const float *way, const vj_byte *torn, int x, int y, int columns, int rows,
        int finer, float *led)
{
    float across, down;
    const int left = vj_before(x, finer, &across), top = vj_before(y, finer, &down);
    const int l = vj_within(left, columns), r = vj_within(left + 1, columns);
    const int t = vj_within(top, rows), b = vj_within(top + 1, rows);
    const float *corner[4] = {way + 2 * (t * columns + l), way + 2 * (t * columns + r),
        way + 2 * (b * columns + l), way + 2 * (b * columns + r)};
    const float *near = way + 2 * ((y / finer) * columns + x / finer);
    const int parted = torn[t * columns + l];
    for (int i = 0; i < 2; ++i) {
        const float p = corner[0][i], q = corner[1][i], u = corner[2][i], v = corner[3][i];
        const float upper = p + across * (q - p), lower = u + across * (v - u);
        led[i] = parted ? near[i] : upper + down * (lower - upper);
    }
}

/* Where the texture of a pixel comes from. */
VJ_INLINE vj_spot vj_led(const float *way, const vj_byte *torn, int x, int y, int width,
        int height, int columns, int rows, int finer)
{
    float led[2];
    vj_way(way, torn, x, y, columns, rows, finer, led);
    const vj_spot spot = {
        vj_wrapped((int)rintf(led[0] + (float)x), width),
        vj_wrapped((int)rintf(led[1] + (float)y), height)};
    return spot;
}

VJ_INLINE float vj_same(vj_spot a, vj_spot b) { return a.x == b.x && a.y == b.y ? 1.0f : 0.0f; }

/* What a pixel so far away gives, by straight lines or a cubic. */
VJ_INLINE float vj_given(float far, int lines)
{
    if (lines) return far < 1.0f ? 1.0f - far : 0.0f;
    return far <= 1.0f ? ((SLOPE + 2.0f) * far - (SLOPE + 3.0f)) * far * far + 1.0f
        : ((SLOPE * far - 5.0f * SLOPE) * far + 8.0f * SLOPE) * far - 4.0f * SLOPE;
}

/* What is between pixels; it goes on beyond its edges. */
VJ_INLINE float vj_between(const float *grain, float x, float y, int width, int height, int lines)
{
    const float left = floorf(x), top = floorf(y);
    float across[4], total = 0.0f;
    int columns[4];
    for (int i = 0; i < 4; ++i) {
        across[i] = vj_given(fabsf(x - left - (float)(i - 1)), lines);
        columns[i] = vj_wrapped((int)left + i - 1, width);
    }
    for (int j = 0; j < 4; ++j) {
        const float *line = grain + vj_wrapped((int)top + j - 1, height) * width;
        float row = 0.0f;
        for (int i = 0; i < 4; ++i) row += across[i] * line[columns[i]];
        total += vj_given(fabsf(y - top - (float)(j - 1)), lines) * row;
    }
    return total;
}

/* How like blurred noise is to itself so far away; it repeats after its sides. */
VJ_INLINE float vj_likeness(float x, float y, int width, int height, float narrow)
{
    x -= (float)width * rintf(x / (float)width);
    y -= (float)height * rintf(y / (float)height);
    return expf(-narrow * (x * x + y * y));
}

/* How far two cells of latents lie on each other, 0..1; two: 0 for one that has not moved. */
VJ_INLINE float vj_over(const float *one, const float *two, int x, int y, int columns, int side,
        int many)
{
    float apart[2] = {0.0f, 0.0f}, over = 1.0f;
    for (int j = y * many; j < (y + 1) * many; ++j) for (int i = x * many; i < (x + 1) * many; ++i)
        for (int k = 0; k < 2; ++k) {
            const int at = 2 * (j * columns + i) + k;
            apart[k] += one[at] - (two ? two[at] : 0.0f);
        }
    for (int k = 0; k < 2; ++k)
        over *= vj_clamp(1.0f - fabsf(apart[k]) / (float)(many * many * side));
    return over;
}

VJ_INLINE float vj_fine(const float *detail, const float *noise, vj_spot at, int down, int across,
        int width, int height, int side)
{
    const int y = (at.y + down) % height, x = (at.x + across) % width;
    return detail[y * width + x] + noise[(at.y / side) * (width / side) + at.x / side]
        / (float)side;
}
"""

KERNELS = r"""
/* Blurred noise; narrow: see numpy_ride.width_of. */
VJ_KERNEL vj_ride_grain(const float *__restrict__ grain, const float *__restrict__ ways,
        const vj_byte *__restrict__ torn, float *__restrict__ out, int width, int height,
        int columns, int rows, int finer, int lines, float own, float first, float second,
        float narrow)
{
    VJ_EACH_PIXEL(width, height) {
        const int layer = columns * rows;
        float one[2], two[2];
        vj_way(ways, torn, x, y, columns, rows, finer, one);
        vj_way(ways + 2 * layer, torn + layer, x, y, columns, rows, finer, two);
        float seen = own * grain[y * width + x];
        float norm = own * own + first * first + second * second;
        if (first > 0.0f)
            seen += first * vj_between(grain, (float)x + one[0], (float)y + one[1], width, height,
                    lines);
        if (second > 0.0f)
            seen += second * vj_between(grain, (float)x + two[0], (float)y + two[1], width, height,
                    lines);
        norm += 2.0f * own * first * vj_likeness(one[0], one[1], width, height, narrow);
        norm += 2.0f * own * second * vj_likeness(two[0], two[1], width, height, narrow);
        norm += 2.0f * first * second
            * vj_likeness(two[0] - one[0], two[1] - one[1], width, height, narrow);
        out[y * width + x] = seen / sqrtf(norm);
    }
}

/* What is smooth, at half the size; the shares are together 1. */
VJ_KERNEL vj_ride_plane(const float *__restrict__ plane, const float *__restrict__ ways,
        const vj_byte *__restrict__ torn, float *__restrict__ out, int width, int height,
        int full_width, int full_height, int columns, int rows, int finer, float own, float first,
        float second)
{
    VJ_EACH_PIXEL(width, height) {
        const float parts[2] = {first, second};
        float seen = own * plane[y * width + x];
        for (int layer = 0; layer < 2; ++layer) {
            const int at = layer * columns * rows;
            float led[2];
            vj_way(ways + 2 * at, torn + at, vj_within(2 * x, full_width),
                    vj_within(2 * y, full_height), columns, rows, finer, led);
            const float u = (float)x + led[0] * ((float)width / (float)full_width);
            const float v = (float)y + led[1] * ((float)height / (float)full_height);
            const int left = (int)floorf(u), top = (int)floorf(v);
            const int l = vj_reflect(left, width), r = vj_reflect(left + 1, width);
            const int t = vj_reflect(top, height) * width, b = vj_reflect(top + 1, height) * width;
            const float across = u - (float)left, down = v - (float)top;
            const float upper = plane[t + l] + across * (plane[t + r] - plane[t + l]);
            const float lower = plane[b + l] + across * (plane[b + r] - plane[b + l]);
            seen += parts[layer] * (upper + down * (lower - upper));
        }
        out[y * width + x] = seen;
    }
}

/* One thread a cell of latents, of all planes. across, down: cells; turns: (planes, 2). */
VJ_KERNEL vj_ride_cells(const float *__restrict__ noise, const float *__restrict__ detail,
        const int *__restrict__ turns, const float *__restrict__ ways,
        const vj_byte *__restrict__ torn, float *__restrict__ out, int across, int down,
        int planes, int side, int columns, int rows, int finer, float own, float first,
        float second)
{
    VJ_EACH_PIXEL(across, down) {
        const int width = across * side, height = down * side, cells = across * down;
        const int many = side / finer;
        const float *layers[2] = {ways, ways + 2 * columns * rows};
        const vj_byte *tears[2] = {torn, torn + columns * rows};
        const float parts[3] = {own, first, second};
        float spread = own * own;
        for (int layer = 0; layer < 2; ++layer) {
            const float part = parts[layer + 1];
            int pairs = 0;
            for (int j = 0; j < side && part > 0.0f; ++j) for (int i = 0; i < side; ++i) {
                const int px = x * side + i, py = y * side + j;
                const vj_spot at = vj_led(layers[layer], tears[layer], px, py, width, height,
                        columns, rows, finer);
                for (int k = 0; k < 4; ++k) {
                    const int v = k > 0, u = k == 0 || k == 2 ? 1 : (k == 3 ? -1 : 0);
                    if (j + v < side && i + u < side && i + u >= 0)
                        pairs += (int)vj_same(at, vj_led(layers[layer], tears[layer], px + u,
                                py + v, width, height, columns, rows, finer));
                }
            }
            spread += part * part * (1.0f + 2.0f * (float)pairs / (float)(side * side));
            spread += 2.0f * own * part * vj_over(layers[layer], 0, x, y, columns, side, many);
        }
        spread += 2.0f * first * second
            * vj_over(layers[0], layers[1], x, y, columns, side, many);
        const float norm = (float)side * sqrtf(spread);
        for (int plane = 0; plane < planes; ++plane) {
            const float *of = noise + plane * cells;
            const int turn_down = turns[2 * plane], turn_across = turns[2 * plane + 1];
            float sum = 0.0f;
            for (int j = 0; j < side; ++j) for (int i = 0; i < side; ++i) {
                const vj_spot here = {x * side + i, y * side + j};
                sum += own * vj_fine(detail, of, here, turn_down, turn_across, width, height, side);
                for (int layer = 0; layer < 2; ++layer) {
                    const vj_spot at = vj_led(layers[layer], tears[layer], here.x, here.y, width,
                            height, columns, rows, finer);
                    sum += parts[layer + 1] * vj_fine(detail, of, at, turn_down, turn_across, width,
                        height, side);
                }
            }
            out[plane * cells + y * across + x] = sum / norm;
        }
    }
}
"""

_TEXT = (BODY + KERNELS).replace("SLOPE", f"({CUBIC}f)")

CUDA_SOURCE = CUDA_PREAMBLE + _TEXT
"""For NVRTC: one thread a pixel, or a cell of latents."""

C_SOURCE = C_PREAMBLE + _TEXT
"""For a C99 compiler: the same as plain functions that go through all of them."""
