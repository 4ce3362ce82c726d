"""What each record says of its making, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ner.machine import describe
from ner.schema import to_json

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "assets" / "results"


def made_by(command: str) -> dict[str, Any]:
    """The command, which begins with a script in this folder, the date and the machine."""
    return {
        "command": f"PYTHONPATH=.:tests python tests/evidence/{command}",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": to_json(describe()),
    }


def write(file: Path, record: Mapping[str, Any]) -> None:
    """As JSON."""
    file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
