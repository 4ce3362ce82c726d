"""What must hold whatever is given: texts, files, and the arguments of the API and the page.

Each property is tried by ``test_properties.py``; ``record_properties.py`` tries all of them on more
than 10,000 cases and writes down what came of it. Only an error of ours may be raised, and no
handler of the page may come to its last line of defence.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from fakes import FakeSides, loader_of, service_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ner.entities import Explained
from ner.errors import InputError, ModelRefused, NerError
from ner.files.gold import read_gold
from ner.models import checkpoint
from ner.models.folder import Manifest
from ner.models.names import find_model
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation
from ner.ui.decide import read_texts
from ner.ui.edit import written
from ner.ui.endpoints import Endpoints
from ner.ui.files import inspect_file, tag_file
from ner.ui.jobs import Site
from ner.ui.tag import parse_link, robustness, save, tag

_Given = Mapping[str, st.SearchStrategy[Any]]
LAST_DEFENCE = "Something failed"
_LOAD = loader_of(FakeSides())
_SERVICE = service_of()
_SITE = Site(_LOAD, _SERVICE)
_REQUEST: Any = SimpleNamespace(session_hash="case", request=None)


@dataclass(frozen=True)
class Property:
    """``holds`` raises for a case, drawn from ``given``, in which the property does not hold."""

    name: str
    holds: Callable[..., None]
    given: _Given = field(repr=False)

    def try_on(self, cases: int) -> int:
        """Try it on so many cases; gives how many it were, and raises for the first that fails."""
        tried = 0

        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(**self.given)
        def once(**case: Any) -> None:
            nonlocal tried
            tried += 1
            self.holds(**case)

        once()
        return tried


# Texts: words that the models know, and what breaks programs.
_PIECES = st.sampled_from(
    [
        *("Wolfgang", "Berlin", "Ada Lovelace", "Acme Corp", " ", "\n", "\r\n", "\r", "\t", ". "),
        *("\x00", "\x1b", "\ufeff", "\u200b", "\u2028", "\u202e", "\u2066", "\ud800", "\udfff"),
        *("👩‍👩‍👧", "🇩🇪", "e\u0301", "𝔅", "مرحبا", "中文", "ﬁ", "İ"),
        *("<script>", "=1+1", '"', "'", "&amp;"),
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(), max_size=80), st.lists(_PIECES, max_size=30).map("".join)
)
_NUMBERS = st.one_of(
    st.integers(), st.just(10**400), st.floats(allow_nan=True, allow_infinity=True)
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)


def _or_anything(*usual: Any) -> st.SearchStrategy[Any]:
    """Mostly what is expected, so that other arguments are looked at too."""
    return st.one_of(*[st.sampled_from(usual)] * 9, JSON)


_MODEL = _or_anything("bundled", "bundled", "bundled", "elastic-distilbert", "../x", "hub:a/b")
_RECIPE = _or_anything("int8", "original", "INT8", "int4")
_SIDE = _or_anything("bundled#original", "bundled#int8", "int8", "medical", "../x", "hub:a/b", "#")
_AGGREGATION = _or_anything(*map(str, Aggregation), "best")
_THRESHOLD = _or_anything(0, 0.5, 1, -1, True)
_LABELS = _or_anything(None, [], ["PER"], ["PER", "LOC"], ["DRUG"], [None])
_LABEL_NAMES = _or_anything(None, "", "PER", "PER, LOC,", "DRUG")
_DEVICE = _or_anything("CPU")

_TAGS = st.sampled_from(["O", "B-PER", "I-PER", "E-LOC", "S-ORG", "I-", "B", "-X-", "B-DRUG", ""])
_WORDS = st.sampled_from(["Wolfgang", "Berlin", "-DOCSTART-", ".", "\u200b", "[x](PER)", "🙂", ""])
_CONLL = st.lists(
    st.tuples(_WORDS, st.sampled_from(["\t", " ", "  "]), _TAGS).map("".join), max_size=12
).map("\n".join)
_SPANS = st.fixed_dictionaries(
    {
        "text": _or_anything("Wolfgang lives in Berlin."),
        "entities": st.one_of(
            st.lists(
                st.fixed_dictionaries(
                    {
                        "start": _or_anything(0, 18, 3),
                        "end": _or_anything(8, 24, 2),
                        "label": _or_anything("PER", "LOC", "<b>"),
                    }
                ),
                max_size=3,
            ),
            JSON,
        ),
    }
).map(lambda value: json.dumps(value))
_BRACKETS = st.lists(
    st.sampled_from(["[Wolfgang](PER)", " in ", "[Berlin](LOC)", "[", "](", ")", "\n", "\\"]),
    max_size=12,
).map("".join)
_JSON_LINES = st.lists(
    st.one_of(_SPANS, JSON.map(lambda value: json.dumps(value)), TEXTS), max_size=4
).map("\n".join)
GOLD = st.one_of(_CONLL, _JSON_LINES, _BRACKETS, TEXTS)

_CELLS = st.sampled_from(
    [
        *("text", "id", "Berlin", ",", ";", "\t", '"', "\n", "\r\n", "\r"),
        *("=1", "NA", "\x00", "ü", "{", "}"),
    ]
)
_FILES = st.one_of(
    st.binary(max_size=60),
    st.lists(_CELLS, max_size=30).map("".join).map(str.encode),
    GOLD.map(lambda text: text.encode("utf-8", "surrogatepass")),
    GOLD.map(lambda text: text.encode("utf-16", "surrogatepass")),
    st.sampled_from([b"PK\x03\x04x", b"\x1f\x8b\x08x", b"\xff\xfex", b"\xef\xbb\xbf", b"text\n"]),
)
_ENDINGS = st.sampled_from([".csv", ".tsv", ".jsonl", ".txt", ".conll", ".bin", ""])


_CHOSEN: _Given = {"aggregation": _AGGREGATION, "threshold": _THRESHOLD, "labels": _LABELS}
_SIDES: _Given = {"left": _SIDE, "right": _SIDE}
_API: _Given = {"text": st.one_of(TEXTS, TEXTS, JSON), **_CHOSEN}
_TAG: _Given = {**_API, "model": _MODEL, "recipe": _RECIPE}
_PAGE: _Given = {
    "text": st.one_of(TEXTS, TEXTS, JSON.filter(lambda value: isinstance(value, str | None))),
    **_SIDES,
    "device": _DEVICE,
    "aggregation": _AGGREGATION,
    "reading": _or_anything("segments", "whole"),
}
_READING = st.tuples(
    _or_anything("", "cp1252", "latin-1", "utf-16-le", "utf-16-be"),
    _or_anything(None, "text", "id", ""),
    _SIDE,
    _SIDE,
    _DEVICE,
    _or_anything("left", "right", "both"),
    _AGGREGATION,
    _THRESHOLD,
    st.sampled_from(["", "PER", "DRUG", ",", None]),
    _or_anything(".jsonl", ".csv", ".conll", ".txt", ".html", "/../x"),
).map(list)
_CONFIG = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {
            "architectures": _or_anything(["BertForTokenClassification"], None, "x"),
            "id2label": _or_anything({"0": "O", "1": "B-PER"}, {}, {"0": 1}),
            "model_type": _or_anything("bert", "bilstm"),
        },
        optional={"auto_map": JSON, "text_config": JSON, "x_internal": JSON},
    ),
)


PROPERTIES: list[Property] = []


def _holds(name: str, /, **given: st.SearchStrategy[Any]) -> Callable[..., None]:
    """Adds a function as a property, tried on what is given."""
    return lambda holds: PROPERTIES.append(Property(name, holds, given))


def _answered(ask: Callable[[], Any]) -> None:
    """The answer is JSON that any client can read; or the question is refused in words."""
    try:
        answer = ask()
    except NerError as error:
        assert str(error)
        return
    json.dumps(answer, allow_nan=False, ensure_ascii=False).encode()


def _defended(results: Iterable[Any]) -> None:
    """No result tells of a failure that was not foreseen."""
    for result in results:
        assert LAST_DEFENCE not in str(result)


def _asks(name: str, endpoint: str, /, **given: st.SearchStrategy[Any]) -> None:
    """Adds the property that this endpoint of the API answers or refuses."""
    ask = getattr(Endpoints(_LOAD, _SERVICE), endpoint)
    _holds(name, **given)(lambda **arguments: _answered(lambda: ask(**arguments)))


_asks("the API tags any text, with any arguments", "tag", **_TAG)
_asks("the API compares any text, with any arguments", "compare", **_API, **_SIDES)
_asks(
    "the API evaluates on any gold, with any arguments",
    "evaluate",
    **_CHOSEN,
    **_SIDES,
    gold=st.one_of(GOLD, GOLD, JSON),
    max_loss=_or_anything(1, 0, 200),
)


@_holds(
    "the page tags any text and saves it",
    **_PAGE,
    threshold=_THRESHOLD,
    without=JSON,
    link=TEXTS,
    kind=_or_anything("json", "csv", "conll", "html", "py"),
)
def _page_tags(threshold: Any, without: Any, link: Any, kind: Any, **arguments: Any) -> None:
    asked = (*arguments.values(), threshold, json.dumps([without]))
    _defended(tag(_SITE)(_REQUEST, *asked, "split"))
    _defended(save(_SITE)(_REQUEST, *asked, kind))
    parse_link(link)


@_holds("the page probes any text", **_PAGE)
def _page_probes(**arguments: Any) -> None:
    _defended(robustness(_SITE)(_REQUEST, *arguments.values()))


@_holds(
    "the page reads any texts to decide on",
    text=st.one_of(GOLD, st.none()),
    chosen=_or_anything("", "plain"),
    mapping=st.one_of(TEXTS, st.just("PER=LOC,ORG=")),
)
def _page_reads_texts(text: Any, chosen: Any, mapping: Any) -> None:
    with suppress(InputError):
        read_texts(text or "", chosen, mapping, FakeSides().spec, 1_000)


@_holds(
    "the page writes any spans",
    lines=st.one_of(_JSON_LINES, TEXTS, st.none()),
    form=_or_anything("conll", "jsonl", "spacy"),
)
def _page_writes_gold(lines: Any, form: Any) -> None:
    with suppress(InputError):
        assert written(lines, form, limit=2 * _SITE.service.bounds.gold_characters).endswith("\n")


@_holds("the page reads any file", content=_FILES, ending=_ENDINGS, arguments=_READING)
def _page_reads_files(content: bytes, ending: str, arguments: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"texts{ending}"
        file.write_bytes(content)
        _defended(inspect_file(_SITE)(_REQUEST, str(file), arguments[0]))
        _defended(tag_file(_SITE)(_REQUEST, str(file), *arguments))
        with suppress(InputError):
            read_gold(file)


@_holds("any name is a model or refused", name=_MODEL)
def _finds_models(name: Any) -> None:
    for look in (lambda: find_model(name, visitor=True), lambda: find_model(f"hub:{name}")):
        try:
            spec = look()
        except ModelRefused:
            continue
        assert spec.repo_id is None or "/" in spec.repo_id


@_holds("any configuration is vetted", config=_CONFIG, tokenizer=JSON)
def _vets_checkpoints(config: Any, tokenizer: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.safetensors").touch()
        (Path(folder) / "config.json").write_text(json.dumps(config))
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(tokenizer))
        try:
            vetted = checkpoint.vet(Path(folder))
        except ModelRefused:
            return
    assert "auto_map" not in vetted
    assert all(isinstance(label, str) for label in vetted["id2label"].values())


# What begins as a manifest does, or as one that was cut short.
_NEARLY = st.sampled_from(["", "{", '{"name": "x"}', '{"manifest_sha256": ""}'])


@_holds(
    "any text is a manifest or not",
    text=st.one_of(TEXTS, JSON.map(lambda value: json.dumps(value)), _NEARLY),
)
def _reads_manifests(text: str) -> None:
    try:
        Manifest.parse(text)
    except ValueError:
        return
    raise AssertionError("no such text is a manifest")


def tagging(sides: Any) -> Property:
    """Every entity of a real model lies in the text that it gives back, and spells it."""

    def holds(text: str, side: int, aggregation: Aggregation, threshold: float) -> None:
        tagger = sides.both[side].tagger.using(Choice(aggregation, threshold))
        explained: Explained = tagger.explain(text)
        tagged = explained.tagged
        assert len(tagged.text) == len(text)
        assert all(0 <= piece.start <= piece.end <= len(text) for piece in explained.pieces)
        for entity in tagged.entities:
            assert 0 <= entity.start < entity.end <= len(text)
            assert threshold <= entity.score <= 1.0

    return Property(
        "a real model tags any text",
        holds,
        {
            "text": TEXTS,
            "side": st.sampled_from([0, 1]),
            "aggregation": st.sampled_from(Aggregation),
            "threshold": st.sampled_from([0.0, 0.5, 1.0]),
        },
    )


_ROUTES = st.sampled_from(
    [
        *("config", "gradio_api/info", "gradio_api/queue/join", "gradio_api/queue/data"),
        *("gradio_api/call/tag", "gradio_api/call/v2/tag", "gradio_api/call/compare/x"),
        *("gradio_api/upload", "gradio_api/cancel", "gradio_api/reset", "gradio_api/run/tag"),
        *("gradio_api/api/tag", "gradio_api/queue/status"),
        *("gradio_api/file=x", "gradio_api/heartbeat", "theme.css", "healthz", "readyz", "metrics"),
    ]
)
_BODIES = st.one_of(
    st.binary(max_size=40),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {
            # Nothing null: that is an input's default, with which a real benchmark begins.
            "data": st.lists(JSON.map(lambda value: value or "x"), max_size=9),
            "fn_index": st.one_of(st.integers(-2, 50), JSON),
            # Never the page's own: nobody listens to what comes of it.
            "session_hash": st.one_of(st.just("case"), JSON),
        },
        optional={"event_data": JSON, "trigger_id": JSON, "event_id": JSON, "text": JSON},
    ).map(lambda value: json.dumps(value).encode()),
)


def over_http(url: str) -> tuple[Property, Property]:
    """Of the page at ``url``: no request gets 5xx but 503, and every call comes to its end."""

    def answers(route: str, method: str, query: str, body: bytes) -> None:
        # Not all answers end; what counts has been said by then.
        with httpx.stream(
            method,
            f"{url}{route}",
            params={"session_hash": query, "upload_id": query},
            content=body,
            headers={"content-type": "application/json"},
            timeout=30,
        ) as answer:
            assert answer.status_code < 500 or answer.status_code == 503, (route, body)

    def calls(name: str, data: list[Any]) -> None:
        joined = httpx.post(
            f"{url}gradio_api/call/{name}", content=json.dumps({"data": data}), timeout=30
        )
        if joined.status_code in (422, 429, 503):
            return
        assert joined.status_code == 200
        event = joined.json()["event_id"]
        said = httpx.get(f"{url}gradio_api/call/{name}/{event}", timeout=30).text
        assert "event: complete" in said or "event: error" in said
        assert LAST_DEFENCE not in said

    return (
        Property(
            "any request is answered or refused",
            answers,
            {
                "route": _ROUTES,
                "method": st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]),
                "query": st.text(max_size=10),
                "body": _BODIES,
            },
        ),
        Property(
            "any call comes to its end",
            calls,
            {
                "name": st.sampled_from(["tag", "compare", "evaluate"]),
                "data": st.tuples(
                    *(st.one_of(TEXTS, TEXTS, JSON), _SIDE, _SIDE),
                    *(_AGGREGATION, _THRESHOLD, _LABELS),
                ).map(list),
            },
        ),
    )
