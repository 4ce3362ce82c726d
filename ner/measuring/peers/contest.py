"""Peers of one model, ready to be timed, and what they and ours find on the same texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ner.entities import Annotated
from ner.errors import InputError
from ner.measuring.contestants import load_taggers
from ner.measuring.peers.accuracy import Accuracy, TagsMany, judge
from ner.measuring.peers.pipelines import Peer, load_peers
from ner.measuring.rows import INT8, ORIGINAL
from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage, ensure_prepared
from ner.models.recipes import default_sides


@dataclass(frozen=True)
class Scored:
    """Texts that everybody is scored on, and their gold, in the same order, where there is any."""

    texts: tuple[str, ...]
    gold: tuple[Annotated, ...] = ()

    @classmethod
    def of_gold(cls, gold: Sequence[Annotated]) -> Scored:
        """The texts of ``gold``, scored against it too."""
        return cls(tuple(annotated.tagged.text for annotated in gold), tuple(gold))


@dataclass(frozen=True)
class Contest:
    """``peers`` by row, and by row the ``accuracy`` of those and of ours."""

    peers: Mapping[str, Peer] = field(default_factory=dict)
    accuracy: Mapping[str, Accuracy] = field(default_factory=dict)


def open_peers(
    spec: ModelSpec,
    texts: Sequence[str],
    *,
    report: Callable[[str], None] = lambda sentence: None,
) -> dict[str, Peer]:
    """The peers over the checkpoint of ``spec`` alone, by row, not over our IRs of it.

    ``report`` hears a sentence of each that can't take part. Raises ``InputError`` for a model of
    the Hub, whose checkpoint is not kept.
    """
    return load_peers(_checkpoint(spec), {}, texts, report=report)


def open_contest(
    spec: ModelSpec,
    texts: Sequence[str],
    scored: Scored,
    *,
    on_stage: OnStage | None = None,
    report: Callable[[str], None] = lambda sentence: None,
) -> Contest:
    """Load the peers of ``spec``, try batch sizes on ``texts``, and judge all on ``scored``.

    ``report`` hears a sentence of each that can't take part. Raises ``InputError`` for a model of
    the Hub, whose checkpoint is not kept, and for gold that has none of the model's labels.
    """
    checkpoint = _checkpoint(spec)
    # INT8 first: it brings its original along.
    int8, original = (
        ensure_prepared(variant, report=on_stage) for variant in reversed(default_sides(spec))
    )
    ours = load_taggers(original, int8, self_check=False)
    labels = ours[ORIGINAL].labels
    _check_gold(scored, labels)
    irs = {"FP32": original.folder, "INT8": int8.folder}
    peers = load_peers(checkpoint, irs, texts, report=report)
    sizes = {name: (int8 if name == INT8 else original).size for name in ours} | {
        name: peer.bytes_on_disk for name, peer in peers.items()
    }
    wanted = ours[ORIGINAL].tag_many(scored.texts)
    contestants: dict[str, TagsMany] = {**ours, **peers}
    accuracy = {
        name: judge(contestant, sizes[name], wanted, scored.gold, labels=labels)
        for name, contestant in contestants.items()
    }
    return Contest(peers, accuracy)


def _checkpoint(spec: ModelSpec) -> Path:
    if spec.folder is None:
        raise InputError(
            f"{spec.name} has no checkpoint here for others to load. Download it, and give --model "
            "its folder."
        )
    return spec.folder


def _check_gold(scored: Scored, labels: Sequence[str]) -> None:
    present = {entity.label for gold in scored.gold for entity in gold.tagged.entities}
    if scored.gold and not present & set(labels):
        raise InputError(
            f"The gold has the labels {', '.join(sorted(present))[:200]}, and the model knows "
            f"{', '.join(labels)[:200]}: none of them is the same."
        )
