"""What was measured as JSON and tables: strict, complete, with the figures of the sentence."""

from __future__ import annotations

import json

from choosing.samples import measured, rows
from ner.choosing.recommend import Limits, recommend
from ner.choosing.report import bench_tables, choice_json, choice_table, measurement_json
from ner.models.names import find_model
from ner.models.recipes import default_sides
from ner.tables import Table

FEW = [
    measured("original", mb=77, ms=3, texts=5),
    measured("int8", mb=20, ms=1, agreement=rows(5)),
]
PEER = measured("PyTorch", mb=77, ms=6, agreement=rows(5))


def texts_of(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_the_json_holds_each_contender_and_the_choice() -> None:
    """No infinity in it, though too few texts leave the time unknown; a peer fits nothing."""
    choice = recommend(FEW, Limits(max_ms=2))
    answer = choice_json(choice, [*FEW, PEER], "some")

    assert json.dumps(answer, allow_nan=False)
    assert ("undecided", None, "int8") == (answer["answer"], answer["chosen"], answer["named"])
    assert ["original", "int8", "PyTorch"] == [item["name"] for item in answer["contenders"]]
    assert [True, True, False] == ["fits" in item for item in answer["contenders"]]
    assert choice.verdict.short == answer["short"]
    assert choice.verdict.sentence == answer["sentence"]


def test_the_table_has_the_columns_that_say_something() -> None:
    """F1 only where there is gold, a price only where one was asked for."""
    answer = choice_json(recommend(FEW, Limits()), [*FEW, PEER], "some")
    plain, priced = choice_table(answer), choice_table(answer, price_per_hour=0.36)

    assert (
        "recipe", "fits", "agreement %", "ms a text", "MB", "RAM MB", "texts a second",
    ) == plain.columns  # fmt: skip
    assert "a million texts cost" == priced.columns[-1]
    assert ["ORIGINAL", "INT8", "PYTORCH"] == [row[0] for row in texts_of(plain)]
    assert ["yes", "undecided", ""] == [row[1] for row in texts_of(plain)]


def test_a_recipe_that_cant_be_made_is_named_with_its_reason() -> None:
    """Beside what could be made."""
    refused = {default_sides(find_model("bundled"))[1]: "NNCF can't make it."}
    answer = choice_json(recommend(FEW, Limits()), FEW, "some", refused=refused)

    assert [{"name": "bundled#int8", "title": "INT8", "reason": "NNCF can't make it."}] == answer[
        "refused"
    ]


def test_the_long_form_tells_size_memory_times_and_ratios() -> None:
    """INT8 itself is not among those that it is compared with."""
    found = [measured("original", mb=77, ms=3), measured("int8", mb=20, ms=1, agreement=rows(200))]
    answer = measurement_json(found, "some")
    sizes, *_ = bench_tables(answer)

    assert ["ORIGINAL", "77.0", "154", "308", "462", "1.0", ""] == texts_of(sizes)[0]
    assert json.dumps(answer, allow_nan=False)
