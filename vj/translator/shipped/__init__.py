"""Translators that come with vj: a model folder each, as `launch.py train` writes them. No torch.

Their cards say by which command each was trained, on what, and for how long.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
SHIPPED = ("kiss", "fox", "paintbox")
"""Their names, which are also those of their folders in this one."""
