"""Tags texts with transformers' pipeline over an exported folder, once by each aggregation.

Runs in a process of its own, ``python -m ner.preparing.pipeline FOLDER PRECISION``: texts come as a
JSON array on standard input; the last line of the output is a JSON object of the entities of each
text, as start, end and label, by aggregation.
"""

from __future__ import annotations

import json
import sys

from transformers import AutoTokenizer, pipeline

from ner.telemetry import without_telemetry

with without_telemetry():
    from optimum.intel import OVModelForTokenClassification

AGGREGATIONS = ("first", "average", "max", "simple")


def main(folder: str, precision: str) -> None:
    """Read the texts, write the entities."""
    texts = json.load(sys.stdin)
    model = OVModelForTokenClassification.from_pretrained(
        folder, ov_config={"INFERENCE_PRECISION_HINT": precision}
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = {}
    for aggregation in AGGREGATIONS:
        tag = pipeline(
            "token-classification",
            model=model,
            tokenizer=tokenizer,
            aggregation_strategy=aggregation,
        )
        found[aggregation] = [
            [(one["start"], one["end"], one["entity_group"]) for one in entities]
            for entities in tag(texts)
        ]
    sys.stdout.write(f"\n{json.dumps(found)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
