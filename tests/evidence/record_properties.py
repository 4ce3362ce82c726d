"""Tries every property on many cases, and records how many and what came of it.

PYTHONPATH=.:tests python tests/evidence/record_properties.py --out assets/results/properties.json
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from browser.fixtures import page_server
from fakes import FakeSides
from tiny_checkpoint import make_tiny_checkpoint

from evidence.properties import PROPERTIES, Property, over_http, tagging
from evidence.record import made_by, write
from ner.models.names import find_model
from ner.models.open import open_sides
from ner.models.recipes import default_sides


def tried(one: Property, cases: int) -> dict[str, Any]:
    """How many cases it were, and the first in which the property did not hold."""
    try:
        count, problem = one.try_on(cases), None
    # Whatever it is, it is what is looked for here.
    except Exception as error:  # noqa: BLE001
        count, problem = 0, f"{type(error).__name__}: {error}"[:500]
    return {"property": one.name, "cases": count, "problem": problem}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="of each property")
    parser.add_argument("--http-cases", type=int, default=300)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        os.environ["NER_HOME"] = f"{folder}/home"
        pair = open_sides(
            *default_sides(find_model(str(make_tiny_checkpoint(Path(folder) / "tiny"))))
        )
        found = [tried(one, asked.cases) for one in (*PROPERTIES, tagging(pair))]
        with page_server() as serve:
            found += [tried(one, asked.http_cases) for one in over_http(serve(FakeSides))]
    record = {
        **made_by(f"record_properties.py --cases {asked.cases} --http-cases {asked.http_cases}"),
        "cases": sum(one["cases"] for one in found),
        "problems": sum(one["problem"] is not None for one in found),
        "properties": found,
    }
    write(asked.out, record)


if __name__ == "__main__":
    main()
