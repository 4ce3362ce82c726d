"""What the README of `ner/evaluating` says is so: its commands, its workflow, its exit codes."""

from __future__ import annotations

import re
from typing import Any

import yaml
from test_cli import ROOT, run

from ner.cli.evaluate import EXIT_CODES
from ner.verdict import Answer

FOLDER = ROOT / "ner" / "evaluating"
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def workflow() -> dict[str, Any]:
    """The example for GitHub, parsed."""
    [text] = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    return yaml.safe_load(text)


def test_the_workflow_parses_and_its_options_exist() -> None:
    """One job; what it uploads is what the command writes; --help knows each option."""
    [job] = workflow()["jobs"].values()
    [command] = [step["run"] for step in job["steps"] if "evaluate" in step.get("run", "")]
    uploads = job["steps"][-1]["with"]["path"].split()
    shown = run("evaluate", "--help", COLUMNS="200").stdout

    assert all(option in shown for option in re.findall(r"--[a-z][a-z0-9-]+", command))
    assert uploads == re.findall(r"--(?:junit|report) (\S+)", command)
    assert "\n" not in command
    assert all("uses" in step or "run" in step for step in job["steps"])


def test_the_exit_codes_are_those_of_the_command() -> None:
    """Each answer stands in the table with its code."""
    table = dict(re.findall(r"^\| (\d) \| (\w+)", README, flags=re.MULTILINE))

    assert {"0": "yes", "1": "no", "3": "undecided"} == {code: table[code] for code in "013"}
    assert {Answer.YES: 0, Answer.NO: 1, Answer.UNDECIDED: 3} == EXIT_CODES
