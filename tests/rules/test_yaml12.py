"""YAML with lines and without surprises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.errors import ConfigErrors
from omniroute.rules.yaml12 import MAX_BYTES, Fields, Items, Node, Scalar, parse, place, resolve


def plain(node: Node) -> object:
    match node:
        case Scalar(value=value):
            return value
        case Items(items=items):
            return [plain(item) for item in items]
        case Fields(entries=entries):
            return {key: plain(value) for key, (_, value) in entries.items()}


def faults(data: bytes) -> str:
    with pytest.raises(ConfigErrors) as refused:
        parse(data, "rules.yaml")
    return str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "yes",
        "on",
        "off",
        "NO",
        "y",
        "12:30",
        "22:00",
        "1:00:00",
        "2026-12-25",
        "1_000",
        "0b1",
    ],
)
def test_what_yaml_1_1_would_make_of_it_stays_text(text: str) -> None:
    assert plain(parse(f"a: {text}\nb: [{text}]".encode(), "x")) == {"a": text, "b": [text]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("+", "+"),
        (".", "."),
        ("1.2.3", "1.2.3"),
    ],
)
def test_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_quotes_make_text_of_anything() -> None:
    assert plain(parse(b'a: "12"\nb: \'true\'\nc: ""', "x")) == {"a": "12", "b": "true", "c": ""}


def test_every_node_knows_its_line() -> None:
    root = parse(b"a: 1\n\n# a remark\nb:\n  - c: 2\n", "rules.yaml")
    assert isinstance(root, Fields)
    key, value = root.entries["b"]
    assert place(key) == "rules.yaml:4"
    assert isinstance(value, Items)
    assert place(value.items[0]) == "rules.yaml:5"
    assert value.items[0].column == 5


def test_lines_count_the_same_with_any_end() -> None:
    for end in ("\n", "\r\n", "\r"):
        root = parse(end.join(["a: 1", "b: 2", "c: 3"]).encode(), "x")
        assert isinstance(root, Fields)
        assert root.entries["c"][0].line == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding: str) -> None:
    assert plain(parse("a: Kündigung".encode(encoding), "x")) == {"a": "Kündigung"}


def test_a_key_twice_is_refused_and_the_first_line_named() -> None:
    assert faults(b"a: 1\nb: 2\na: 3") == "rules.yaml:3: “a” stands twice, first in line 1"
    assert "“x” stands twice" in faults(b"a: {x: 1, x: 2}")


def test_anchors_aliases_and_tags_are_refused() -> None:
    assert faults(b"a: &x 1\nb: *x\nc: !!python/object:os.system {}\nd: ! e") == (
        "rules.yaml:1: an anchor, &x — write the value out where it is used\n"
        "rules.yaml:2: an alias, *x — write the value out\n"
        "rules.yaml:3: a tag, tag:yaml.org,2002:python/object:os.system — write the plain value\n"
        "rules.yaml:4: a tag, ! — write the plain value"
    )


def test_a_bomb_of_aliases_is_refused_where_it_is_lit() -> None:
    bomb = ["a0: &a0 [x]"]
    bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "rules.yaml:1: an anchor, &a0" in faults("\n".join(bomb).encode())


def test_an_alias_to_itself_is_refused() -> None:
    assert "an anchor" in faults(b"&a [*a]")


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert plain(parse(b"<<: {a: 1}", "x")) == {"<<": {"a": 1}}


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "rules.yaml:1: the file is empty"),
        (b"# nothing\n", "rules.yaml:1: the file is empty"),
        (b"---\na: 1\n---\nb: 2", "rules.yaml:3: a second document"),
        (b"? [a]\n: 1", "rules.yaml:1: a key that is a list or a mapping"),
        (b"a:\n\tb: 1", "rules.yaml:2: found character that cannot start any token — indent"),
        (b"a: [1, 2", "rules.yaml:1: did not find expected"),
        (b"a: 1\nb: 'x", "rules.yaml:2: found unexpected end of stream"),
        (b"a: b: c", "rules.yaml:1: mapping values are not allowed"),
        (b"a: 1\nb: \xff", "rules.yaml:2: not UTF-8"),
        (b"a: 1\nb: \x07", "rules.yaml:2: a control character"),
        (b"a\0: 1", "rules.yaml:1: a control character"),
        ("a: 1".encode("utf-16-le"), "rules.yaml:1: a control character"),
        (b"[" * 5000, "rules.yaml:1: "),
        (b"{a: " * 100, "rules.yaml:1: nested more than 40 deep"),
        (b"a: " + b"x" * MAX_BYTES, "rules.yaml: 256 KB is too large"),
    ],
    ids=range(15),
)
def test_what_cannot_be_read_is_named_with_its_line(data: bytes, fault: str) -> None:
    assert faults(data).startswith(fault)


def test_five_thousand_levels_in_block_style_are_refused() -> None:
    deep = "\n".join(" " * n + "a:" for n in range(700))
    assert "nested more than 40 deep" in faults(deep.encode())


def test_twenty_thousand_keys_are_read() -> None:
    node = parse("\n".join(f"k{n}: {n}" for n in range(20_000)).encode(), "x")
    assert isinstance(node, Fields)
    assert node.entries["k19999"][0].line == 20_000


@given(st.binary(max_size=200) | st.text("ab:-[]{}\n &*!'\"#|>?\t", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse(data, "x")
    except ConfigErrors as refused:
        places = [finding.place.partition(":")[0] for finding in refused.findings]
    else:
        places = ["x"]
    assert set(places) == {"x"}


values: st.SearchStrategy[object] = st.recursive(
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=8)
    | st.integers(-(10**15), 10**15)
    | st.booleans()
    | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_json_is_yaml(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert plain(parse(text.encode(), "x")) == value
