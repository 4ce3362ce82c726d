"""Holds everything that .ci/requirements.lock pins, and torch, against known vulnerabilities.

python tests/evidence/audit.py

Exit code 1 for one that is not accepted below. Where the vulnerability service can't be reached, or
knows none of the packages, nothing was audited: that is said, and is no failure.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[2]
# Findings that don't concern this project: id, and why not.
ACCEPTED: dict[str, str] = {}


def pins() -> list[str]:
    """All exact pins, as name==version."""
    lock = (ROOT / ".ci" / "requirements.lock").read_text(encoding="utf-8")
    own = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found = re.findall(r"^[\w.-]+==[^\s;\\]+", f"{lock}\n{own}", flags=re.MULTILINE)
    return sorted(set(found))


def audited(wanted: list[str]) -> list[dict[str, Any]]:
    """What pip-audit says of each; nothing if its service can't be reached."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "pins.txt"
        file.write_text("\n".join(wanted), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "-r", str(file)]
        done = subprocess.run(
            [*command, "-f", "json", "--progress-spinner", "off", "--timeout", "20"],
            capture_output=True,
            text=True,
        )
    if not done.stdout.strip():
        sys.stdout.write(f"pip-audit: {done.stderr.strip().rpartition(chr(10))[2][:200]}\n")
        return []
    answer: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return [one for one in answer if "vulns" in one]


def verdict(answers: list[dict[str, Any]], count: int) -> tuple[str, int]:
    """What to print, and the exit code."""
    if not answers:
        return f"NOT AUDITED: the vulnerability service told nothing of {count} packages.\n", 0
    text = f"{len(answers)} of {count} packages audited.\n"
    failed = 0
    for package in answers:
        for finding in package["vulns"]:
            names = {finding["id"], *finding.get("aliases", ())}
            reasons = [ACCEPTED[name] for name in names & ACCEPTED.keys()]
            failed += not reasons
            state = f"accepted: {reasons[0]}" if reasons else "NOT ACCEPTED"
            text += f"{package['name']} {package['version']} {finding['id']}: {state}\n"
    return text, 1 if failed else 0


if __name__ == "__main__":
    all_pins = pins()
    words, code = verdict(audited(all_pins), len(all_pins))
    sys.stdout.write(words)
    raise SystemExit(code)
