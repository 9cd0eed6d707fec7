"""The languages of the screen."""

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

import sinks.bigscreen
from sinks.bigscreen.words import LANGUAGES
from sinks.bigscreen.words_en import ENGLISH
from sinks.bigscreen.words_zh import CHINESE
from sinks.languages import preferred
from streams.compute.quality.rules import Rule

SOURCES = [
    file.read_text().replace("'", '"')
    for file in Path(sinks.bigscreen.__file__).parent.rglob("*.py")
    if "words" not in file.name
]


def test_both_languages_have_the_same_words() -> None:
    assert sorted(ENGLISH) == sorted(CHINESE)


@pytest.mark.parametrize("key", sorted(ENGLISH))
def test_both_languages_fill_in_the_same(key: str) -> None:
    assert _fields(ENGLISH[key]) == _fields(CHINESE[key])


def test_every_word_that_is_asked_for_is_there() -> None:
    asked = {key for source in SOURCES for key in re.findall(r'\bwords\(\s*"(\w+)"', source)}
    assert len(asked) > 30
    assert asked <= set(ENGLISH)


def test_every_rule_of_a_control_chart_has_a_name() -> None:
    assert {f"rule.{rule}" for rule in get_args(Rule)} == {key for key in ENGLISH if key.startswith("rule.")}


def test_every_word_that_is_there_is_asked_for() -> None:
    whole = "\n".join(SOURCES)
    plain = {key for key in ENGLISH if "." not in key}
    assert {key for key in plain if f'"{key}"' not in whole} == set()
    groups = {key.split(".")[0] for key in ENGLISH if "." in key}
    assert {group for group in groups if f'name("{group}"' not in whole} == set()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("de, EN-GB;q=0.5", "en"), ("de", "en"), ("", "en"), ("fr,zh;q=0.1", "zh")],
)
def test_a_browser_gets_the_first_of_its_languages_that_there_is(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


def test_a_name_that_no_dictionary_has_is_shown_as_it_is() -> None:
    assert LANGUAGES["zh"].name("metric", "pm") == "颗粒物"
    assert LANGUAGES["zh"].name("metric", "shoe_size") == "shoe_size"


def _fields(text: str) -> list[str]:
    return sorted(field for _, field, _, _ in Formatter().parse(text) if field is not None)
