"""The texture field of numpy_field.py as C, once for the GPU and for a C compiler, as in body.py.

One pass is one kernel, because each looks at its neighbours' finished numbers. Buffers are float32
planes, one after the other: (planes, h, w). Sizes are named so: `width`, `height` of what a kernel
writes, the rest as said. The picture comes from the model's side, (3, H, W) -1..1, half or float,
with its strides, and the texture goes back there.

The variance is found on the card: every slot sums numbers that lie a whole row of slots apart, so
that neighbouring threads read neighbouring numbers, and the sums of a few slots are summed once
more by each thread that needs them. The order is fixed: the same inputs give the same bytes.
"""

from __future__ import annotations

from vj.kernels.numpy_field import CLEAR, CUBIC, CUT, NARROW, QUIET
from vj.kernels.preamble import C_PREAMBLE, CUDA_PREAMBLE

_CONSTANTS = "".join(
    f"#define VJ_{name} {value}f\n"
    for name, value in (
        ("QUIET", QUIET),
        ("SPAN", CLEAR - QUIET),
        ("CUT", CUT),
        ("NARROW", NARROW),
        ("CUBIC", CUBIC),
        ("TURN", 6.283185307179586),
    )
)

BODY = r"""
/* Which share of output pixel `index` of `count` is input pixel j of `size`. */
VJ_INLINE float vj_cover(int index, int count, int size, int j)
{
    const float scale = (float)size / (float)count;
    const float begin = fmaxf((float)index * scale, (float)j);
    const float end = fminf((float)(index + 1) * scale, (float)(j + 1));
    return fmaxf(end - begin, 0.0f) / scale;
}

VJ_INLINE int vj_first(int index, int count, int size)
{
    return vj_within((int)((float)index * ((float)size / (float)count)), size);
}

VJ_INLINE int vj_last(int index, int count, int size)
{
    return vj_within((int)((float)(index + 1) * ((float)size / (float)count)), size);
}

/* A plane between its pixels, bilinear, mirrored at the borders. */
VJ_INLINE float vj_sample(const float *plane, int width, int height, float x, float y)
{
    const float left = floorf(x), top = floorf(y);
    const float across = x - left, down = y - top;
    const int x0 = vj_reflect((int)left, width), x1 = vj_reflect((int)left + 1, width);
    const int y0 = vj_reflect((int)top, height) * width;
    const int y1 = vj_reflect((int)top + 1, height) * width;
    const float upper = plane[y0 + x0] + across * (plane[y0 + x1] - plane[y0 + x0]);
    const float lower = plane[y1 + x0] + across * (plane[y1 + x1] - plane[y1 + x0]);
    return upper + down * (lower - upper);
}

/* Pixel (x, y) of a (small_width, small_height) plane upscaled to (width, height), linear. */
VJ_INLINE float vj_upscaled(const float *plane, int small_width, int small_height, int width,
        int height, int x, int y)
{
    const float from_x = ((float)x + 0.5f) * ((float)small_width / (float)width) - 0.5f;
    const float from_y = ((float)y + 0.5f) * ((float)small_height / (float)height) - 0.5f;
    const float left = floorf(from_x), top = floorf(from_y);
    const float across = from_x - left, down = from_y - top;
    const int x0 = vj_within((int)left, small_width), x1 = vj_within((int)left + 1, small_width);
    const int y0 = vj_within((int)top, small_height) * small_width;
    const int y1 = vj_within((int)top + 1, small_height) * small_width;
    const float upper = plane[y0 + x0] + across * (plane[y0 + x1] - plane[y0 + x0]);
    const float lower = plane[y1 + x0] + across * (plane[y1 + x1] - plane[y1 + x0]);
    return upper + down * (lower - upper);
}

/* What the cubic gives a pixel so far away. */
VJ_INLINE float vj_cubic(float far)
{
    if (far <= 1.0f) return ((VJ_CUBIC + 2.0f) * far - (VJ_CUBIC + 3.0f)) * far * far + 1.0f;
    return ((VJ_CUBIC * far - 5.0f * VJ_CUBIC) * far + 8.0f * VJ_CUBIC) * far - 4.0f * VJ_CUBIC;
}

/* Gaussian blur along one axis: `stride` from number to number, at `index` of `size`. */
VJ_INLINE float vj_blurred(const float *line, int stride, int index, int size, float sigma)
{
    if (sigma < VJ_NARROW) return line[index * stride];
    const int wanted = (int)ceilf(2.5f * sigma), reach = wanted > 1 ? wanted : 1;
    float total = 0.0f, weights = 0.0f;
    for (int i = -reach; i <= reach; ++i) {
        const float weight = expf(-(float)(i * i) / (2.0f * sigma * sigma));
        total += weight * line[vj_reflect(index + i, size) * stride];
        weights += weight;
    }
    return total / weights;
}
"""

KERNELS = r"""
/* The luma of the model's input, 0..1, made smaller. */
VJ_KERNEL vj_field_luma(const vj_model *__restrict__ picture, int plane, int row, int step,
        int from_width, int from_height, float *__restrict__ out, int width, int height)
{
    VJ_EACH_PIXEL(width, height) {
        const int y1 = vj_last(y, height, from_height), x1 = vj_last(x, width, from_width);
        float total = 0.0f;
        for (int j = vj_first(y, height, from_height); j <= y1; ++j)
            for (int i = vj_first(x, width, from_width); i <= x1; ++i) {
                const vj_model *at = picture + j * row + i * step;
                const float luma = 0.299f * vj_load(at) + 0.587f * vj_load(at + plane)
                                 + 0.114f * vj_load(at + 2 * plane);
                total += vj_cover(y, height, from_height, j) * vj_cover(x, width, from_width, i)
                       * (0.5f * luma + 0.5f);
            }
        out[y * width + x] = total;
    }
}

/* Noise made smaller, times `scale`. */
VJ_KERNEL vj_field_cells(const float *__restrict__ white, int from_width, int from_height,
        float *__restrict__ out, int width, int height, float scale)
{
    VJ_EACH_PIXEL(width, height) {
        const int y1 = vj_last(y, height, from_height), x1 = vj_last(x, width, from_width);
        float total = 0.0f;
        for (int j = vj_first(y, height, from_height); j <= y1; ++j)
            for (int i = vj_first(x, width, from_width); i <= x1; ++i)
                total += vj_cover(y, height, from_height, j) * vj_cover(x, width, from_width, i)
                       * white[j * from_width + i];
        out[y * width + x] = scale * total;
    }
}

/* The swirl: the cells upscaled by a cubic, radians. */
VJ_KERNEL vj_field_lean(const float *__restrict__ cells, int across, int down,
        float *__restrict__ out, int width, int height)
{
    VJ_EACH_PIXEL(width, height) {
        const float from_x = ((float)x + 0.5f) * ((float)across / (float)width) - 0.5f;
        const float from_y = ((float)y + 0.5f) * ((float)down / (float)height) - 0.5f;
        const float left = floorf(from_x), top = floorf(from_y);
        float total = 0.0f;
        for (int j = -1; j < 3; ++j)
            for (int i = -1; i < 3; ++i)
                total += vj_cubic(fabsf(from_y - top - (float)j))
                       * vj_cubic(fabsf(from_x - left - (float)i))
                       * cells[vj_within((int)top + j, down) * across
                               + vj_within((int)left + i, across)];
        out[y * width + x] = total;
    }
}

VJ_KERNEL vj_field_rows(const float *__restrict__ from, float *__restrict__ out, int width,
        int height, int planes, float sigma)
{
    VJ_EACH_PIXEL(width, height)
        for (int p = 0; p < planes; ++p) {
            const int line = (p * height + y) * width;
            out[line + x] = vj_blurred(from + line, 1, x, width, sigma);
        }
}

VJ_KERNEL vj_field_columns(const float *__restrict__ from, float *__restrict__ out, int width,
        int height, int planes, float sigma)
{
    VJ_EACH_PIXEL(width, height)
        for (int p = 0; p < planes; ++p) {
            const int line = p * height * width + x;
            out[line + y * width] = vj_blurred(from + line, width, y, height, sigma);
        }
}

/* Sobel's derivatives -> the structure tensor, planes xx, yy, xy. */
VJ_KERNEL vj_field_tensor(const float *__restrict__ small, float *__restrict__ out, int width,
        int height)
{
    VJ_EACH_PIXEL(width, height) {
        float dx = 0.0f, dy = 0.0f;
        for (int i = -1; i <= 1; ++i) {
            const float weight = i ? 1.0f : 2.0f;
            const int row = vj_reflect(y + i, height) * width, column = vj_reflect(x + i, width);
            dx += weight * (small[row + vj_reflect(x + 1, width)]
                            - small[row + vj_reflect(x - 1, width)]);
            dy += weight * (small[vj_reflect(y + 1, height) * width + column]
                            - small[vj_reflect(y - 1, height) * width + column]);
        }
        const int here = y * width + x, plane = width * height;
        out[here] = dx * dx;
        out[here + plane] = dy * dy;
        out[here + 2 * plane] = dx * dy;
    }
}

/* The tensor and the swirl -> the direction by confidence (2 planes) and the one that leads
   (2 planes), as cosine and sine of twice the angle. */
VJ_KERNEL vj_field_lead(const float *__restrict__ tensor, const float *__restrict__ lean,
        float *__restrict__ out, int width, int height, float unit, float turn)
{
    VJ_EACH_PIXEL(width, height) {
        const int here = y * width + x, plane = width * height;
        const float xx = tensor[here], yy = tensor[here + plane], xy = tensor[here + 2 * plane];
        const float power = xx + yy;
        const float u = vj_clamp((sqrtf(power) * unit - VJ_QUIET) / VJ_SPAN);
        const float gate = u * u * (3.0f - 2.0f * u) / (power + 1e-6f);
        const float cosine = (yy - xx) * gate, sine = -2.0f * xy * gate;
        const float rest = 1.0f - fminf(sqrtf(cosine * cosine + sine * sine), 1.0f);
        const float leaning = 2.0f * (lean[here] + turn);
        out[here] = cosine;
        out[here + plane] = sine;
        out[here + 2 * plane] = cosine + rest * cosf(leaning);
        out[here + 3 * plane] = sine + rest * sinf(leaning);
    }
}

/* The leading direction (2 planes) -> a step of `length` pixels along it: x, y, -x, -y. */
VJ_KERNEL vj_field_steps(const float *__restrict__ lead, float *__restrict__ out, int width,
        int height, float length)
{
    VJ_EACH_PIXEL(width, height) {
        const int here = y * width + x, plane = width * height;
        float angle = atan2f(lead[here + plane], lead[here]) + VJ_CUT;
        if (angle < 0.0f) angle += VJ_TURN;
        if (angle >= VJ_TURN) angle -= VJ_TURN;
        angle = 0.5f * (angle - VJ_CUT);
        out[here] = length * cosf(angle);
        out[here + plane] = length * sinf(angle);
        out[here + 2 * plane] = -out[here];
        out[here + 3 * plane] = -out[here + plane];
    }
}

/* Displacements followed by themselves, in the direction one comes in; both ways. */
VJ_KERNEL vj_field_compose(const float *__restrict__ from, float *__restrict__ out, int width,
        int height)
{
    VJ_EACH_PIXEL(width, height) {
        const int here = y * width + x, plane = width * height;
        for (int way = 0; way < 2; ++way) {
            const float *along_x = from + 2 * way * plane, *along_y = along_x + plane;
            const float dx = along_x[here], dy = along_y[here];
            const float on_x = vj_sample(along_x, width, height, (float)x + dx, (float)y + dy);
            const float on_y = vj_sample(along_y, width, height, (float)x + dx, (float)y + dy);
            const float sign = copysignf(1.0f, on_x * dx + on_y * dy);
            out[2 * way * plane + here] = dx + sign * on_x;
            out[(2 * way + 1) * plane + here] = dy + sign * on_y;
        }
    }
}

/* Planes plus themselves one displacement on, for both ways: (2, planes, height, width). The first
   pass starts both from the same planes. */
VJ_KERNEL vj_field_smear(const float *__restrict__ from, float *__restrict__ out, int width,
        int height, int planes, int first, const float *__restrict__ steps, int small_width,
        int small_height)
{
    VJ_EACH_PIXEL(width, height) {
        const int small = small_width * small_height, plane = width * height;
        for (int way = 0; way < 2; ++way) {
            const float *along = steps + 2 * way * small;
            const float at_x = (float)x + ((float)width / (float)small_width)
                * vj_upscaled(along, small_width, small_height, width, height, x, y);
            const float at_y = (float)y + ((float)height / (float)small_height)
                * vj_upscaled(along + small, small_width, small_height, width, height, x, y);
            for (int p = 0; p < planes; ++p) {
                const float *source = from + (first ? p : way * planes + p) * plane;
                out[(way * planes + p) * plane + y * width + x] =
                    source[y * width + x] + vj_sample(source, width, height, at_x, at_y);
            }
        }
    }
}

/* Both ways together, summed in slots: (2, slots), sums and sums of squares. */
VJ_KERNEL vj_field_sums(const float *__restrict__ both, int count, float *__restrict__ out,
        int slots)
{
    VJ_EACH_PIXEL(slots, 1) {
        float sum = 0.0f, squares = 0.0f;
        for (int i = x; i < count; i += slots) {
            const float value = both[i] + both[count + i];
            sum += value;
            squares += value * value;
        }
        out[x] = sum;
        out[slots + x] = squares;
    }
}

/* (2, slots) -> (2, fewer). */
VJ_KERNEL vj_field_fold(const float *__restrict__ sums, int slots, float *__restrict__ out,
        int fewer)
{
    VJ_EACH_PIXEL(fewer, 2) {
        float sum = 0.0f;
        for (int i = x; i < slots; i += fewer) sum += sums[y * slots + i];
        out[y * fewer + x] = sum;
    }
}

/* The texture at mean 0 and variance 1, and the directions by confidence at full size. */
VJ_KERNEL vj_field_finish(const float *__restrict__ both, const float *__restrict__ sums, int fewer,
        const float *__restrict__ directions, int small_width, int small_height,
        vj_model *__restrict__ texture, vj_model *__restrict__ along_x,
        vj_model *__restrict__ along_y, int width, int height)
{
    VJ_EACH_PIXEL(width, height) {
        const int here = y * width + x, small = small_width * small_height, count = width * height;
        float sum = 0.0f, squares = 0.0f;
        for (int i = 0; i < fewer; ++i) {
            sum += sums[i];
            squares += sums[fewer + i];
        }
        const float mean = sum / (float)count;
        const float variance = fmaxf(squares / (float)count - mean * mean, 1e-12f);
        vj_store(texture + here, (both[here] + both[count + here] - mean) / sqrtf(variance));
        vj_store(along_x + here,
                 vj_upscaled(directions, small_width, small_height, width, height, x, y));
        vj_store(along_y + here,
                 vj_upscaled(directions + small, small_width, small_height, width, height, x, y));
    }
}
"""

NAMES = tuple(
    f"vj_field_{name}"
    for name in (
        *("luma", "cells", "lean", "rows", "columns", "tensor", "lead", "steps"),
        *("compose", "smear", "sums", "fold", "finish"),
    )
)

CUDA_SOURCE = CUDA_PREAMBLE + _CONSTANTS + BODY + KERNELS
"""For NVRTC: the kernels of `NAMES`, one thread a pixel of what is written. `-DVJ_HALF` for a model
in half precision."""

C_SOURCE = C_PREAMBLE + _CONSTANTS + BODY + KERNELS
"""For a C99 compiler: the same as plain functions that go through all pixels."""
