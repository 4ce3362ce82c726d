"""Which language a text is in, as far as a reader has to be told that it is not English.

Two tests: the script of its letters, and for Latin ones the function words. A detector of a hundred
languages (py3langid, lingua, langdetect) was weighed: each must name some language for any text, so
that two names or a tweet become 'Swedish', the good ones are larger than the models here, and the
small ones are not kept up. Function words answer only where there are some, and are thirty lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

ENGLISH = "English"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Some of the most frequent function words of each; single letters are left out, being initials too.
_FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    ENGLISH: _words(
        "the of and to in is was for that with on as at by it from be are this have has had not "
        "but his her he she they you we will which were been their its my your an or if would "
        "there what about who can do when so"
    ),
    "German": _words(
        "der die das und ist nicht ein eine einen einem einer zu den dem von mit sich auf für im "
        "auch als wird sind wurde bei oder nach wie ich wir sie aus hat haben kann über noch nur "
        "vom zum zur durch werden dass aber war in am man bis heute gestern"
    ),
    "French": _words(
        "les des est une dans pour que qui sur pas plus avec sont cette ses aux mais nous vous "
        "être ont été elle ils leur par ce sa son il je ne au et un entre depuis chez"
    ),
    "Spanish": _words(
        "los las una que por con para del como más pero sus fue este está son también entre cuando "
        "muy hasta desde donde ya sobre ha han era se lo su es al el nos ella"
    ),
    "Italian": _words(
        "il lo gli una che di per con non del della dei delle nel nella alla sono più anche come "
        "ma ha è stato suo sua questo dal dalla ai sul tra fra ed si"
    ),
    "Portuguese": _words(
        "os uma que para com não por mais como mas foi ao ele ela das dos seu sua são também pelo "
        "pela está tem um em na no nas nos ou já até entre isso quando muito"
    ),
    "Dutch": _words(
        "het een van en dat niet zijn op te voor met aan ook als er maar om bij nog naar uit deze "
        "dit heeft werd wordt zich hij zij ik ze haar worden geen hebben kunnen tegen"
    ),
    "Swedish": _words(
        "och att det som en på är av för med den till inte har om ett han men från var sig så vi "
        "jag kan när efter också vid hon eller under mot ska"
    ),
    "Danish or Norwegian": _words(
        "og det at er en til på af av for med den som ikke har om et han men fra var sig seg jeg "
        "kan når efter etter også ved hun eller blev ble mod"
    ),
    "Polish": _words(
        "na się nie że jest do jak ale po od tym przez dla był była są być za oraz który która "
        "które może jego tylko już czy przy tego"
    ),
    "Czech": _words(
        "na se je že do jsou ale jako po od které který která by byl byla bylo pro při podle také "
        "nebo už jeho jsem není mezi tím"
    ),
    "Turkish": _words(
        "ve bir bu için ile olarak da de çok daha olan gibi ama sonra kadar değil her var ne en ki "
        "göre olduğu tarafından"
    ),
    "Finnish": _words(
        "ja on ei se että oli hän mutta ovat myös kun niin kuin tai joka mukaan sekä ole vain jo "
        "sen hänen tämä ollut vuonna"
    ),
    "Hungarian": _words(
        "az és hogy nem egy is volt van meg de csak még már mint el ki ezt azt vagy lehet szerint "
        "után között lesz amely"
    ),
    "Romanian": _words(
        "și în la cu pe nu este un din pentru că care mai sunt fost ca sau dar după prin fi lui "
        "ale dintre această sa"
    ),
    "Indonesian": _words(
        "yang dan di dengan untuk tidak ini itu dari pada adalah dalam akan ke oleh juga telah "
        "bisa atau ada mereka karena saya kami sebagai"
    ),
}
# Names in English text hold them, or English has them: they count only beside better witnesses.
_WEAK = _words(
    "al ale am at by da de del den der des di die do dos el en et for han hat her il in is la las "
    "le lo los man na no not on or po sa se si so son te un us van var von war was"
)
# So many different function words settle it; in a short text fewer, if none of them is English.
_WITNESSES = 3
# Fewer letters of another script, or less than twice the Latin ones, may be a name quoted.
_LETTERS = 6
# Longer texts are judged by their beginning.
_CHARACTERS = 10_000


def guess_language(text: str) -> str | None:
    """The language of ``text`` in English, or its script where that is not Latin; None if unsure.

    None for a text that may well be English: short, names only, or mixed.

    >>> guess_language("Der Vertrag wurde gestern von der Firma nicht unterschrieben.")
    'German'
    >>> guess_language("Anna Lindqvist, Volvo, Göteborg") is None
    True
    >>> guess_language("Вчера он приехал в Москву")
    'Cyrillic script'
    """
    text = text[:_CHARACTERS]
    script = _foreign_script(text)
    if script is not None:
        return f"{script} script"
    words = set(re.findall(r"[^\W\d_]{2,}", unicodedata.normalize("NFC", text).lower()))
    seen = {language: words & known for language, known in _FUNCTION_WORDS.items()}
    best = max(seen, key=lambda language: (len(seen[language] - _WEAK), len(seen[language])))
    strong, english = len(seen[best] - _WEAK), len(seen[ENGLISH] - seen[best])
    needed = _WITNESSES if english else _WITNESSES - 1
    return best if strong >= needed and strong > 2 * english else None


def _foreign_script(text: str) -> str | None:
    """The script of most letters, where that is not Latin: 'Cyrillic', 'Chinese or Japanese'."""
    scripts = Counter(
        unicodedata.name(letter, "UNKNOWN").split()[0] for letter in text if letter.isalpha()
    )
    other = Counter({name: count for name, count in scripts.items() if name != "LATIN"})
    if other.total() < max(_LETTERS, 2 * scripts["LATIN"]):
        return None
    [(name, _)] = other.most_common(1)
    return "Chinese or Japanese" if name in ("CJK", "HIRAGANA", "KATAKANA") else name.capitalize()
