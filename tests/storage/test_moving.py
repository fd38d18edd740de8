"""A group that the platform gave another id stays the group it was, and gets nothing twice."""

from __future__ import annotations

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import (
    campaigns,
    comings,
    deliveries,
    friendships,
    groups,
    invites,
    join_requests,
    members,
    messages,
    own_posts,
    slots,
    topics,
    welcomes,
)
from storage import passing_posts as passing
from storage.analysis import day_states
from storage.audiences import Audience
from storage.deliveries import DeliveryState, Move
from storage.groups import Group
from storage.join_requests import Rule
from storage.moving import GROUP_MOVED, Whereabouts, move_group
from storage.numbered_choices import offer, offered
from storage.running_programmes import keep_facts, running_programme, switch_on
from storage.seats import leave, sit
from storage.segments import Segment
from storage.tables import content_versions, memberships, metadata
from storage.tables import deliveries as ledger
from storage.tables import groups as group_rows
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    MINUTE,
    NOW,
    analysed,
    begun,
    campaign,
    due_now,
    edited,
    group,
    heard,
    lane,
    member,
    planned,
    record,
    sent,
    shop,
    slot_of,
    stored,
)

OLD, NEW = "chat-一群", "chat-超群"


async def moved(connection: AsyncConnection, before: str = OLD, after: str = NEW) -> int | None:
    """The platform tells of the move."""
    return await move_group(
        connection,
        ACCOUNT,
        Whereabouts(before, f"group:{before}"),
        Whereabouts(after, f"group:{after}"),
        NOW,
    )


async def by_chat(connection: AsyncConnection, chat: str) -> Group | None:
    return await groups.group_in_chat(connection, ACCOUNT, chat)


async def addressed(connection: AsyncConnection) -> dict[str, tuple[str, str, str | None]]:
    """Slot → state, address and reason."""
    rows = await connection.execute(
        select(ledger.c.slot, ledger.c.state, ledger.c.address, ledger.c.reason).order_by(
            ledger.c.id
        )
    )
    return {row.slot: (row.state, row.address, row.reason) for row in rows}


# The group alone


async def test_a_group_keeps_its_row(connection: AsyncConnection) -> None:
    here = await group(connection, "一群", "福利群")
    await record(connection, heard("m1"))
    assert await moved(connection) == here.id
    found = await by_chat(connection, NEW)
    assert found is not None
    assert (found.id, found.name, found.present) == (here.id, "一群", True)
    assert await by_chat(connection, OLD) is None
    tags = await groups.tags_of_groups(connection, await shop(connection))
    assert tags == {here.id: {"福利群"}}
    assert len(await messages.utterances(connection, here.id, NOW - DAY, NOW + DAY)) == 1


async def test_told_twice_or_of_an_unknown_group_nothing_happens(
    connection: AsyncConnection,
) -> None:
    other = await group(connection, "二群")
    assert await moved(connection) is None
    await group(connection, "一群")
    await moved(connection)
    assert await moved(connection) is None
    assert await moved(connection, NEW, NEW) is None
    found = await by_chat(connection, "chat-二群")
    assert found is not None
    assert found.id == other.id


# What is addressed


async def test_what_is_to_come_goes_to_the_new_id_and_what_was_sent_stays(
    connection: AsyncConnection,
) -> None:
    right = await lane(connection)
    for slot in ("planned", "uncertain", "failed", "sent"):
        some = await planned(connection, "一群", slot=slot)
        if slot == "sent":
            await sent(connection, right, some)
        elif slot != "planned":
            await begun(connection, right, some)
            move = Move(some[0].id, DeliveryState(slot), "x")
            await deliveries.move(connection, right, [move], NOW)
    await moved(connection)
    assert await addressed(connection) == {
        "planned": ("planned", f"group:{NEW}", None),
        "uncertain": ("uncertain", f"group:{NEW}", "x"),
        "failed": ("failed", f"group:{NEW}", "x"),
        "sent": ("sent", f"group:{OLD}", None),
    }


async def test_a_delivery_is_named_anew_but_for_one_in_doubt(connection: AsyncConnection) -> None:
    right = await lane(connection)
    doubted = await planned(connection, "一群", slot="doubted")
    await begun(connection, right, doubted)
    await sent(connection, right, await planned(connection, "一群", slot="sent"))
    await planned(connection, "一群", slot="planned")
    await moved(connection)
    rows = await connection.execute(select(ledger.c.slot, ledger.c.key))
    assert {row.slot: row.key for row in rows} == {
        "doubted": f"c1/doubted/{ACCOUNT}/group:{OLD}",
        "sent": f"c1/sent/{ACCOUNT}/group:{NEW}",
        "planned": f"c1/planned/{ACCOUNT}/group:{NEW}",
    }


async def test_planning_again_after_the_move_makes_nothing_twice(
    connection: AsyncConnection,
) -> None:
    right = await lane(connection)
    await sent(connection, right, await planned(connection, "一群", slot="sent"))
    (waiting,) = await planned(connection, "一群", slot="planned")
    here = await moved(connection)
    assert here is not None
    of = await campaign(connection)
    for slot in ("sent", "planned"):
        assert not await slots.plan_for_groups(connection, slot_of(of, slot), [here], NOW)
    assert [one.id for one in await due_now(connection)] == [waiting.id]


async def test_a_topic_stays_a_topic(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    await connection.execute(ledger.update().values(address=f"group:{OLD}#7", key=f"{one.key}#7"))
    await moved(connection)
    (now,) = await due_now(connection)
    assert (now.address, now.key) == (
        f"group:{NEW}#7",
        f"c1/2026-11-01/{ACCOUNT}/group:{NEW}#7",
    )


async def test_other_groups_and_accounts_keep_their_addresses(connection: AsyncConnection) -> None:
    await group(connection, "一群")
    await planned(connection, "一群二", slot="longer")
    await planned(connection, "一群", slot="elsewhere", account="room:2")
    welcome = welcomes.NewWelcome("w1", f"group:{OLD}二", {"text": "欢迎"}, NOW)
    await welcomes.keep_welcomes(connection, ACCOUNT, [welcome])
    await moved(connection)
    assert {slot: address for slot, (_, address, _) in (await addressed(connection)).items()} == {
        "longer": f"group:{OLD}二",
        "elsewhere": f"group:{OLD}",
    }
    (left,) = await welcomes.welcomes_to_say(connection, ACCOUNT, after=0, limit=9)
    assert left.address == f"group:{OLD}二"


async def test_a_welcome_is_said_at_the_new_id_and_an_old_one_not_taken_back(
    connection: AsyncConnection,
) -> None:
    await group(connection, "一群")
    welcome = welcomes.NewWelcome("w1", f"group:{OLD}", {"text": "欢迎"}, NOW)
    await welcomes.keep_welcomes(connection, ACCOUNT, [welcome])
    await passing.keep_passing(connection, ACCOUNT, f"group:{OLD}", "receipt-1", NOW)
    await passing.keep_passing(connection, ACCOUNT, "group:chat-二群", "receipt-2", NOW)
    await moved(connection)
    (left,) = await welcomes.welcomes_to_say(connection, ACCOUNT, after=0, limit=9)
    assert left.address == f"group:{NEW}"
    (other,) = await passing.passed(connection, ACCOUNT, NOW, limit=9)
    assert other.receipt == "receipt-2"


async def test_what_is_offered_by_number_and_being_said_is_found_at_the_new_id(
    connection: AsyncConnection,
) -> None:
    await group(connection, "一群")
    for topic in ("", "#7"):
        await offer(connection, ACCOUNT, f"group:{OLD}{topic}", [f"old{topic}"], NOW)
    await offer(connection, ACCOUNT, f"group:{NEW}", ["new"], NOW)
    await offer(connection, "room:2", f"group:{OLD}", ["elsewhere"], NOW)
    said = own_posts.OwnPost("reply", f"group:{OLD}", ["digest"])
    await own_posts.begin(connection, ACCOUNT, said, NOW)
    await moved(connection)
    for account, address, choices in (
        (ACCOUNT, f"group:{NEW}", ["new"]),
        (ACCOUNT, f"group:{NEW}#7", ["old#7"]),
        (ACCOUNT, f"group:{OLD}", []),
        ("room:2", f"group:{OLD}", ["elsewhere"]),
    ):
        assert await offered(connection, account, address, NOW) == choices, address
    (piece,) = await own_posts.open_pieces(connection, ACCOUNT, f"group:{NEW}", "digest")
    assert piece.key == "reply"


async def test_new_friends_are_brought_into_the_group_by_its_older_row(
    connection: AsyncConnection,
) -> None:
    old, new = await twice(connection)
    rule = friendships.FriendRule(friendships.Admits.EVERYONE, None, new.id)
    await friendships.set_rule(connection, ACCOUNT, rule)
    await moved(connection)
    assert (await friendships.rule_of(connection, ACCOUNT)).group_id == old.id


async def test_a_link_is_made_anew_and_goes_on_counting(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    fan, friend = await member(connection, "小鱼", here), await member(connection, "小美", here)
    made = await invites.keep_invite(connection, here.id, fan.id, "old", NOW)
    await invites.came_by(connection, here.id, friend.id, made.id)
    await moved(connection)
    stale = await invites.invite_of(connection, here.id, fan.id)
    assert stale == invites.Invite(made.id, "", 1)
    anew = await invites.keep_invite(connection, here.id, fan.id, "new", NOW)
    assert anew == invites.Invite(made.id, "new", 1)


# Two rows of one group


async def twice(connection: AsyncConnection) -> tuple[Group, Group]:
    """The group by its old id, and by the new one, which was heard before the move was told."""
    old = await group(connection, "一群", "福利群")
    new = await group(connection, "超群", "新客群")
    return old, new


async def test_what_was_heard_under_the_new_id_belongs_to_the_group(
    connection: AsyncConnection,
) -> None:
    old, new = await twice(connection)
    await record(connection, heard("m1"), heard("m2", chat=NEW, sender="小鱼"))
    await topics.note_topic(connection, new.id, "7", name="上新", closed_at=None)
    fan, friend = await member(connection, "圆圆", new), await member(connection, "点点")
    await invites.keep_invite(connection, new.id, fan.id, "link", NOW)
    asked = join_requests.NewRequest(new.id, friend.id, "", None, NOW)
    await join_requests.keep_request(connection, asked)
    assert await moved(connection) == old.id
    known = await groups.heard_groups(connection, await shop(connection))
    assert [(one.id, one.chat, one.name) for one in known] == [(old.id, NEW, "超群")]
    said = await messages.utterances(connection, old.id, NOW - DAY, NOW + DAY)
    assert len(said) == 2
    there = await members.members_of(connection, old.id)
    assert {one.name for one in there} == {"小美", "小鱼", "圆圆"}
    assert set(await topics.topics_of(connection, [old.id])) == {old.id}
    tags = await groups.tags_of_groups(connection, await shop(connection))
    assert tags == {old.id: {"福利群", "新客群"}}
    assert await invites.invite_of(connection, old.id, fan.id) is not None
    (request,) = await join_requests.waiting(connection, await shop(connection))
    assert request.group_id == old.id


async def test_no_table_still_speaks_of_the_row_that_is_gone(connection: AsyncConnection) -> None:
    old, new = await twice(connection)
    fan = await member(connection, "小鱼", old, new)
    await record(connection, heard("m1", chat=NEW))
    await comings.note_coming(connection, new.id, fan.id, NOW, came=True)
    await topics.note_topic(connection, new.id, "7", name="上新", closed_at=None)
    await invites.keep_invite(connection, new.id, fan.id, "link", NOW)
    asked = join_requests.NewRequest(new.id, fan.id, "", None, NOW)
    await join_requests.keep_request(connection, asked)
    await planned(connection, "超群")
    rule = friendships.FriendRule(group_id=new.id)
    await friendships.set_rule(connection, ACCOUNT, rule)
    day = NOW.date()
    await analysed(connection, new, day)
    other = await group(connection, "三群")
    await connection.execute(
        group_rows.update().where(group_rows.c.id == other.id).values(staff_group_id=new.id)
    )
    await moved(connection)
    belonging: list[Table] = [
        table
        for table in metadata.sorted_tables
        if {"group_id", "staff_group_id"} & {*table.c.keys()}
    ]
    assert len(belonging) > 8
    for table in belonging:
        for name in ("group_id", "staff_group_id"):
            if name in table.c:
                ids = set(await connection.scalars(select(table.c[name])))
                assert new.id not in ids, table.name


async def test_a_day_that_both_heard_is_analysed_again(connection: AsyncConnection) -> None:
    old, _ = await twice(connection)
    await analysed(connection, old, NOW.date(), NOW.date() - 9 * DAY)
    await moved(connection)
    found = await day_states(connection, [old.id], NOW.date() - 9 * DAY, NOW.date())
    assert {one.day: one.dirty for one in found} == {
        NOW.date(): True,
        NOW.date() - 9 * DAY: False,
    }


async def test_who_came_back_under_the_new_id_sits_there(connection: AsyncConnection) -> None:
    old, new = await twice(connection)
    fan = await member(connection, "小鱼", old)
    await leave(connection, old.id, fan.id, NOW + MINUTE)
    await sit(connection, [(new.id, fan.id, NOW + 2 * MINUTE)])
    await moved(connection)
    rows = await connection.execute(select(memberships.c.group_id, memberships.c.left_at))
    assert rows.all() == [(old.id, None)]


async def test_what_was_planned_for_both_goes_out_once(connection: AsyncConnection) -> None:
    right = await lane(connection)
    await twice(connection)
    await planned(connection, "一群", "超群", slot="both planned")
    some = await planned(connection, "一群", "超群", slot="new one sent")
    await sent(connection, right, [one for one in some if one.recipient.name == "超群"])
    await planned(connection, "超群", slot="new one only")
    await moved(connection)
    rows = await connection.execute(
        select(ledger.c.slot, ledger.c.state, ledger.c.reason).order_by(ledger.c.id)
    )
    stand: dict[str, set[tuple[str, str | None]]] = {}
    for row in rows:
        stand.setdefault(row.slot, set()).add((row.state, row.reason))
    assert stand == {
        "both planned": {("planned", None), ("cancelled", GROUP_MOVED)},
        "new one sent": {("sent", None), ("cancelled", GROUP_MOVED)},
        "new one only": {("planned", None)},
    }
    due = await due_now(connection)
    assert {(one.slot, one.address) for one in due} == {
        ("both planned", f"group:{NEW}"),
        ("new one only", f"group:{NEW}"),
    }


async def test_an_audience_means_the_group_by_its_older_row(connection: AsyncConnection) -> None:
    old, new = await twice(connection)
    other = await group(connection, "三群")
    of = await campaign(connection)
    audience = Audience(
        taken=(new.id, other.id),
        kept_out=(new.id,),
        topics=((new.id, "7"),),
        written="@超群",
        segment=Segment.parse(f"tag:老客 and not group in (#{new.id}, #{other.id})"),
    )
    await edited(connection, of, audience=audience)
    await moved(connection)
    now = (await stored(connection, of)).audience
    assert now == Audience(
        taken=tuple(sorted((old.id, other.id))),
        kept_out=(old.id,),
        topics=((old.id, "7"),),
        written="@超群",
        segment=Segment.parse(f"tag:老客 and not group in (#{old.id}, #{other.id})"),
    )


async def test_a_programme_that_runs_means_the_group_by_its_older_row(
    connection: AsyncConnection,
) -> None:
    old, new = await twice(connection)
    shop_id = await shop(connection)
    kept = await keep_facts(connection, shop_id, "double11", 2026, {}, by="room:a", at=NOW)
    await switch_on(connection, kept.id, Audience(taken=(new.id,)), {}, by="room:a", at=NOW)
    await moved(connection)
    running = await running_programme(connection, shop_id, "double11", 2026)
    assert running is not None
    assert running.audience == Audience(taken=(old.id,))


async def test_what_was_set_holds_and_what_the_platform_says_is_new(
    connection: AsyncConnection,
) -> None:
    old, new = await twice(connection)
    await groups.set_zone(connection, old.id, "Asia/Urumqi")
    await join_requests.set_rule(connection, new.id, Rule.EVERYONE)
    await groups.set_present(connection, old.id, present=False)
    await groups.set_present(connection, new.id, present=True, muted_at=NOW)
    await moved(connection)
    found = await by_chat(connection, NEW)
    assert found is not None
    assert (found.zone, found.present, found.muted_at) == ("Asia/Urumqi", True, NOW)
    assert await join_requests.rules_of(connection, [old.id]) == {old.id: Rule.EVERYONE}


async def test_campaigns_that_are_over_keep_what_they_said(connection: AsyncConnection) -> None:
    _, new = await twice(connection)
    of = await campaign(connection)
    await edited(connection, of, audience=Audience(taken=(new.id,)))
    await campaigns.set_state(connection, of.id, campaigns.CampaignState.CANCELLED, None)
    await moved(connection)
    assert (await stored(connection, of)).audience.taken == (new.id,)


async def test_the_people_of_a_trial_are_those_of_the_group_that_moved(
    connection: AsyncConnection,
) -> None:
    old, new = await group(connection, "旧群"), await group(connection, "新群")
    of = await campaign(connection)
    trial = {"metric": "talk", "size": 1}
    here = Segment.parse(f"group = #{new.id}")
    await connection.execute(
        update(content_versions)
        .where(content_versions.c.id == of.version_id)
        .values(body={"content": {"text": "早"}, "test": {**trial, "segment": here.to_json()}})
    )
    before = Whereabouts("chat-旧群", "group:chat-旧群")
    after = Whereabouts("chat-新群", "group:chat-新群")
    await move_group(connection, ACCOUNT, before, after, NOW)
    body = await connection.scalar(
        select(content_versions.c.body).where(content_versions.c.id == of.version_id)
    )
    there = Segment.parse(f"group = #{old.id}")
    assert body is not None
    assert body["test"] == {**trial, "segment": there.to_json()}
    assert body["content"] == {"text": "早"}
