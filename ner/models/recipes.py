"""The ways to store and execute a model (a new one is a value here), and variants made by them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ner.errors import ModelRefused
from ner.models.catalogue import ModelSpec


@dataclass(frozen=True)
class Quantize:
    """NNCF post-training quantization of weights and activations to INT8, calibrated on texts.

    The defaults are Optimum Intel's for transformers: mixed preset, SmoothQuant at 0.95, fast bias
    correction. ``samples`` calibration texts at most are used, unpadded. Encoder layers numbered in
    ``skip_layers`` (from 0) stay in floating point.
    """

    preset: str = "mixed"
    smooth_quant_alpha: float = 0.95
    fast_bias_correction: bool = True
    samples: int = 300
    skip_layers: tuple[int, ...] = ()
    step: Literal["quantize"] = "quantize"

    @property
    def in_words(self) -> str:
        """The step and its settings in a sentence."""
        skipped = ", ".join(map(str, self.skip_layers))
        kept = f" Encoder layers {skipped} stay in floating point." if skipped else ""
        return (
            f"NNCF post-training quantization: {self.preset} preset, SmoothQuant "
            f"{self.smooth_quant_alpha:g}, {'fast' if self.fast_bias_correction else 'full'} bias "
            f"correction, calibrated on at most {self.samples} texts.{kept}"
        )


@dataclass(frozen=True)
class CompressWeights:
    """NNCF weight compression: weights in fewer bits, no calibration.

    ``bits`` is 8 or 4, asymmetric; 4 bits in groups of ``group_size`` weights that share a scale.
    With ``embeddings_only`` the table of token embeddings alone is compressed.
    """

    bits: int = 8
    group_size: int = 64
    embeddings_only: bool = False
    step: Literal["compress-weights"] = "compress-weights"

    @property
    def in_words(self) -> str:
        """The step and its settings in a sentence."""
        what = "the table of token embeddings" if self.embeddings_only else "weights"
        groups = f" in groups of {self.group_size}" if self.bits == 4 else ""
        return f"NNCF weight compression: {what} in INT{self.bits}{groups}, asymmetric."


Step = Quantize | CompressWeights


@dataclass(frozen=True)
class Recipe:
    """How a model is stored and executed.

    ``steps`` make the files from the exported original, in order; recipes of equal steps share
    files. ``precision`` is what floating-point parts are executed in, as OpenVINO writes it
    (``f32``, ``bf16``). ``advice`` says in a sentence when to take it; recipes ``by_default`` are
    the ones compared unasked.
    """

    name: str
    title: str
    advice: str
    steps: tuple[Step, ...] = ()
    precision: str = "f32"
    by_default: bool = False

    @property
    def computes_in_int8(self) -> bool:
        """Whether activations are quantized too, so that products are of INT8 numbers."""
        return any(isinstance(step, Quantize) for step in self.steps)

    @property
    def needs_bf16(self) -> bool:
        """Whether it is nothing without BF16: steps are worth having where the CPU lacks it too."""
        return self.precision == "bf16" and not self.steps


# Few on purpose: the more candidates, the more often chance wins.
RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "original",
        "Original",
        "The model as it was trained; what the others are measured against.",
        by_default=True,
    ),
    Recipe(
        "bf16",
        "BF16",
        "On a CPU with BF16: almost twice as fast, almost never different; no smaller on disk.",
        precision="bf16",
        by_default=True,
    ),
    Recipe(
        "int8-weights",
        "INT8 weights",
        "As small as INT8 and closer to the original, but slower on long texts and files.",
        (CompressWeights(),),
        by_default=True,
    ),
    Recipe(
        "int8",
        "INT8",
        "Small and fastest on a CPU with VNNI; the one to try first.",
        (Quantize(),),
        by_default=True,
    ),
    Recipe(
        "int8-small",
        "INT8 small",
        "When every megabyte on disk counts: INT8 with the table of embeddings in INT4.",
        (CompressWeights(bits=4, embeddings_only=True), Quantize()),
    ),
    Recipe(
        "int8-careful",
        "INT8 careful",
        "When INT8 falls just short: the first layer stays in BF16, a little larger and slower.",
        (Quantize(skip_layers=(0,)),),
        precision="bf16",
    ),
    Recipe(
        "int4",
        "INT4 weights",
        "Smallest; loses entities, so measure it on your text first.",
        (CompressWeights(bits=4),),
    ),
)
ORIGINAL = "original"
RECOMMENDED = "int8"


def find_recipe(name: str) -> Recipe:
    """The recipe called ``name``. Raises ``ModelRefused``, listing what there is."""
    found = next((recipe for recipe in RECIPES if recipe.name == name), None)
    if found is None:
        offered = ", ".join(recipe.name for recipe in RECIPES)
        raise ModelRefused(f"There is no recipe {str(name)[:40]!r}. Choose one of {offered}.")
    return found


@dataclass(frozen=True)
class Variant:
    """A model and the recipe that makes it.

    ``folder`` is a prepared folder that is taken as it stands, such as yesterday's; None where the
    folder that fits is looked up, and made if there is none.
    """

    spec: ModelSpec
    recipe: Recipe
    folder: Path | None = None

    @property
    def name(self) -> str:
        """As it is written: ``bundled#int8``."""
        return f"{self.spec.name}#{self.recipe.name}"

    @property
    def title(self) -> str:
        """As it is read: 'General English (bundled) · INT8'."""
        return f"{self.spec.title} · {self.recipe.title}"

    @property
    def base(self) -> Variant:
        """The original of the same model."""
        return Variant(self.spec, find_recipe(ORIGINAL))


def default_sides(spec: ModelSpec) -> tuple[Variant, Variant]:
    """What is compared unasked: the original and INT8."""
    return Variant(spec, find_recipe(ORIGINAL)), Variant(spec, find_recipe(RECOMMENDED))
