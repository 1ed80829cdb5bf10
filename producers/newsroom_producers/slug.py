"""The slug: the readable part of an article's address, made from a headline.

>>> slugify("Згурський: м'яка зима в Україні", "uk")
'zghurskyi-miaka-zyma-v-ukraini'

Ukrainian follows the table of the Cabinet of Ministers' resolution No. 55 of 27 January 2010, Russian that of ICAO Doc
9303 part 3 (the one of passports since 2013). Every other language is left to python-slugify.
"""

from __future__ import annotations

import re
import unicodedata

from slugify import slugify as _ascii_slug

MAX_LENGTH = 80
"""Maximum characters of a slug; a longer one is cut between words if possible."""

FALLBACK = "story"
"""Slug of a headline without any letter or digit, because a publication needs one."""


def _table(pairs: str) -> dict[int, str]:
    """Return ``а=a б=b`` as a table for ``str.translate``."""
    return {ord(pair[0]): pair[2:] for pair in pairs.split()}


_APOSTROPHES = _table("'= `= ´= ʼ= ‘= ’= ′= ＇=")
"""Marks inside a word; removed, so that they do not divide it."""

_RUSSIAN = _table(
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh "
    "щ=shch ъ=ie ы=y ь= э=e ю=iu я=ia ґ=g є=ie і=i ї=i"
)
"""Russian; the last four letters occur in Ukrainian names."""

_UKRAINIAN = _RUSSIAN | _table("г=h и=y")
"""Ukrainian inside a word; letters that are not Ukrainian occur in Russian names."""

_UKRAINIAN_START = _table("є=ye ї=yi й=y ю=yu я=ya")
"""Ukrainian letters that are written differently at the beginning of a word."""


def slugify(headline: str, language: str, *, max_length: int = MAX_LENGTH, fallback: str = FALLBACK) -> str:
    """Return the slug of a headline: lower-case ASCII letters, digits and single hyphens, ``max_length`` at most.

    ``language`` is a BCP 47 tag. Returns ``fallback`` when nothing of the headline can be written in ASCII.
    """
    text = _plain(headline)
    match language.partition("-")[0]:
        case "uk":
            text = _ukrainian(text)
        case "ru":
            text = text.translate(_RUSSIAN)
    return _ascii_slug(text, max_length=max_length, word_boundary=True, save_order=True) or fallback


def _plain(text: str) -> str:
    """Return a text in lower case, without apostrophes and stress marks."""
    composed = unicodedata.normalize("NFC", text).lower().translate(_APOSTROPHES)
    return "".join(char for char in composed if not unicodedata.combining(char))


def _ukrainian(text: str) -> str:
    """Return lower-case Ukrainian, romanized."""
    text = re.sub(r"\b[єїйюя]", lambda found: found[0].translate(_UKRAINIAN_START), text)
    return text.replace("зг", "zgh").translate(_UKRAINIAN)
