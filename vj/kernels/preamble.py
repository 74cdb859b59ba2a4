"""What the text of every kernel begins with, for a C compiler and for NVRTC.

Kernels keep to what C99 and CUDA C++ have in common; the two preambles say what differs: how a
function is marked, how the pixels are gone through, how the model's numbers are read. No header is
included for CUDA, so that NVRTC needs no toolkit; half precision, with `VJ_HALF` defined, is two
PTX instructions; bfloat16, with `VJ_BF16`, is the upper half of a float's bits, as old cards have
no instruction for it. What is `VJ_SHARED` not every text needs, and no compiler is to warn of that.
"""

from __future__ import annotations

BLOCK = 32, 8
"""Threads of a block, across and down."""
BLOCKS = 3
"""Blocks that a multiprocessor of any card is to have room for: 80 registers a thread. With 4 it
would be 64, and those of FSR would be spilled."""

_BF16 = r"""
typedef unsigned short vj_model;
typedef union { float value; unsigned int bits; } vj_word;
VJ_SHARED float vj_load(const vj_model *from)
{
    vj_word word;
    word.bits = (unsigned int)*from << 16;
    return word.value;
}
/* To the nearest, ties to even; what is no number stays none. */
VJ_SHARED void vj_store(vj_model *to, float value)
{
    vj_word word;
    word.value = value;
    *to = value == value
        ? (vj_model)((word.bits + 0x7fffu + ((word.bits >> 16) & 1u)) >> 16)
        : (vj_model)((word.bits >> 16) | 0x40u);
}
"""

_PIXELS = r"""
typedef unsigned char vj_byte;

VJ_SHARED float vj_clamp(float value)
{
    return value > 0.0f ? (value < 1.0f ? value : 1.0f) : 0.0f;
}

VJ_SHARED vj_byte vj_round(float value) { return (vj_byte)(vj_clamp(value) * 255.0f + 0.5f); }

VJ_SHARED int vj_within(int index, int size)
{
    return index < 0 ? 0 : (index < size ? index : size - 1);
}

/* Any index -> 0..size-1, mirrored at the middle of the first and last pixel. */
VJ_SHARED int vj_reflect(int index, int size)
{
    const int period = size > 1 ? 2 * (size - 1) : 1;
    const int folded = (index < 0 ? -index : index) % period;
    return folded < size ? folded : period - folded;
}

/* The input pixel before the middle of output pixel `index`, -1 at the edge; share: of the way to
   the next. */
VJ_SHARED int vj_place(int index, int count, int size, float *share)
{
    const int ahead = (2 * index + 1) * size - count;
    const int before = ahead < 0 ? -1 : ahead / (2 * count);
    *share = (float)(ahead - before * 2 * count) / (float)(2 * count);
    return before;
}
"""

C_PREAMBLE = (
    r"""
#include <math.h>
#define VJ_INLINE static inline
#define VJ_SHARED __attribute__((unused)) VJ_INLINE
#define VJ_KERNEL void
#define VJ_EACH_PIXEL(width, height) \
    for (int y = 0; y < (height); ++y) for (int x = 0; x < (width); ++x)

#ifdef VJ_BF16
"""
    + _BF16
    + r"""
#else
#ifdef VJ_HALF
typedef _Float16 vj_model;
#else
typedef float vj_model;
#endif
VJ_SHARED float vj_load(const vj_model *from) { return (float)*from; }
VJ_SHARED void vj_store(vj_model *to, float value) { *to = (vj_model)value; }
#endif
"""
    + _PIXELS
)

CUDA_PREAMBLE = (
    r"""
#define VJ_INLINE static __device__ __forceinline__
#define VJ_SHARED [[maybe_unused]] VJ_INLINE
#define VJ_KERNEL extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
#define VJ_EACH_PIXEL(width, height) \
    const int x = blockIdx.x * blockDim.x + threadIdx.x; \
    const int y = blockIdx.y * blockDim.y + threadIdx.y; \
    if (x < (width) && y < (height))

#ifdef VJ_BF16
""".replace("THREADS, BLOCKS", f"{BLOCK[0] * BLOCK[1]}, {BLOCKS}")
    + _BF16
    + r"""
#elif defined(VJ_HALF)
typedef unsigned short vj_model;
VJ_SHARED float vj_load(const vj_model *from)
{
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(*from));
    return value;
}
VJ_SHARED void vj_store(vj_model *to, float value)
{
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(*to) : "f"(value));
}
#else
typedef float vj_model;
VJ_SHARED float vj_load(const vj_model *from) { return *from; }
VJ_SHARED void vj_store(vj_model *to, float value) { *to = value; }
#endif
"""
    + _PIXELS
)
