"""The pixel maths of numpy_pack.py as C, written once for the GPU and for a C compiler, as in
body.py.

Pictures are (H, W, 3) uint8. What goes out is written in words of four bytes, the lowest first: a
pixel as BGRX, or two as UYVY.
"""

from __future__ import annotations

from vj.kernels.numpy_pack import BITS, weights
from vj.kernels.preamble import C_PREAMBLE, CUDA_PREAMBLE

NAMES = ("vj_bgrx", "vj_uyvy")

_Y, _U, _V = (", ".join(f"{weight}" for weight in row) for row in weights().tolist())

BODY = r"""
/* A share of three channels, in parts of 2^bits, rounded. >> goes down, below nothing too. */
VJ_INLINE int vj_share(int r, int g, int b, int of_r, int of_g, int of_b, int bits)
{
    return (r * of_r + g * of_g + b * of_b + (1 << (bits - 1))) >> bits;
}
"""

KERNELS = (
    r"""
VJ_KERNEL vj_bgrx(const vj_byte *__restrict__ picture, unsigned int *__restrict__ out, int width,
        int height)
{
    VJ_EACH_PIXEL(width, height) {
        const vj_byte *from = picture + (y * width + x) * 3;
        out[y * width + x] = 0xff000000u | (unsigned int)from[0] << 16
                | (unsigned int)from[1] << 8 | (unsigned int)from[2];
    }
}

/* pairs: half the width. */
VJ_KERNEL vj_uyvy(const vj_byte *__restrict__ picture, unsigned int *__restrict__ out, int pairs,
        int height)
{
    VJ_EACH_PIXEL(pairs, height) {
        const vj_byte *from = picture + (y * pairs + x) * 6;
        const int r = from[0] + from[3], g = from[1] + from[4], b = from[2] + from[5];
        const int first = vj_share(from[0], from[1], from[2], OF_Y, BITS) + 16;
        const int second = vj_share(from[3], from[4], from[5], OF_Y, BITS) + 16;
        const int u = vj_share(r, g, b, OF_U, BITS + 1) + 128;
        const int v = vj_share(r, g, b, OF_V, BITS + 1) + 128;
        out[y * pairs + x] = (unsigned int)u | (unsigned int)first << 8 | (unsigned int)v << 16
                | (unsigned int)second << 24;
    }
}
""".replace("OF_Y", _Y)
    .replace("OF_U", _U)
    .replace("OF_V", _V)
    .replace("BITS", f"{BITS}")
)

CUDA_SOURCE = CUDA_PREAMBLE + BODY + KERNELS
"""For NVRTC: kernels `vj_bgrx` and `vj_uyvy`, one thread a word of what comes out."""

C_SOURCE = C_PREAMBLE + BODY + KERNELS
"""For a C99 compiler: the same as plain functions that go through all words."""
