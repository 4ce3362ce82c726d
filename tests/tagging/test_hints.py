"""Hints beside a result: said where they help, and nowhere else."""

from __future__ import annotations

import pytest

from ner.tagging.hints import find_hints, foreign_language


@pytest.mark.parametrize(
    ("said", "text", "found"),
    [
        ("no capital letters", "my name is wolfgang", 0),
        # Names that were found refute it.
        (None, "my name is wolfgang", 1),
        (None, "My name is wolfgang", 0),
        ("all in capitals", "ADA LOVELACE MET WOLFGANG IN LONDON", 0),
        ("all in capitals", "ADA LOVELACE MET WOLFGANG IN LONDON", 3),
        # A list of abbreviations is written so.
        *((None, text, 0) for text in ("", "NASA", "IBM, NATO, EU, UN", "123 456", "!?", "Ada")),
        (
            "in German. This model was made for English",
            "Sie kamen spät und gingen, ohne ein Wort zu sagen.",
            1,
        ),
        # A script without capitals is not in lower case.
        ("seems to be in Japanese", "習近平は東京を訪問した", 0),
    ],
)
def test_a_hint_is_said_where_it_helps(said: str | None, text: str, found: int) -> None:
    """One sentence, or none."""
    given = find_hints(text, found=found)
    assert len(given) == (said is not None)
    assert (said or "") in " ".join(given)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("German", "Gestern hat die Firma in Berlin den Vertrag nicht unterschrieben."),
        ("French", "Le président de la République est arrivé hier à Lyon avec une délégation."),
        ("Spanish", "El presidente viajó ayer a Madrid para reunirse con los ministros."),
        ("Italian", "Il governo ha deciso ieri di non firmare il contratto con la società."),
        ("Portuguese", "O presidente não foi a Lisboa porque a reunião foi adiada para amanhã."),
        ("Dutch", "De minister heeft gisteren gesproken over het akkoord met de bonden."),
        ("Swedish", "Regeringen har beslutat att inte skriva under avtalet med företaget."),
        ("Polish", "Premier nie przyjechał wczoraj do Warszawy, ale spotkanie się odbyło."),
        ("Turkish", "Bakan dün İstanbul'da bir toplantı yaptı ve anlaşma için görüştü."),
        ("Hungarian", "A kormány úgy döntött, hogy nem írja alá a szerződést."),
        ("Russian", "Вчера он встретился в Москве с министром и подписал договор."),
        ("Hebrew", "שלום עולם, אני גר בתל אביב"),
        ("Korean", "김철수는 서울에서 만났다"),
    ],
    ids=lambda value: value if len(value) < 30 else "",
)
def test_sentences_of_other_languages_are_named(language: str, text: str) -> None:
    """One ordinary sentence is enough."""
    assert language == foreign_language(text)
    assert language == foreign_language(text.upper())


@pytest.mark.parametrize(
    "text",
    [
        "12 + 30 = 42",
        "Anna Lindqvist, Volvo, Göteborg",
        "El Niño, Los Angeles, Las Vegas, San José, Rio de Janeiro",
        "Die Zeit, Le Monde, El País, La Repubblica, Der Spiegel",
        "Kimberly Po ( U.S. ) beat 10 - Kimiko Date ( Japan ) 6-2 7-5",
        "Admin coordinators do primarily administrative work.",
        "Voznesensk (Вознесенськ)",
        "He read Also sprach Zarathustra by Nietzsche and said that it was the best of all.",
        # A file of a million characters is judged by its first page.
        "It was signed by the two of them in Rome. " * 300 + "Er hat nicht unterschrieben. " * 9000,
    ],
    ids=lambda text: text[:20],
)
def test_names_and_short_or_english_texts_raise_no_alarm(text: str) -> None:
    """Whatever a name looks like, only sentences tell a language."""
    assert foreign_language(text) is None
