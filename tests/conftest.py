"""What every test has: a cache of its own, so that nothing is found that another run found out."""

from __future__ import annotations

import os
import tempfile

os.environ["VJ_CACHE"] = tempfile.mkdtemp(prefix="vj-tests-")
