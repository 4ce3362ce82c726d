"""Measures INT8 against itself, and writes assets/results/self-check.json.

PYTHONPATH=.:tests python tests/evidence/record_self_check.py

A fair measurement shows no difference: each interval of 'so many times as fast' includes 1.
"""

from __future__ import annotations

from dataclasses import replace

from evidence.record import RESULTS, made_by, write
from ner.choosing.contenders import open_contenders
from ner.choosing.measure import Sample, measure
from ner.choosing.workloads import usual
from ner.models.folder import texts_for
from ner.models.names import find_model
from ner.models.recipes import find_recipe
from ner.progress import finish
from ner.schema import to_json
from ner.stats import ratio_estimate


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
    made = made_by("record_self_check.py")
    record = {"texts": len(texts), "as_fast_as_itself": ratios, **made}
    write(RESULTS / "self-check.json", record)


if __name__ == "__main__":
    main()
