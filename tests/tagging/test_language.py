"""The language of a text: named where it is not English, and no false alarm."""

from __future__ import annotations

import doctest

import pytest

from ner.tagging import language
from ner.tagging.language import guess_language


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("German", "Gestern hat die Firma in Berlin den Vertrag nicht unterschrieben."),
        ("French", "Le président de la République est arrivé hier à Lyon avec une délégation."),
        ("Spanish", "El presidente viajó ayer a Madrid para reunirse con los ministros."),
        ("Italian", "Il governo ha deciso ieri di non firmare il contratto con la società."),
        ("Portuguese", "O presidente não foi a Lisboa porque a reunião foi adiada para amanhã."),
        (
            "Dutch",
            "De minister heeft gisteren gesproken over het akkoord met de bonden.",
        ),
        ("Swedish", "Regeringen har beslutat att inte skriva under avtalet med företaget."),
        ("Danish or Norwegian", "Regeringen har besluttet ikke at skrive under på aftalen."),
        ("Polish", "Premier nie przyjechał wczoraj do Warszawy, ale spotkanie się odbyło."),
        ("Czech", "Karel Čapek byl spisovatel, který se narodil v Malých Svatoňovicích."),
        ("Turkish", "Bakan dün İstanbul'da bir toplantı yaptı ve anlaşma için görüştü."),
        ("Finnish", "Hallitus ei ole vielä päättänyt, mutta neuvottelut ovat alkaneet."),
        ("Hungarian", "A kormány úgy döntött, hogy nem írja alá a szerződést."),
        ("Romanian", "Guvernul nu a semnat încă acordul cu compania care este din Iași."),
        ("Indonesian", "Presiden tidak hadir dalam pertemuan itu karena sakit."),
        ("Cyrillic script", "Владимир Маяковский родился в Багдати"),
        ("Greek script", "Αθήνα είναι πρωτεύουσα"),
        ("Arabic script", "السلام عليكم يا صديقي"),
        ("Hebrew script", "שלום עולם, אני גר בתל אביב"),
        ("Devanagari script", "नई दिल्ली में बैठक हुई"),
        ("Hangul script", "김철수는 서울에서 만났다"),
        ("Chinese or Japanese script", "習近平は東京を訪問した"),
    ],
    ids=lambda value: value if len(value) < 30 else "",
)
def test_sentences_of_other_languages_are_named(expected: str, text: str) -> None:
    """One ordinary sentence is enough."""
    assert expected == guess_language(text)
    assert expected == guess_language(text.upper())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12 + 30 = 42",
        "Anna Lindqvist, Volvo, Göteborg",
        "Vincent van den Berg; Maria de la Cruz; Ludwig von der Heide; Leonardo da Vinci",
        "El Niño, Los Angeles, Las Vegas, San José, Rio de Janeiro",
        "Die Zeit, Le Monde, El País, La Repubblica, Der Spiegel",
        "Kimberly Po ( U.S. ) beat 10 - Kimiko Date ( Japan ) 6-2 7-5",
        "Admin coordinators do primarily administrative work.",
        "Das Boot",
        "Voznesensk (Вознесенськ)",
        "He read Also sprach Zarathustra by Nietzsche and said that it was the best of all.",
    ],
)
def test_names_and_short_or_english_texts_raise_no_alarm(text: str) -> None:
    """Whatever a name looks like, only sentences tell a language."""
    assert guess_language(text) in (None, "English")


def test_a_long_text_is_judged_by_its_beginning() -> None:
    """A file of a million characters costs no more than a page."""
    text = "The contract was signed by the two of them in Rome. " * 300

    assert "English" == guess_language(text + "Der Vertrag wurde nicht unterschrieben. " * 10_000)


def test_the_examples_run() -> None:
    """Those of the docstrings."""
    assert 0 == doctest.testmod(language).failed
