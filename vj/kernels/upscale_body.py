"""The pixel maths of numpy_upscale.py as C, written once for the GPU and for a C compiler, as in
body.py.

Buffers are (H, W, 3) uint8. FSR 1's two passes stay two kernels: RCAS looks at its neighbours'
finished pixels.
"""

from __future__ import annotations

from vj.kernels.preamble import C_PREAMBLE, CUDA_PREAMBLE

BODY = r"""
VJ_INLINE float vj_light(const float *rgb) { return rgb[2] * 0.5f + (rgb[0] * 0.5f + rgb[1]); }

/* Along one axis: the gradient, and how much of an edge it is. */
VJ_INLINE float vj_slope(float before, float here, float after, float *edge)
{
    const float gradient = after - before;
    const float steepest = fmaxf(fabsf(after - here), fabsf(here - before));
    const float clear = fminf(fabsf(gradient) / fmaxf(steepest, 1e-6f), 1.0f);
    *edge = clear * clear;
    return gradient;
}

/* rgb, 0..1: one pixel of the upscaled picture. */
VJ_INLINE void easu_pixel(const vj_byte *picture, int width, int height, int out_width,
        int out_height, int x, int y, float *rgb)
{
    float across, down, window_rgb[4][4][3], light[4][4];
    const int column = vj_place(x, out_width, width, &across);
    const int row = vj_place(y, out_height, height, &down);
    for (int j = 0; j < 4; ++j)
        for (int i = 0; i < 4; ++i) {
            const vj_byte *from = picture + (vj_within(row + j - 1, height) * width
                    + vj_within(column + i - 1, width)) * 3;
            for (int c = 0; c < 3; ++c) window_rgb[j][i][c] = (float)from[c] / 255.0f;
            light[j][i] = vj_light(window_rgb[j][i]);
        }
    float toward_x = 0.0f, toward_y = 0.0f, edge = 0.0f;
    for (int j = 1; j < 3; ++j)
        for (int i = 1; i < 3; ++i) {
            const float share = (i == 2 ? across : 1.0f - across) * (j == 2 ? down : 1.0f - down);
            float clear;
            toward_x += vj_slope(light[j][i - 1], light[j][i], light[j][i + 1], &clear) * share;
            edge += clear * share;
            toward_y += vj_slope(light[j - 1][i], light[j][i], light[j + 1][i], &clear) * share;
            edge += clear * share;
        }
    const float squared = toward_x * toward_x + toward_y * toward_y;
    if (squared < 1.0f / 32768.0f) {
        toward_x = 1.0f;
    } else {
        const float scale = 1.0f / sqrtf(squared);
        toward_x *= scale;
        toward_y *= scale;
    }
    edge *= 0.5f;
    edge *= edge;
    const float stretch = (toward_x * toward_x + toward_y * toward_y)
            / fmaxf(fabsf(toward_x), fabsf(toward_y));
    const float narrow = 1.0f + (stretch - 1.0f) * edge, longer = 1.0f - 0.5f * edge;
    const float window = 0.5f - 0.29f * edge, reach = 1.0f / window;
    float weights = 0.0f, total[3] = {0.0f, 0.0f, 0.0f};
    for (int j = 0; j < 4; ++j)
        for (int i = 0; i < 4; ++i) {
            if ((i == 0 || i == 3) && (j == 0 || j == 3)) continue;
            const float off_x = (float)(i - 1) - across, off_y = (float)(j - 1) - down;
            const float over = (off_x * toward_x + off_y * toward_y) * narrow;
            const float beside = (off_y * toward_x - off_x * toward_y) * longer;
            const float far = fminf(over * over + beside * beside, reach);
            const float base = 0.4f * far - 1.0f, ending = window * far - 1.0f;
            const float weight = (25.0f / 16.0f * (base * base) - 9.0f / 16.0f) * (ending * ending);
            for (int c = 0; c < 3; ++c) total[c] += window_rgb[j][i][c] * weight;
            weights += weight;
        }
    for (int c = 0; c < 3; ++c) {
        const float a = window_rgb[1][1][c], b = window_rgb[1][2][c], d = window_rgb[2][1][c],
                e = window_rgb[2][2][c];
        const float least = fminf(fminf(a, b), fminf(d, e)), most = fmaxf(fmaxf(a, b), fmaxf(d, e));
        rgb[c] = fminf(fmaxf(total[c] / weights, least), most);
    }
}

/* rgb, 0..1: one pixel sharpened, by no more than its neighbours allow. */
VJ_INLINE void rcas_pixel(const vj_byte *picture, int width, int height, float sharpness, int x,
        int y, float *rgb)
{
    const int up = (vj_within(y - 1, height) * width + x) * 3;
    const int below = (vj_within(y + 1, height) * width + x) * 3;
    const int left = (y * width + vj_within(x - 1, width)) * 3;
    const int right = (y * width + vj_within(x + 1, width)) * 3;
    const int middle = (y * width + x) * 3;
    float room = 0.1875f, around[3], here[3];
    for (int c = 0; c < 3; ++c) {
        const float u = (float)picture[up + c] / 255.0f, b = (float)picture[below + c] / 255.0f;
        const float l = (float)picture[left + c] / 255.0f, r = (float)picture[right + c] / 255.0f;
        here[c] = (float)picture[middle + c] / 255.0f;
        around[c] = u + b + l + r;
        const float least = fminf(fminf(fminf(u, b), fminf(l, r)), here[c]);
        const float most = fmaxf(fmaxf(fmaxf(u, b), fmaxf(l, r)), here[c]);
        room = fminf(room, fminf(least / fmaxf(4.0f * most, 1e-6f),
                                 (1.0f - most) / fmaxf(4.0f - 4.0f * least, 1e-6f)));
    }
    const float lobe = -room * sharpness;
    for (int c = 0; c < 3; ++c)
        rgb[c] = vj_clamp((lobe * around[c] + here[c]) / (4.0f * lobe + 1.0f));
}
"""

KERNELS = r"""
VJ_KERNEL vj_easu(const vj_byte *__restrict__ picture, vj_byte *__restrict__ out, int width,
        int height, int out_width, int out_height)
{
    VJ_EACH_PIXEL(out_width, out_height) {
        float rgb[3];
        easu_pixel(picture, width, height, out_width, out_height, x, y, rgb);
        for (int c = 0; c < 3; ++c) out[(y * out_width + x) * 3 + c] = vj_round(rgb[c]);
    }
}

VJ_KERNEL vj_rcas(const vj_byte *__restrict__ picture, vj_byte *__restrict__ out, int width,
        int height, float sharpness)
{
    VJ_EACH_PIXEL(width, height) {
        float rgb[3];
        rcas_pixel(picture, width, height, sharpness, x, y, rgb);
        for (int c = 0; c < 3; ++c) out[(y * width + x) * 3 + c] = vj_round(rgb[c]);
    }
}
"""

CUDA_SOURCE = CUDA_PREAMBLE + BODY + KERNELS
"""For NVRTC: kernels `vj_easu` and `vj_rcas`, one thread a pixel of what comes out."""

C_SOURCE = C_PREAMBLE + BODY + KERNELS
"""For a C99 compiler: the same as plain functions that go through all pixels."""
