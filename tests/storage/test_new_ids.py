"""Whoever the platform gives another id stays who they were; two rows of one person become one."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import (
    accounts,
    deliveries,
    forms,
    identities,
    members,
    numbered_choices,
    reach,
    tags,
)
from storage import passing_posts as passing
from storage.deliveries import DeliveryState, Move
from storage.identities import NewMatch
from storage.members import Member, Seen
from storage.new_ids import NewId, give_ids
from storage.tables import members as member_rows
from storage.tables import metadata, own_posts
from storage.tags import Tag
from storage.unheard import UnheardEvent, forget_unheard, keep_unheard
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    NOW,
    PLATFORM,
    begun,
    campaign,
    due_now,
    group,
    heard,
    lane,
    member,
    record,
    sent,
    slot_of,
)
from tests.storage.ids_scenes import (
    NEW,
    NEW_ADDRESS,
    OLD_ADDRESS,
    known_as,
    ledger_rows,
    private,
    told,
)
from tests.storage.private_deliveries import deliver_to

# Another id, and no row by it


async def test_a_member_keeps_the_row_and_what_stands_on_it(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    fan = await member(connection, "小美", here)
    await tags.set_tags(connection, [Tag(fan.id, "敏感肌", "rule:x", "说过", NOW)])
    await record(connection, heard("m1"))
    await told(connection, NewId(fan.id, NEW, "美美", "张姐"))
    now = await known_as(connection, NEW)
    assert (now.id, now.customer_id) == (fan.id, fan.customer_id)
    assert (now.name, now.alias) == ("美美", "张姐")
    assert await members.member_known_as(connection, PLATFORM, "id-小美") is None
    assert [one.tag for one in await tags.tags_of(connection, fan.id, NOW)] == ["敏感肌"]
    assert [one.id for one in await members.members_of(connection, here.id)] == [fan.id]


async def test_an_alias_of_which_nothing_is_said_stays(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    await told(connection, NewId(fan.id, "@1", "小美", "张姐"))
    await told(connection, NewId(fan.id, "@2", "小美"))
    assert (await known_as(connection, "@2")).alias == "张姐"
    await told(connection, NewId(fan.id, "@3", "小美", ""))
    assert (await known_as(connection, "@3")).alias == ""


async def test_many_are_given_ids_at_once_and_others_keep_theirs(
    connection: AsyncConnection,
) -> None:
    # More than a statement takes arguments on either engine.
    crowd = [Seen(f"id-{number}", f"粉丝{number}") for number in range(33_000)]
    fans: dict[str, Member] = {}
    for start in range(0, len(crowd), 11_000):
        some = crowd[start : start + 11_000]
        fans |= await members.ensure_members(connection, PLATFORM, some, NOW)
    other = await member(connection, "小鱼")
    await told(connection, *(NewId(one.id, f"@{one.id}", one.name) for one in fans.values()))
    known = await connection.execute(select(member_rows.c.id, member_rows.c.person))
    assert {row.id: row.person for row in known} == {
        other.id: "id-小鱼",
        **{one.id: f"@{one.id}" for one in fans.values()},
    }


async def test_what_was_refused_by_the_old_id_is_not_by_the_new_one(
    connection: AsyncConnection,
) -> None:
    fan, other = await member(connection, "小美"), await member(connection, "小鱼")
    await reach.mark_unreachable(connection, [fan.id, other.id], NOW)
    await told(connection, NewId(fan.id, NEW, "小美"))
    rows = await connection.execute(select(member_rows.c.id, member_rows.c.unreachable_at))
    assert {row.id: row.unreachable_at for row in rows} == {fan.id: None, other.id: NOW}


async def test_told_twice_or_of_nobody_nothing_happens(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    await told(connection)
    for _ in range(2):
        await told(connection, NewId(fan.id, NEW, "小美"), NewId(fan.id + 99, "@x", "没有"))
    assert (await known_as(connection, NEW)).id == fan.id
    assert await members.member_known_as(connection, PLATFORM, "@x") is None


# What is addressed


async def test_what_is_to_come_goes_to_the_new_id_and_what_was_sent_stays(
    connection: AsyncConnection,
) -> None:
    fan, right = await member(connection, "小美"), await lane(connection)
    for slot in ("sent", "uncertain", "failed", "planned"):
        await private(connection, fan, slot)
        some = [one for one in await due_now(connection) if one.slot == slot]
        if slot == "sent":
            await sent(connection, right, some)
        elif slot != "planned":
            await begun(connection, right, some)
            move = Move(some[0].id, DeliveryState(slot), "x")
            await deliveries.move(connection, right, [move], NOW)
    await told(connection, NewId(fan.id, NEW, "小美"))
    key = f"c1/{{}}/{ACCOUNT}/{{}}".format
    assert await ledger_rows(connection) == {
        "sent": [("sent", OLD_ADDRESS, key("sent", NEW_ADDRESS), None)],
        "uncertain": [("uncertain", NEW_ADDRESS, key("uncertain", OLD_ADDRESS), "x")],
        "failed": [("failed", NEW_ADDRESS, key("failed", NEW_ADDRESS), "x")],
        "planned": [("planned", NEW_ADDRESS, key("planned", NEW_ADDRESS), None)],
    }


async def test_planning_again_makes_nothing_twice_however_often_ids_change(
    connection: AsyncConnection,
) -> None:
    fan, right = await member(connection, "小美"), await lane(connection)
    await private(connection, fan, "sent")
    await sent(connection, right, await due_now(connection))
    await private(connection, fan, "planned")
    for person in ("@1", "@2", "@3"):
        await told(connection, NewId(fan.id, person, "小美"))
        for slot in ("sent", "planned"):
            await private(connection, fan, slot)
    found = await ledger_rows(connection)
    assert {slot: len(rows) for slot, rows in found.items()} == {"sent": 1, "planned": 1}
    assert [one.address for one in await due_now(connection)] == ["person:@3"]


async def test_what_is_planned_no_more_keeps_its_name(connection: AsyncConnection) -> None:
    fan, right = await member(connection, "小美"), await lane(connection)
    await private(connection, fan, "sent")
    await sent(connection, right, await due_now(connection))
    await give_ids(connection, PLATFORM, ACCOUNT, [NewId(fan.id, NEW, "小美")], NOW + 99 * DAY)
    key = f"c1/sent/{ACCOUNT}/{OLD_ADDRESS}"
    assert await ledger_rows(connection) == {"sent": [("sent", OLD_ADDRESS, key, None)]}


async def test_other_people_and_accounts_keep_their_addresses(connection: AsyncConnection) -> None:
    fan, other = await member(connection, "小美"), await member(connection, "小美2")
    await private(connection, other, "other")
    of = await campaign(connection)
    await deliver_to(connection, slot_of(of, "elsewhere"), "room:2", [fan.id], NOW)
    await told(connection, NewId(fan.id, NEW, "小美"))
    found = await ledger_rows(connection)
    assert found["other"][0][1] == "person:id-小美2"
    assert found["elsewhere"][0][1] == OLD_ADDRESS


async def test_whatever_else_is_addressed_follows(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    form = forms.Form(fan.id, ACCOUNT, OLD_ADDRESS, "campaign", "text", {}, NOW)
    await forms.keep(connection, form)
    await passing.keep_passing(connection, ACCOUNT, OLD_ADDRESS, "receipt-1", NOW)
    await numbered_choices.offer(connection, ACCOUNT, OLD_ADDRESS, ["/a"], NOW)
    await numbered_choices.offer(connection, "room:2", OLD_ADDRESS, ["/b"], NOW)
    await connection.execute(
        own_posts.insert().values(
            account=ACCOUNT, key="k", piece=0, address=OLD_ADDRESS, digest="d", began_at=NOW
        )
    )
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "c")
    await keep_unheard(connection, UnheardEvent(ACCOUNT, "c", "id-小美", "{}", "x", NOW))
    await told(connection, NewId(fan.id, NEW, "小美"))
    assert await forms.of_member(connection, fan.id) == replace(form, address=NEW_ADDRESS)
    assert [one.address for one in await passing.passed(connection, ACCOUNT, NOW, limit=9)] == [
        NEW_ADDRESS
    ]
    assert await numbered_choices.offered(connection, ACCOUNT, NEW_ADDRESS, NOW) == ["/a"]
    assert await numbered_choices.offered(connection, "room:2", OLD_ADDRESS, NOW) == ["/b"]
    assert await connection.scalar(select(own_posts.c.address)) == NEW_ADDRESS
    await forget_unheard(connection, fan.customer_id)
    assert await connection.scalar(select(metadata.tables["unheard_events"].c.id)) is None


async def test_what_was_offered_under_the_new_id_is_the_last_offer(
    connection: AsyncConnection,
) -> None:
    fan = await member(connection, "小美")
    await numbered_choices.offer(connection, ACCOUNT, OLD_ADDRESS, ["/old"], NOW)
    await numbered_choices.offer(connection, ACCOUNT, NEW_ADDRESS, ["/new"], NOW)
    await told(connection, NewId(fan.id, NEW, "小美"))
    assert await numbered_choices.offered(connection, ACCOUNT, NEW_ADDRESS, NOW) == ["/new"]


async def test_who_is_asked_about_is_asked_about_by_the_new_id(connection: AsyncConnection) -> None:
    gone, fan = await member(connection, "小鱼"), await member(connection, "小美")
    asked = NewMatch(gone.id, gone.person, fan.person, "小美", 65, ("name",))
    await identities.keep_doubtful(connection, ACCOUNT, [asked], NOW)
    await told(connection, NewId(fan.id, NEW, "小美"))
    assert [one.after for one in await identities.undecided(connection)] == [NEW]


async def test_what_would_be_asked_twice_is_asked_once(connection: AsyncConnection) -> None:
    gone, fan = await member(connection, "小鱼"), await member(connection, "小美")
    asked = NewMatch(gone.id, gone.person, fan.person, "小美", 65, ("name",))
    await identities.keep_doubtful(connection, ACCOUNT, [asked, replace(asked, after=NEW)], NOW)
    await told(connection, NewId(fan.id, NEW, "小美"))
    assert [one.after for one in await identities.undecided(connection)] == [NEW]
