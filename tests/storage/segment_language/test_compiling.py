"""A question means the same on SQLite, on PostgreSQL, and in plain Python."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables, tags
from storage.messages import FAN
from storage.seats import leave, sit
from storage.segment_language import compiling
from storage.segment_language.questions import (
    InGroup,
    InTaggedGroup,
    Joined,
    LastSpoke,
    Mark,
    Not,
    Question,
    Said,
    Saved,
    Spoke,
    Tagged,
    Than,
    every,
    some,
)
from storage.segments import Segment, matches, members_in, people_in, size_of
from storage.tags import Tag
from tests.storage.builders import ACCOUNT, DAY, NOW, group, member
from tests.storage.segment_language.people import Person, Seat, meant

GROUPS = {"一群": {"福利群"}, "二群": {"福利群", "华东"}, "三群": set[str]()}
TAGS = ("敏感肌", "老客", "a' OR '1'='1")
TEXTS = ("什么时候补货", "SPF50 好用吗", "spf50", "İstanbul ẞ É", "100%_\\", "哈")
PIECES = (
    "补货",
    "spf",
    "SPF50",
    "É",
    "é",
    "i",
    "ß",
    "%",
    "_",
    "\\",
    "\x00",
    "'; DROP TABLE members; --",
)
EDGE = timedelta(microseconds=1)


def ages(chance: random.Random) -> timedelta:
    """An age, often one of a whole number of days, or just beside it."""
    return chance.randint(0, 9) * DAY + chance.choice([-EDGE, timedelta(0), EDGE, DAY / 3])


def people() -> list[Person]:
    """Sixty members of some forty customers, always the same."""
    chance = random.Random(11)  # noqa: S311 (a made-up shop)

    def often(share: float) -> bool:
        return chance.random() < share

    return [
        Person(
            name=f"粉丝{number}",
            customer=chance.randrange(40),
            staff=often(0.1),
            opted_out=often(0.1),
            no_record=often(0.1),
            started=often(0.4),
            closed=often(0.3),
            tags=[
                (tag, None if often(0.5) else NOW + chance.choice([-DAY, timedelta(0), EDGE]))
                for tag in TAGS
                if often(0.4)
            ],
            seats=[
                Seat(name, NOW - ages(chance), left=often(0.3)) for name in GROUPS if often(0.4)
            ],
            said=[
                (NOW - ages(chance), chance.choice(TEXTS))
                for _ in range(chance.choice([0, 0, 1, 2, 3, 5]))
            ],
        )
        for number in range(60)
    ]


PEOPLE = people()


async def store(connection: AsyncConnection) -> None:
    """Put these people into the database, with what is no fan's word among what they said."""
    rooms = {name: await group(connection, name, *has) for name, has in GROUPS.items()}
    first: dict[int, int] = {}
    for person in PEOPLE:
        one = await member(connection, person.name, staff=person.staff)
        customer = first.setdefault(person.customer, one.customer_id)
        await connection.execute(
            update(tables.members)
            .where(tables.members.c.id == one.id)
            .values(
                customer_id=customer,
                started_at=NOW if person.started else None,
                unreachable_at=NOW if person.closed else None,
            )
        )
        wishes: dict[str, object] = {"opted_out_at": NOW} if person.opted_out else {}
        wishes |= {"no_record": True} if person.no_record else {}
        if wishes:
            of = tables.customers.c.id == customer
            await connection.execute(update(tables.customers).where(of).values(wishes))
        carried = [Tag(one.id, tag, "rule:watch", "1", NOW, end) for tag, end in person.tags]
        await tags.set_tags(connection, carried)
        for seat in person.seats:
            await sit(connection, [(rooms[seat.group].id, one.id, seat.joined_at)])
            if seat.left:
                await leave(connection, rooms[seat.group].id, one.id, NOW + DAY)
        for at, text in person.said:
            await say(connection, one.id, at, text)
        await say(connection, one.id, NOW, "补货 spf50", kind="command")


async def say(
    connection: AsyncConnection, member_id: int, at: datetime, text: str, kind: str = FAN
) -> None:
    """A member says something."""
    number = len((await connection.execute(select(tables.messages.c.id))).all())
    await connection.execute(
        insert(tables.messages).values(
            account=ACCOUNT, message=f"m{number}", member_id=member_id, at=at, kind=kind, text=text
        )
    )


DAYS = st.integers(0, 10)
WITHIN = st.none() | DAYS
AGES = st.sampled_from([Than.LESS, Than.AT_MOST, Than.MORE, Than.AT_LEAST])


def some_of(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from([*names, "没有"]), min_size=1, max_size=3, unique=True).map(
        tuple
    )


CONDITIONS: st.SearchStrategy[Question] = st.one_of(
    some_of(*TAGS).map(Tagged),
    some_of(*GROUPS).map(InGroup),
    some_of("福利群", "华东").map(InTaggedGroup),
    st.builds(LastSpoke, AGES, DAYS),
    st.builds(Joined, AGES, DAYS),
    st.builds(Spoke, st.sampled_from(Than), st.integers(0, 6), WITHIN),
    st.builds(Said, st.sampled_from(PIECES), WITHIN),
    st.sampled_from(Mark),
)
QUESTIONS: st.SearchStrategy[Question] = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        inner.filter(lambda one: not isinstance(one, Not)).map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: every(*parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: some(*parts)),
    ),
    max_leaves=6,
)


@pytest_asyncio.fixture(loop_scope="session")
async def stored(connection: AsyncConnection) -> AsyncConnection:
    """The database with the people in it."""
    await store(connection)
    return connection


@given(question=QUESTIONS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_a_question_means_what_plain_python_says(
    stored: AsyncConnection, question: Question
) -> None:
    asked = Segment.asking(question)
    assert asked.question == question
    who = people_in(asked, NOW)
    found = await stored.scalars(select(tables.members.c.name).where(who))
    assert set(found) == meant(question, PEOPLE, GROUPS, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "last_active < 60d",
        "not last_active < 60d",
        "not last_active >= 0d",
        "not messages >= 1 in 30d",
        "not said 补货",
        "not (said 补货 and messages >= 0)",
        "not (said 补货 or not last_active > 60d)",
        "not not messages = 0",
    ],
)
async def test_talk_finds_nobody_who_asked_for_no_record_whichever_way_it_is_asked(
    stored: AsyncConnection, text: str
) -> None:
    of_them = {one.customer for one in PEOPLE if one.no_record}
    unasked = {one.name for one in PEOPLE if one.customer in of_them}
    found = await stored.scalars(
        select(tables.members.c.name).where(people_in(Segment.parse(text), NOW))
    )
    assert unasked
    assert unasked.isdisjoint(found)


async def test_sizes_count_customers_and_leave_the_staff_out_unless_they_are_asked_for(
    stored: AsyncConnection,
) -> None:
    for text in ("messages >= 0", "staff", "not staff", "tag:老客"):
        asked = Segment.parse(text)
        names = meant(asked.question, PEOPLE, GROUPS, NOW)
        with_staff = "staff" in text
        right = [one for one in PEOPLE if one.name in names and (with_staff or not one.staff)]
        assert await size_of(stored, asked, NOW) == len({one.customer for one in right})
        assert {one.name for one in await matches(stored, asked, NOW)} == {o.name for o in right}
        few = await matches(stored, asked, NOW, 3)
        assert len(few) == min(3, len(right))
        assert {one.name for one in few} <= {one.name for one in right}


async def test_no_group_of_the_staff_s_own_counts(stored: AsyncConnection) -> None:
    staff = tables.groups.c.name == "一群"
    await stored.execute(update(tables.groups).where(staff).values(is_staff=True))
    assert await members_in(stored, Segment.parse("group = 一群"), NOW) == []


def test_a_saved_segment_has_to_be_put_in_for_its_name_first() -> None:
    with pytest.raises(TypeError, match="常客"):
        compiling.compiled(Saved("常客"), NOW)


def test_it_counts_what_recording_calls_a_fan_s_word() -> None:
    assert compiling.FAN == FAN
