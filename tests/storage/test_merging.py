"""Two rows of one person become one: nothing is lost, and nothing is twice."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import (
    appointments,
    comings,
    confirmations,
    customers,
    forms,
    identities,
    invites,
    join_requests,
    members,
    messages,
    reach,
    tags,
)
from storage.analysis import day_states
from storage.database import Database
from storage.identities import NewMatch
from storage.members import Member, Seen
from storage.merging import SAME_PERSON, hold_people
from storage.new_ids import NewId
from storage.seats import leave, sit
from storage.tables import customers as customer_rows
from storage.tables import friend_requests, memberships, metadata
from storage.tables import members as member_rows
from storage.tags import Tag
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    analysed,
    due_now,
    group,
    heard,
    lane,
    member,
    record,
    sent,
)
from tests.storage.ids_scenes import (
    NEW,
    NEW_ADDRESS,
    known_as,
    ledger_rows,
    newer,
    private,
    told,
)

# Two rows of one person


async def test_what_was_heard_under_the_new_id_belongs_to_the_member(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    old = await member(connection, "小美", here)
    new = await newer(connection, "美美")
    await sit(connection, [(there.id, new.id, NOW + HOUR)])
    await record(connection, heard("m1"), heard("m2", sender=Seen(NEW, "美美"), at=NOW + HOUR))
    await told(connection, NewId(old.id, NEW, "美美"))
    assert (await known_as(connection, NEW)).id == old.id
    assert await members.members_by_id(connection, [new.id]) == {}
    said = await messages.utterances(connection, here.id, NOW - DAY, NOW + DAY)
    assert [one.member_id for one in said] == [old.id, old.id]
    for seat in (here, there):
        assert [one.id for one in await members.members_of(connection, seat.id)] == [old.id]


async def test_nothing_is_lost_and_nothing_speaks_of_the_row_that_is_gone(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    old, new = await member(connection, "小美"), await newer(connection)
    friend = await member(connection, "小鱼", here)
    await sit(connection, [(here.id, new.id, NOW)])
    await connection.execute(
        memberships.update().where(memberships.c.member_id == friend.id).values(invited_by=new.id)
    )
    await record(connection, heard("m1", sender=Seen(NEW, "小美")))
    await comings.note_coming(connection, here.id, new.id, NOW, came=True)
    await tags.set_tags(connection, [Tag(new.id, "老客", "manager:x", "", NOW)])
    await invites.keep_invite(connection, here.id, new.id, "link", NOW)
    request = join_requests.NewRequest(here.id, new.id, "", None, NOW)
    await join_requests.keep_request(connection, request)
    await connection.execute(
        friend_requests.insert().values(
            account=ACCOUNT, request="r1", member_id=new.id, words="", asked_at=NOW
        )
    )
    third = NewMatch(new.id, NEW, "@third", "小美", 65, ("name",))
    await identities.keep_doubtful(connection, ACCOUNT, [third], NOW)
    await forms.keep(connection, forms.Form(new.id, ACCOUNT, NEW_ADDRESS, "k", "s", {}, NOW))
    await confirmations.ask(connection, new.id, "broadcast", {}, NOW)
    await confirmations.keep_choice(connection, new.id, "@一群")
    await private(connection, new, "s1")
    belonging: list[tuple[Table, str]] = [
        (table, name)
        for table in metadata.sorted_tables
        for name in ("member_id", "invited_by")
        if name in table.c
    ]
    before = {
        (table.name, name): len((await connection.scalars(of(table, name, new))).all())
        for table, name in belonging
    }
    assert set(before.values()) == {1}, before
    await told(connection, NewId(old.id, NEW, "小美"))
    for table, name in belonging:
        assert (await connection.scalars(of(table, name, new))).all() == [], table.name
        assert len((await connection.scalars(of(table, name, old))).all()) == 1, table.name
    assert len((await connection.scalars(select(customer_rows.c.id))).all()) == 2


def of(table: Table, name: str, one: Member) -> Any:
    """The rows of a table that speak of a member."""
    return select(table.c[name]).where(table.c[name] == one.id)


async def test_the_days_on_which_the_newer_row_spoke_are_analysed_again(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    old = await member(connection, "小美", here)
    await record(connection, heard("m1", sender=Seen(NEW, "小美")))
    await analysed(connection, here, NOW.date(), NOW.date() - 9 * DAY)
    await told(connection, NewId(old.id, NEW, "小美"))
    found = await day_states(connection, [here.id], NOW.date() - 9 * DAY, NOW.date())
    assert {one.day: one.dirty for one in found} == {
        NOW.date(): True,
        NOW.date() - 9 * DAY: False,
    }


async def test_where_both_sat_the_platforms_word_on_the_new_id_counts(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    old, new = await member(connection, "小美", here, there), await newer(connection)
    await leave(connection, here.id, old.id, NOW + MINUTE)
    await sit(connection, [(one.id, new.id, NOW + HOUR) for one in (here, there)])
    await leave(connection, there.id, new.id, NOW + 2 * HOUR)
    await told(connection, NewId(old.id, NEW, "小美"))
    rows = await connection.execute(
        select(memberships.c.group_id, memberships.c.joined_at, memberships.c.left_at)
    )
    assert {row.group_id: (row.joined_at, row.left_at) for row in rows} == {
        here.id: (NOW, None),
        there.id: (NOW, NOW + 2 * HOUR),
    }


async def test_who_came_by_either_link_is_counted_for_the_one_that_stays(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    old, new = await member(connection, "小美"), await newer(connection)
    came = [await member(connection, name, here) for name in ("甲", "乙")]
    for owner, guest, link in ((old, came[0], ""), (new, came[1], "new")):
        made = await invites.keep_invite(connection, here.id, owner.id, link, NOW)
        await invites.came_by(connection, here.id, guest.id, made.id)
    await told(connection, NewId(old.id, NEW, "小美"))
    theirs = await invites.invite_of(connection, here.id, old.id)
    assert theirs is not None
    assert (theirs.link, theirs.came) == ("new", 2)


@pytest.mark.parametrize(
    ("older", "later", "stays"),
    [
        (("rule:a", NOW), ("rule:b", NOW + HOUR), "newer"),
        (("rule:a", NOW + HOUR), ("rule:b", NOW), "older"),
        (("manager:a", NOW), ("rule:b", NOW + HOUR), "older"),
        (("rule:a", NOW + HOUR), ("manager:b", NOW), "newer"),
        (("manager:a", NOW), ("manager:b", NOW + HOUR), "newer"),
    ],
)
async def test_of_a_tag_that_both_carry_the_better_stays(
    connection: AsyncConnection,
    older: tuple[str, datetime],
    later: tuple[str, datetime],
    stays: str,
) -> None:
    old, new = await member(connection, "小美"), await newer(connection)
    await tags.set_tags(
        connection,
        [
            Tag(old.id, "老客", older[0], "older", older[1]),
            Tag(new.id, "老客", later[0], "newer", later[1]),
            Tag(old.id, "只旧", "rule:x", "", NOW),
            Tag(new.id, "只新", "rule:x", "", NOW),
        ],
    )
    await told(connection, NewId(old.id, NEW, "小美"))
    theirs = {one.tag: one.why for one in await tags.tags_of(connection, old.id, NOW)}
    assert theirs == {"老客": stays, "只旧": "", "只新": ""}


async def test_what_was_planned_for_both_goes_out_once(connection: AsyncConnection) -> None:
    right = await lane(connection)
    old, new = await member(connection, "小美"), await newer(connection)
    for slot, first in (("older sent", old), ("newer sent", new)):
        await private(connection, first, slot)
        ready = [one for one in await due_now(connection) if one.slot == slot]
        await sent(connection, right, ready)
        for one in (old, new):
            await private(connection, one, slot)
    for one in (old, new):
        await private(connection, one, "both planned")
    await private(connection, old, "older only")
    await told(connection, NewId(old.id, NEW, "小美"))
    found = await ledger_rows(connection)
    stand = {slot: {(row[0], row[3]) for row in rows} for slot, rows in found.items()}
    gone = ("cancelled", SAME_PERSON)
    assert stand == {
        "older sent": {("sent", None), gone},
        "newer sent": {("sent", None), gone},
        "both planned": {("planned", None), gone},
        "older only": {("planned", None)},
    }
    assert {one.address for one in await due_now(connection)} == {NEW_ADDRESS}
    for slot in stand:
        await private(connection, old, slot)
    again = await ledger_rows(connection)
    assert {slot: len(rows) for slot, rows in again.items()} == {
        slot: len(rows) for slot, rows in found.items()
    }


@pytest.mark.parametrize("later", ["older", "newer"])
async def test_of_two_forms_the_later_stays(connection: AsyncConnection, later: str) -> None:
    old, new = await member(connection, "小美"), await newer(connection)
    for one, name in ((old, "older"), (new, "newer")):
        moved_at = NOW + HOUR if name == later else NOW
        form = forms.Form(one.id, ACCOUNT, f"person:{one.person}", name, "s", {}, moved_at)
        await forms.keep(connection, form)
    await told(connection, NewId(old.id, NEW, "小美"))
    left = await forms.of_member(connection, old.id)
    assert left is not None
    assert (left.kind, left.address) == (later, NEW_ADDRESS)


async def test_the_choice_made_under_the_new_id_is_the_last(connection: AsyncConnection) -> None:
    old, new = await member(connection, "小美"), await newer(connection)
    await confirmations.keep_choice(connection, old.id, "@旧")
    await told(connection, NewId(old.id, "@1", "小美"))
    assert await confirmations.last_choice(connection, old.id) == "@旧"
    await confirmations.keep_choice(connection, new.id, "@新")
    await told(connection, NewId(old.id, NEW, "小美"))
    assert await confirmations.last_choice(connection, old.id) == "@新"


# What binds a person


@pytest.mark.parametrize("older_wants", [False, True])
@pytest.mark.parametrize("newer_wants", [False, True])
async def test_the_customer_keeps_the_stricter_of_both(
    connection: AsyncConnection, *, older_wants: bool, newer_wants: bool
) -> None:
    old, new = await member(connection, "小美"), await newer(connection)
    await record(connection, heard("m1"), heard("m2", sender=Seen(NEW, "小美")))
    await tags.set_tags(connection, [Tag(old.id, "敏感肌", "rule:x", "", NOW)])
    for one, wants in ((old, older_wants), (new, newer_wants)):
        if wants:
            at = NOW if one is new else NOW + HOUR
            await customers.set_opt_out(connection, one.customer_id, at)
            await customers.set_no_record(connection, one.customer_id, no_record=True)
    await told(connection, NewId(old.id, NEW, "小美"))
    now = await known_as(connection, NEW)
    strict = older_wants or newer_wants
    assert (now.customer_id, now.opted_out, now.no_record) == (old.customer_id, strict, strict)
    kept = await connection.scalars(select(metadata.tables["messages"].c.text))
    assert {bool(text) for text in kept} == {not strict}
    assert bool(await tags.tags_of(connection, old.id, NOW)) is not strict
    since = await connection.scalar(select(customer_rows.c.opted_out_at))
    assert since == (NOW if newer_wants else NOW + HOUR if older_wants else None)


async def test_other_members_of_either_customer_stay_theirs(connection: AsyncConnection) -> None:
    old, new = await member(connection, "小美"), await newer(connection)
    linked = [await member(connection, name) for name in ("甲", "乙")]
    for one, to in zip(linked, (old, new), strict=True):
        await connection.execute(
            member_rows.update()
            .where(member_rows.c.id == one.id)
            .values(customer_id=to.customer_id)
        )
    await customers.set_zone(connection, new.customer_id, "Asia/Urumqi")
    await told(connection, NewId(old.id, NEW, "小美"))
    rows = await connection.scalars(select(member_rows.c.customer_id))
    assert set(rows) == {old.customer_id}
    zone = select(customer_rows.c.zone).where(customer_rows.c.id == old.customer_id)
    assert await connection.scalar(zone) == "Asia/Urumqi"


async def test_two_rows_of_one_customer_keep_it(connection: AsyncConnection) -> None:
    old, new = await member(connection, "小美"), await newer(connection)
    await connection.execute(
        member_rows.update().where(member_rows.c.id == new.id).values(customer_id=old.customer_id)
    )
    await customers.set_opt_out(connection, old.customer_id, NOW)
    await told(connection, NewId(old.id, NEW, "小美"))
    now = await known_as(connection, NEW)
    assert (now.customer_id, now.opted_out) == (old.customer_id, True)


async def test_who_is_a_manager_by_either_row_is_one_and_is_reached_as_the_newer(
    connection: AsyncConnection,
) -> None:
    old, new = await member(connection, "小美"), await newer(connection)
    await appointments.appoint(connection, old.id, NOW)
    await reach.mark_reachable(connection, [old.id], NOW)
    await reach.mark_unreachable(connection, [new.id], NOW + HOUR)
    await told(connection, NewId(old.id, NEW, "小美"))
    now = await known_as(connection, NEW)
    assert (now.staff, now.appointed, now.first_seen_at) == (True, True, NOW)
    row = (await connection.execute(select(member_rows))).one()
    assert (row.started_at, row.unreachable_at) == (NOW, NOW + HOUR)


# Others at work


async def test_what_another_process_notes_meanwhile_is_not_lost(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        await group(connection, "一群")
        old, new = await member(connection, "小美"), await newer(connection)
    held = asyncio.Event()

    async def merge() -> None:
        async with database.writing() as connection:
            await hold_people(connection, [old.id, new.id])
            held.set()
            await asyncio.sleep(0.2)
            await told(connection, NewId(old.id, NEW, "小美"))

    async def hear() -> None:
        await held.wait()
        async with other.writing() as connection:
            await record(connection, heard("m1", sender=Seen(NEW, "小美")))

    await asyncio.gather(merge(), hear())
    async with database.reading() as connection:
        said = await connection.execute(select(metadata.tables["messages"].c.member_id))
        assert [row.member_id for row in said] == [old.id]
        assert len((await connection.scalars(select(customer_rows.c.id))).all()) == 1
