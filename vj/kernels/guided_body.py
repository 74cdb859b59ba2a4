"""The pixel maths of numpy_guided.py as C, written once for the GPU and for a C compiler, as in
body.py.

Pictures are (H, W, 3) uint8, lumas and masks (H, W) uint8. A fit is (h, w, 7) float on its grid:
slopes, offsets and trust; it is made in two kernels, since the second one takes the mean of the
first one's windows. `masked` is 0 where there is no mask. The upscaling itself is
upscale_body.py's: `vj_guided` is given its result.
"""

from __future__ import annotations

from vj.kernels.numpy_guided import NOISE, RADIUS, STEEPEST, TRUST_FROM, TRUST_FULL
from vj.kernels.preamble import C_PREAMBLE, CUDA_PREAMBLE

_CONSTANTS = "\n".join(
    [
        f"#define VJ_RADIUS {RADIUS}",
        f"#define VJ_NOISE {float(NOISE)!r}f",
        f"#define VJ_STEEPEST {float(STEEPEST)!r}f",
        f"#define VJ_TRUST_FROM {float(TRUST_FROM)!r}f",
        f"#define VJ_TRUST_SPAN {float(TRUST_FULL - TRUST_FROM)!r}f",
        "",
    ]
)

BODY = r"""
/* Channel `c` of a picture of `channels` bytes a pixel, 0..1, at a pixel of another size. */
VJ_INLINE float vj_bilinear(const vj_byte *picture, int channels, int c, int width, int height,
        int out_width, int out_height, int x, int y)
{
    float across, down;
    const int column = vj_place(x, out_width, width, &across);
    const int row = vj_place(y, out_height, height, &down);
    const int x0 = vj_within(column, width), x1 = vj_within(column + 1, width);
    const int y0 = vj_within(row, height) * width, y1 = vj_within(row + 1, height) * width;
    const float a = (float)picture[(y0 + x0) * channels + c] / 255.0f;
    const float b = (float)picture[(y0 + x1) * channels + c] / 255.0f;
    const float d = (float)picture[(y1 + x0) * channels + c] / 255.0f;
    const float e = (float)picture[(y1 + x1) * channels + c] / 255.0f;
    const float upper = (1.0f - across) * a + across * b, lower = (1.0f - across) * d + across * e;
    return (1.0f - down) * upper + down * lower;
}

/* Number `c` of a fit at a pixel of another size. */
VJ_INLINE float vj_fitted(const float *fit, int c, int width, int height, int out_width,
        int out_height, int x, int y)
{
    float across, down;
    const int column = vj_place(x, out_width, width, &across);
    const int row = vj_place(y, out_height, height, &down);
    const int x0 = vj_within(column, width), x1 = vj_within(column + 1, width);
    const int y0 = vj_within(row, height) * width, y1 = vj_within(row + 1, height) * width;
    const float a = fit[(y0 + x0) * 7 + c], b = fit[(y0 + x1) * 7 + c];
    const float d = fit[(y1 + x0) * 7 + c], e = fit[(y1 + x1) * 7 + c];
    const float upper = (1.0f - across) * a + across * b, lower = (1.0f - across) * d + across * e;
    return (1.0f - down) * upper + down * lower;
}

VJ_INLINE void vj_cubic_weights(float share, float *weights)
{
    const float near[2] = {share, 1.0f - share}, far[2] = {share + 1.0f, 2.0f - share}, a = -0.75f;
    for (int i = 0; i < 2; ++i) {
        weights[1 + i] = ((a + 2.0f) * near[i] - (a + 3.0f)) * near[i] * near[i] + 1.0f;
        weights[3 * i] = ((a * far[i] - 5.0f * a) * far[i] + 8.0f * a) * far[i] - 4.0f * a;
    }
}

/* A picture of 1 or 3 channels upscaled by a cubic, 0..1, at one pixel. */
VJ_INLINE void vj_cubic(const vj_byte *picture, int channels, int width, int height, int out_width,
        int out_height, int x, int y, float *out)
{
    float across, down, columns[4], rows[4];
    const int column = vj_place(x, out_width, width, &across);
    const int row = vj_place(y, out_height, height, &down);
    vj_cubic_weights(across, columns);
    vj_cubic_weights(down, rows);
    for (int c = 0; c < channels; ++c) out[c] = 0.0f;
    for (int j = 0; j < 4; ++j)
        for (int i = 0; i < 4; ++i) {
            const int from_x = vj_within(column + i - 1, width);
            const int from_y = vj_within(row + j - 1, height);
            const vj_byte *from = picture + (from_y * width + from_x) * channels;
            const float weight = rows[j] * columns[i];
            for (int c = 0; c < channels; ++c) out[c] += weight * ((float)from[c] / 255.0f);
        }
    for (int c = 0; c < channels; ++c) out[c] = vj_clamp(out[c]);
}

/* The local model of one window: slopes, offsets and trust, those weighted by it. */
VJ_INLINE void fit_pixel(const vj_byte *picture, const vj_byte *guide, int width, int height,
        int fit_width, int fit_height, int x, int y, float *fit)
{
    const float count = (float)((2 * VJ_RADIUS + 1) * (2 * VJ_RADIUS + 1));
    float mean[3] = {0.0f, 0.0f, 0.0f}, shared[3] = {0.0f, 0.0f, 0.0f};
    float mean_light = 0.0f, squares = 0.0f, own = 0.0f;
    for (int j = -VJ_RADIUS; j <= VJ_RADIUS; ++j)
        for (int i = -VJ_RADIUS; i <= VJ_RADIUS; ++i) {
            const int at_x = vj_reflect(x + i, fit_width), at_y = vj_reflect(y + j, fit_height);
            const float light =
                vj_bilinear(guide, 1, 0, width, height, fit_width, fit_height, at_x, at_y);
            mean_light += light;
            squares += light * light;
            for (int c = 0; c < 3; ++c) {
                const float painted =
                    vj_bilinear(picture, 3, c, width, height, fit_width, fit_height, at_x, at_y);
                mean[c] += painted;
                shared[c] += painted * light;
                own += painted * painted;
            }
        }
    mean_light /= count;
    const float variance = fmaxf(squares / count - mean_light * mean_light, 0.0f) + VJ_NOISE;
    float slope[3], explained = 0.0f, own_means = 0.0f;
    for (int c = 0; c < 3; ++c) {
        mean[c] /= count;
        shared[c] = shared[c] / count - mean[c] * mean_light;
        slope[c] = fminf(fmaxf(shared[c] / variance, -VJ_STEEPEST), VJ_STEEPEST);
        explained += slope[c] * (2.0f * shared[c] - slope[c] * variance);
        own_means += mean[c] * mean[c];
    }
    own = fmaxf(own / count - own_means, 0.0f) + VJ_NOISE;
    const float t = vj_clamp((explained / own - VJ_TRUST_FROM) / VJ_TRUST_SPAN);
    const float trust = t * t * (3.0f - 2.0f * t);
    for (int c = 0; c < 3; ++c) {
        fit[c] = slope[c] * trust;
        fit[3 + c] = (mean[c] - slope[c] * mean_light) * trust;
    }
    fit[6] = trust;
}
"""

KERNELS = r"""
VJ_KERNEL vj_guide_fit(const vj_byte *__restrict__ picture, const vj_byte *__restrict__ guide,
        float *__restrict__ fit, int width, int height, int fit_width, int fit_height)
{
    VJ_EACH_PIXEL(fit_width, fit_height) {
        float *here = fit + (y * fit_width + x) * 7;
        fit_pixel(picture, guide, width, height, fit_width, fit_height, x, y, here);
    }
}

VJ_KERNEL vj_guide_mean(const float *__restrict__ fit, float *__restrict__ out, int fit_width,
        int fit_height, const vj_byte *__restrict__ mask, int masked, int width, int height,
        float amount)
{
    VJ_EACH_PIXEL(fit_width, fit_height) {
        const float count = (float)((2 * VJ_RADIUS + 1) * (2 * VJ_RADIUS + 1));
        const float shown =
            masked ? vj_bilinear(mask, 1, 0, width, height, fit_width, fit_height, x, y) : 1.0f;
        const float counts = 1.0f - shown * (1.0f - amount);
        for (int c = 0; c < 7; ++c) {
            float total = 0.0f;
            for (int j = -VJ_RADIUS; j <= VJ_RADIUS; ++j)
                for (int i = -VJ_RADIUS; i <= VJ_RADIUS; ++i) {
                    const int at_x = vj_reflect(x + i, fit_width);
                    const int at_y = vj_reflect(y + j, fit_height);
                    total += fit[(at_y * fit_width + at_x) * 7 + c];
                }
            out[(y * fit_width + x) * 7 + c] = total / count * counts;
        }
    }
}

VJ_KERNEL vj_guide_led(const vj_byte *__restrict__ picture, const vj_byte *__restrict__ guide,
        const float *__restrict__ fit, vj_byte *__restrict__ out, int width, int height,
        int fit_width, int fit_height, float share)
{
    VJ_EACH_PIXEL(width, height) {
        const int here = y * width + x;
        const float light = (float)guide[here] / 255.0f;
        const float trust = vj_fitted(fit, 6, fit_width, fit_height, width, height, x, y);
        for (int c = 0; c < 3; ++c) {
            const float slope = vj_fitted(fit, c, fit_width, fit_height, width, height, x, y);
            const float offset = vj_fitted(fit, 3 + c, fit_width, fit_height, width, height, x, y);
            const float painted = (float)picture[here * 3 + c] / 255.0f;
            const float change = slope * light + offset - trust * painted;
            out[here * 3 + c] = vj_round(painted + share * change);
        }
    }
}

VJ_KERNEL vj_guided(const vj_byte *__restrict__ picture, const vj_byte *__restrict__ led,
        const vj_byte *__restrict__ guide, const vj_byte *__restrict__ large_guide,
        const vj_byte *__restrict__ upscaled, const float *__restrict__ fit,
        vj_byte *__restrict__ out, int width, int height, int fit_width, int fit_height,
        int out_width, int out_height)
{
    VJ_EACH_PIXEL(out_width, out_height) {
        const int here = y * out_width + x;
        float plain[3], base[3], light;
        vj_cubic(picture, 3, width, height, out_width, out_height, x, y, plain);
        vj_cubic(led, 3, width, height, out_width, out_height, x, y, base);
        vj_cubic(guide, 1, width, height, out_width, out_height, x, y, &light);
        const float detail = (float)large_guide[here] / 255.0f - light;
        const float trust = vj_fitted(fit, 6, fit_width, fit_height, out_width, out_height, x, y);
        for (int c = 0; c < 3; ++c) {
            const float slope =
                vj_fitted(fit, c, fit_width, fit_height, out_width, out_height, x, y);
            const float sharpening = (float)upscaled[here * 3 + c] / 255.0f - plain[c];
            out[here * 3 + c] = vj_round(base[c] + (1.0f - trust) * sharpening + slope * detail);
        }
    }
}
"""

CUDA_SOURCE = CUDA_PREAMBLE + _CONSTANTS + BODY + KERNELS
"""For NVRTC: kernels `vj_guide_fit`, `vj_guide_mean`, `vj_guide_led` and `vj_guided`, one thread a
pixel of what comes out."""

C_SOURCE = C_PREAMBLE + _CONSTANTS + BODY + KERNELS
"""For a C99 compiler: the same as plain functions that go through all pixels."""
