"""Measures INT8 against itself, and writes assets/results/self-check.json.

PYTHONPATH=.:tests python tests/evidence/record_self_check.py

A fair measurement shows no difference: each interval of 'so many times as fast' includes 1.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ner.choosing.contenders import open_contenders
from ner.choosing.measure import Sample, measure
from ner.choosing.workloads import usual
from ner.machine import describe
from ner.models.folder import texts_for
from ner.models.names import find_model
from ner.models.recipes import find_recipe
from ner.progress import finish
from ner.schema import to_json
from ner.stats import ratio_estimate

RECORD = Path(__file__).parents[2] / "assets" / "results" / "self-check.json"


def main() -> None:
    """Measure and write the record."""
    spec, int8 = find_model("bundled"), find_recipe("int8")
    texts = texts_for(spec).gate
    [first], [second] = open_contenders(spec, [int8]), open_contenders(spec, [int8])
    second = replace(second, origin=replace(second.origin, model="again"))
    one, again = finish(measure([first, second], Sample(texts), usual(texts)))
    ratios = {
        name: to_json(ratio_estimate(again.times[name].samples_ms, timed.samples_ms))
        for name, timed in one.times.items()
    }
    record = {
        "texts": len(texts),
        "as_fast_as_itself": ratios,
        "date": datetime.now(UTC).date().isoformat(),
        "command": "PYTHONPATH=.:tests python tests/evidence/record_self_check.py",
        "machine": to_json(describe()),
    }
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
