"""What counts as a change of columns."""

from __future__ import annotations

import pytest

from opsguide.core.schema_change import Column, SchemaChange, columns_of, compare, judge, readers
from opsguide.errors import InvalidParameter

ID, DAY, PRICE = Column("id", "bigint"), Column("day", "date"), Column("price", "double")
ALL = [ID, DAY, PRICE]
SEVERITY = {"removed": "ERROR", "retyped": "ERROR", "added": "WARNING", "reordered": "OK"}


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (ALL, SchemaChange()),
        ([*ALL, Column("note", "string")], SchemaChange(added=(Column("note", "string"),))),
        ([ID, PRICE], SchemaChange(removed=(DAY,))),
        ([ID, Column("day", "string"), PRICE], SchemaChange(retyped=((DAY, Column("day", "string")),))),
        ([ID, Column("day", "DATE"), PRICE], SchemaChange()),
        ([PRICE, ID, DAY], SchemaChange(reordered=("price", "id", "day"))),
        ([ID, Column("Day", "date"), PRICE], SchemaChange(added=(Column("Day", "date"),), removed=(DAY,))),
        # What is added in between leaves the others in their order.
        ([ID, Column("note"), DAY, PRICE], SchemaChange(added=(Column("note"),))),
    ],
)
def test_compare(current, expected):
    assert compare(ALL, current) == expected


def test_a_type_is_compared_only_where_one_is_accepted():
    assert compare([Column("id")], [ID]) == SchemaChange()


@pytest.mark.parametrize(
    ("accepted", "current", "word", "part"),
    [
        (ALL, ALL, "OK", "none changed"),
        (ALL, [ID, DAY], "ERROR", "1 column removed: price; 2 columns now, 3 accepted"),
        (ALL, [ID, DAY, Column("price", "string")], "ERROR", "retyped: price (double to string)"),
        (ALL, [*ALL, Column("x")], "WARNING", "1 column added: x"),
        (ALL, [DAY, ID, PRICE], "OK", "3 columns reordered: day, id and price"),
        (ALL, [ID, PRICE, Column("x")], "ERROR", "1 column removed: day; 1 column added: x"),
        ([], ALL, "CANNOT_TELL", "no accepted schema"),
        (ALL, [], "CANNOT_TELL", "no columns yet"),
    ],
)
def test_the_worst_change_counts_and_all_are_told(accepted, current, word, part):
    found = judge(accepted, current, SEVERITY)
    assert found.word == word
    assert part in found.message


def test_columns_as_people_list_them():
    listed = ["id: bigint", " day ", "", "a:b: string"]
    assert columns_of(listed) == (Column("id", "bigint"), Column("day"), Column("a:b", "string"))


def test_a_column_named_twice_is_a_mistake():
    with pytest.raises(InvalidParameter, match="id twice"):
        columns_of(["id: bigint", "id"])


@pytest.mark.parametrize(
    ("columns", "recipes", "expected"),
    [
        (["amount"], {}, ""),
        ([], {"b": None, "a": "amount"}, "read by a and b"),
        (["amount"], {"a": '{"column":"amount"}', "b": "SELECT amounts"}, "named in a; read by a and b"),
        (["amount"], {"a": "total_amount"}, "read by a"),
        (["a.b"], {"a": "axb", "b": 'df["a.b"]'}, "named in b; read by a and b"),
        (["amount"], {"a": None}, "perhaps in a, which could not be read; read by a"),
    ],
)
def test_which_recipes_read_what_is_gone(columns, recipes, expected):
    assert readers(columns, recipes) == expected
