"""Where the data, the logs and the built programs are."""

from __future__ import annotations

import os
from pathlib import Path

BENCHES = Path(__file__).resolve().parents[1]

DATA = BENCHES / ".data"
RUN = BENCHES / ".run"
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", BENCHES / "target")).resolve() / "release"
