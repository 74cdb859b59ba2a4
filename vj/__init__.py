"""vj: a live instrument for painting video with diffusion."""

__version__ = "0.1.0"
