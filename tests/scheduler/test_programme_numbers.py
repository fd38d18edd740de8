"""A post keeps its number whatever the shop tells later."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.nodes import Node
from scheduler.programme import shipped_programmes
from scheduler.programme_file import read_programme
from scheduler.programme_plan import resolve
from tests.scheduler.programme_files import FACTS, NODES, needed_for, nodes_for, told_for, written

SHIPPED = [key for key, one in shipped_programmes().items() if one.tasks]
YEAR = 2026


def numbers(key: str, facts: dict[str, object], nodes: dict[str, Node]) -> dict[str, int]:
    return dict(resolve(shipped_programmes()[key], YEAR, facts, nodes).numbers)


@pytest.mark.parametrize("key", SHIPPED)
@settings(deadline=None)  # the first reads the calendar's tables
@given(data=st.data())
def test_no_fact_and_no_node_gives_a_post_another_number(key: str, data: st.DataObject) -> None:
    needed, every = needed_for(key, YEAR), told_for(key, YEAR)
    others = sorted(every.keys() - needed.keys())
    told = data.draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    announced = nodes_for(key, YEAR)
    known = (
        data.draw(st.lists(st.sampled_from(sorted(announced)), unique=True)) if announced else []
    )
    facts = {**needed, **{name: every[name] for name in told}}
    nodes = {name: announced[name] for name in known}
    assert numbers(key, facts, nodes) == numbers(key, needed, {})


@pytest.mark.parametrize("key", SHIPPED)
def test_every_post_of_a_plan_has_a_number_of_its_own(key: str) -> None:
    plan = resolve(shipped_programmes()[key], YEAR, told_for(key, YEAR), nodes_for(key, YEAR))
    assert {post.slot for post in plan.posts} <= plan.numbers.keys()
    assert sorted(plan.numbers.values()) == list(range(1, len(plan.numbers) + 1))


def test_numbers_follow_time_and_what_is_open_comes_behind_what_the_file_has_before_it(
    tmp_path: Path,
) -> None:
    plan = resolve(read_programme(written(tmp_path)), YEAR, {}, {})
    expected = ["wishes", "old-fans", "count:d-2", "count:d-1", "balance", "live", "thanks"]
    assert sorted(plan.numbers, key=lambda slot: plan.numbers[slot]) == expected
    told = resolve(read_programme(written(tmp_path)), YEAR, FACTS, NODES)
    assert told.numbers == plan.numbers
