"""Which group under a new id is which group known: by name and by who sits there."""

from __future__ import annotations

import pytest

from handlers.same_groups import KnownGroup, SameGroup, ShownGroup, same_groups


def known(names: str = "", name: str = "一群", *, id_: int = 1, present: bool = True) -> KnownGroup:
    """A group with people of these names, one character each; their ids are `id-NAME`."""
    people = tuple((f"id-{one}", one) for one in names)
    return KnownGroup(id_, name, present, people)


def shown(
    names: str = "", name: str = "一群", *, chat: str = "@1", ids: tuple[str, ...] = ()
) -> ShownGroup:
    """A group with people of these names, who have new ids, and of these ids."""
    return ShownGroup(chat, name, frozenset(ids), frozenset(names))


def chats(found: dict[int, SameGroup]) -> dict[int, str]:
    return {group: one.chat for group, one in found.items()}


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        # The same name
        (known(), shown(), True),
        (known(), shown("甲乙丙"), True),
        (known("甲乙丙丁"), shown("甲"), True),
        (known("甲乙丙丁"), shown("戊"), False),
        (known("甲乙丙丁戊"), shown("甲"), False),
        (known("甲"), shown("甲"), True),
        (known("甲"), shown("乙"), False),
        (known("甲"), shown("乙", ids=("id-甲",)), True),
        (known(name=""), shown(name=""), False),
        # One that the bot had left
        (known(present=False), shown(), False),
        (known("甲乙", present=False), shown("甲乙"), True),
        # Another name
        (known(), shown(name="二群"), False),
        (known("甲乙丙丁戊己"), shown("甲乙丙", "二群"), True),
        (known("甲乙丙丁戊己"), shown("甲乙", "二群"), False),
        (known("甲乙"), shown("甲乙", "二群"), False),
        (known("甲乙丙"), shown("甲", "二群", ids=("id-乙", "id-丙")), True),
    ],
)
def test_a_group_is_known_again(before: KnownGroup, now: ShownGroup, *, same: bool) -> None:
    assert chats(same_groups([before], [now])) == ({1: "@1"} if same else {})


@pytest.mark.parametrize(
    ("before", "now", "proven"),
    [
        (known(), shown(), False),
        (known("甲乙"), shown("甲乙"), False),
        (known("甲乙丙"), shown("甲乙"), False),
        (known("甲乙丙"), shown("甲乙丙"), True),
        (known("甲乙丙丁戊己"), shown("甲乙丙"), True),
        (known("甲乙丙丁戊己庚"), shown("甲乙丙"), False),
        (known("甲乙丙"), shown("甲", ids=("id-乙", "id-丙")), True),
        (known("甲乙丙"), shown("甲乙丙", "二群"), True),
        (known("甲乙丙", present=False), shown("甲乙丙"), False),
    ],
)
def test_it_is_proven_by_many_who_sit_there_and_never_where_the_bot_had_left(
    before: KnownGroup, now: ShownGroup, *, proven: bool
) -> None:
    assert same_groups([before], [now]) == {1: SameGroup("@1", proven)}


def test_several_of_one_name_are_told_apart_by_who_sits_there() -> None:
    before = [known("甲乙丙", id_=1), known("丁戊己", id_=2)]
    now = [shown("丁戊己", chat="@b"), shown("甲乙丙", chat="@a")]
    assert chats(same_groups(before, now)) == {1: "@a", 2: "@b"}


def test_a_strangers_group_of_the_same_name_is_not_taken() -> None:
    now = [shown("甲乙丙丁", chat="@ours"), shown("甲", chat="@theirs")]
    assert chats(same_groups([known("甲乙丙丁")], now)) == {1: "@ours"}


@pytest.mark.parametrize("there", ["甲乙丙", "甲乙丙丁"])
def test_what_may_be_two_is_neither(there: str) -> None:
    now = [shown("甲乙丙丁", chat="@a"), shown(there, chat="@b")]
    assert same_groups([known("甲乙丙丁")], now) == {}
    before = [known("甲乙丙丁", id_=1), known("甲乙丙", id_=2)]
    assert same_groups(before, [shown("甲乙丙丁", "新群")]) == {}


def test_nothing_is_known_again_where_nothing_is_shown() -> None:
    assert same_groups([known("甲")], []) == {}
    assert same_groups([], [shown("甲")]) == {}
