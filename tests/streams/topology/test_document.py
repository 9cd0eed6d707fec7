from pathlib import Path

import pytest

from streams.topology.document import Document, parse, read
from streams.topology.problems import Problem


def data(text: str) -> object:
    document = parse(text)
    assert isinstance(document, Document), document
    return document.data


def mistake(text: str) -> Problem:
    problem = parse(text)
    assert isinstance(problem, Problem)
    return problem


@pytest.mark.parametrize(
    "word",
    ["no", "on", "off", "yes", "y", "1_000", "0o17", "017", "0x1F", "12:30", "2020-01-01", ".nan", ".inf", "=", "1."],
)
def test_what_yaml_readers_disagree_about_is_text(word: str) -> None:
    expected = 1.0 if word == "1." else word
    assert data(f"a: {word}") == {"a": expected}
    assert data(f"{word}: a") == {expected: "a"}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        (".5", 0.5),
        ("-0.5", -0.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'5'", "5"),
    ],
)
def test_plain_numbers_truth_values_and_nothing_are_read(word: str, value: object) -> None:
    found = data(f"a: {word}")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_a_number_too_large_for_a_float_is_refused() -> None:
    assert mistake("a: 1e999") == Problem((), "1e999 is larger than any number here", line=1)
    assert "larger than any number" in mistake("a: " + "9" * 5000).message


def test_a_key_that_stands_twice_is_refused_and_both_lines_are_named() -> None:
    assert mistake("a: 1\nb: {c: 1,\n  c: 2}\n") == Problem((), "'c' stands here and on line 2", line=3)


def test_merged_defaults_may_be_overridden() -> None:
    text = "base: &b {x: 1, y: 2}\nouter: {deep: &d {<<: *b, x: 3}}\nother: {<<: *d, y: 4}\n"
    assert data(text) == {"base": {"x": 1, "y": 2}, "outer": {"deep": {"x": 3, "y": 2}}, "other": {"x": 3, "y": 4}}


def test_tags_that_change_nothing_or_make_text_are_read() -> None:
    assert data("a: !!str 1\nb: !!map {c: !!seq [! 2]}\n") == {"a": "1", "b": {"c": [2]}}


def test_a_mapping_merged_with_itself_again_and_again_stays_as_small_as_it_is() -> None:
    bomb = "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    assert data(f"a0: &a0 {{x: 1, y: 2}}\n{bomb}")["a29"] == {"x": 1, "y": 2}  # type: ignore[index]


def test_lines_are_found_through_mappings_lists_and_merges() -> None:
    text = "a:\n  - x: 1\n  - x: 2\n    y: {z: 3}\nbase: &b\n  k: 1\nc:\n  <<: *b\n  l: 2\n"
    document = parse(text)
    assert isinstance(document, Document)
    paths = [
        (),
        ("a",),
        ("a", 0),
        ("a", 1, "x"),
        ("a", 1, "y", "z"),
        ("c", "k"),
        ("c", "l"),
        ("a", 1, "missing"),
        ("no",),
    ]
    assert [document.line(path) for path in paths] == [1, 1, 2, 3, 4, 6, 9, 3, 1]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a:\n\t- b", 2, "tab; use spaces"),
        ("a: [1, 2\nb: 3", 2, "is not YAML"),
        ("a: 1\n b: 2", 2, "is not YAML"),
        ("a: *nowhere", 1, "nowhere"),
        ("a: !!python/object/apply:os.system ['true']", 1, "leave it out"),
        ("a: 1\nb: !!int x", 2, "the tag '!!int' is not known here"),
        ("a: !!float x", 1, "the tag '!!float'"),
        ("a: !!timestamp x", 1, "the tag '!!timestamp'"),
        ('a: 1\nb: "\\ud800"', 2, "half of a surrogate pair"),
        ('"\\udfff": 1', 1, "half of a surrogate pair"),
        ("a: 1\n---\nb: 2", 2, "document"),
        ("? [a]\n: 1", 1, "unhashable"),
        ("a: \x07", None, "is not YAML"),
    ],
)
def test_a_file_that_is_no_yaml_is_one_problem_with_a_line(text: str, line: int | None, words: str) -> None:
    problem = mistake(text)
    assert problem.line == line
    assert words in problem.message
    assert "\n" not in problem.message


def test_a_bottomless_file_is_refused() -> None:
    assert "nested too deeply" in mistake("[" * 5000).message


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    document = read(tmp_path / "a.yaml")
    assert isinstance(document, Document)
    assert document.data == {"a": 1}


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("a: Öl".encode("latin-1"))
    assert read(tmp_path / "none.yaml") == Problem((), "there is no such file")
    assert read(tmp_path) == Problem((), "is a directory; name the topology file in it")
    assert read(tmp_path / "latin.yaml") == Problem((), "is not UTF-8 text: byte 3 is 0xd6")
