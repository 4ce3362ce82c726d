"""What a recipe's steps make: INT8 and only INT8, weights in fewer bits, layers left alone."""

from __future__ import annotations

import openvino as ov
import pytest

from ner.models.catalogue import ModelSpec
from ner.models.child import ensure_prepared
from ner.models.folder import Prepared
from ner.models.open import Sides
from ner.models.recipes import Variant, default_sides, find_recipe

pytestmark = pytest.mark.slow


def nodes(prepared: Prepared) -> list[ov.Node]:
    model = ov.Core().read_model(prepared.folder / "openvino_model.xml")
    return list(model.get_ops())


def fake_quantizers(prepared: Prepared) -> int:
    return sum(node.get_type_name() == "FakeQuantize" for node in nodes(prepared))


@pytest.mark.parametrize(
    ("sides", "most", "smaller"),
    [("tiny_sides", 10, 1), ("bundled_sides", 30, 3), ("bilstm_sides", 0, 1)],
)
def test_only_int8_is_quantized(
    request: pytest.FixtureRequest, sides: str, most: int, smaller: int
) -> None:
    """The original has no FakeQuantize: quantizing must not have replaced it.

    The model that ships has six layers; its INT8 is more than three times smaller.
    """
    spec = request.getfixturevalue(sides).spec
    original, int8 = map(ensure_prepared, default_sides(spec))

    assert fake_quantizers(original) == 0
    assert fake_quantizers(int8) > most
    assert int8.size * smaller < original.size


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [("int8-weights", "u8"), ("int4", "u4"), ("int8-small", "u4")],
)
def test_weights_are_stored_in_fewer_bits(
    tiny_sides: Sides, tiny_spec: ModelSpec, recipe: str, kind: str
) -> None:
    """A recipe of weights alone has no quantizers; the small one is INT8 too."""
    made = ensure_prepared(Variant(tiny_spec, find_recipe(recipe)))
    stored = {
        node.get_element_type().get_type_name()
        for node in nodes(made)
        if node.get_type_name() == "Constant"
    }

    assert kind in stored
    assert (recipe == "int8-small") == (fake_quantizers(made) > 0)


def test_the_careful_recipe_leaves_the_first_layer_alone(
    tiny_sides: Sides, tiny_spec: ModelSpec, tiny_prepared: Prepared
) -> None:
    """It has fewer quantizers than INT8, and of layer 0 only that of what layer 1 reads."""
    careful = ensure_prepared(Variant(tiny_spec, find_recipe("int8-careful")))
    names = [
        node.get_friendly_name()
        for node in nodes(careful)
        if node.get_type_name() == "FakeQuantize"
    ]

    assert fake_quantizers(careful) < fake_quantizers(tiny_prepared)
    assert {"LayerNorm"} == {
        name.split(".layer.0.output.")[1][:9] for name in names if ".layer.0." in name
    }
