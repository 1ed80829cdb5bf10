"""The slug: Ukrainian by resolution No. 55/2010, Russian by ICAO Doc 9303, anything else by python-slugify."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom_producers.slug import FALLBACK, MAX_LENGTH, slugify

EXAMPLES = """
    Алушта alushta  Андрій andrii  Борщагівка borshchahivka  Борисенко borysenko  Вінниця vinnytsia
    Володимир volodymyr  Гадяч hadiach  Богдан bohdan  Згурський zghurskyi  Ґалаґан galagan  Ґорґани gorgany
    Донецьк donetsk  Дмитро dmytro  Рівне rivne  Олег oleh  Есмань esman  Єнакієве yenakiieve  Гаєвич haievych
    Короп'є koropie  Житомир zhytomyr  Жанна zhanna  Жежелів zhezheliv  Закарпаття zakarpattia  Казимирчук kazymyrchuk
    Медвин medvyn  Михайленко mykhailenko  Іванків ivankiv  Іващенко ivashchenko  Їжакевич yizhakevych
    Кадиївка kadyivka  Мар'їне marine  Йосипівка yosypivka  Стрий stryi  Олексій oleksii  Київ kyiv  Коваленко kovalenko
    Лебедин lebedyn  Леонід leonid  Миколаїв mykolaiv  Маринич marynych  Ніжин nizhyn  Наталія nataliia  Одеса odesa
    Онищенко onyshchenko  Полтава poltava  Петро petro  Решетилівка reshetylivka  Рибчинський rybchynskyi  Суми sumy
    Соломія solomiia  Тернопіль ternopil  Троць trots  Ужгород uzhhorod  Уляна uliana  Фастів fastiv  Філіпчук filipchuk
    Харків kharkiv  Христина khrystyna  Біла bila  Церква tserkva  Стеценко stetsenko  Чернівці chernivtsi
    Шевченко shevchenko  Шостка shostka  Кишеньки kyshenky  Щербухи shcherbukhy  Гоща hoshcha  Гаращенко harashchenko
    Юрій yurii  Корюківка koriukivka  Яготин yahotyn  Ярошенко yaroshenko  Костянтин kostiantyn  Знам'янка znamianka
    Феодосія feodosiia  Згорани zghorany  Розгон rozghon
"""
"""The resolution's own examples, each with its slug."""


def pairs(words: list[str]) -> list[tuple[str, str]]:
    """Pair each word with the next one."""
    return list(zip(words[::2], words[1::2], strict=True))


@pytest.mark.parametrize(("name", "slug"), pairs(EXAMPLES.split()))
def test_a_ukrainian_name_is_written_as_the_resolution_writes_it(name: str, slug: str) -> None:
    assert slugify(name, "uk") == slug


@pytest.mark.parametrize(
    ("headline", "language", "slug"),
    [
        ("У Ялті – сім’я Єви та Її об'їзд: «Яблуко»", "uk", "u-yalti-simia-yevy-ta-yii-obizd-yabluko"),
        ("За́мок Юлі", "uk-UA", "zamok-yuli"),
        ("Юрий Щёлоков: съезд, подъём и вьюга", "ru", "iurii-shchelokov-sieezd-podieem-i-viuga"),
        ("Цой, Жаров и Хэм", "ru", "tsoi-zharov-i-khem"),
        ("AT&T's 1,000 jobs", "en", "at-ts-1000-jobs"),
        ("USX <X> DEBT", "en", "usx-x-debt"),
        ("Łódź und Straße", "de", "lodz-und-strasse"),
    ],
)
def test_a_headline_is_written_as_its_language_is_romanized(headline: str, language: str, slug: str) -> None:
    assert slugify(headline, language) == slug


def test_every_apostrophe_is_dropped_alike() -> None:
    """U+02BC, the typewriter's and the typographer's apostrophe are one letter mark in Ukrainian."""
    assert {slugify(f"м{mark}яч", "uk") for mark in "'’ʼ`′"} == {"miach"}


def test_a_decomposed_letter_is_the_letter() -> None:
    assert slugify(unicodedata.normalize("NFD", "Йод і їжа"), "uk") == slugify("Йод і їжа", "uk") == "yod-i-yizha"


def test_a_long_headline_is_cut_between_words() -> None:
    slug = slugify("слово " * 40, "uk")
    assert len(slug) <= MAX_LENGTH
    assert set(slug.split("-")) == {"slovo"}


def test_a_headline_without_a_letter_has_a_slug_of_its_own() -> None:
    assert slugify("😀 …", "uk") == FALLBACK


@given(headline=st.text(max_size=200), language=st.sampled_from(["uk", "ru", "en", "zh-Hant"]))
def test_a_slug_is_always_short_ascii_and_never_empty(headline: str, language: str) -> None:
    slug = slugify(headline, language)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= MAX_LENGTH
