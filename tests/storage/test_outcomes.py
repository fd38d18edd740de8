"""What came of a campaign's posts: who did what within the window, by variant, each fan once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import ColumnElement, and_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import comings, slots
from storage.customers import set_no_record, set_opt_out
from storage.groups import Group
from storage.members import Member, Seen, ensure_members
from storage.outcome_sources import Metric
from storage.outcomes import Counted, Outcomes, Question, Tally, outcomes
from storage.slots import HELD_OUT
from storage.tables import coupon_batches, coupons, members, messages
from storage.tables import deliveries as ledger
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PLATFORM,
    SECOND,
    campaign,
    group,
    heard,
    member,
    record,
    shop,
    slot_of,
)
from tests.storage.private_deliveries import deliver_to

WINDOW = 48 * HOUR
OLD = NOW - 60 * DAY


async def ask(connection: AsyncConnection, **changed: Any) -> Outcomes:
    of = await campaign(connection)
    asked = Question(
        campaign_id=of.id,
        window=WINDOW,
        beyond_reach=("opted_out", "unreachable"),
        words=("暖群", "面霜"),
        new_since=NOW - 30 * DAY,
    )
    return await outcomes(connection, replace(asked, **changed))


async def posted(
    connection: AsyncConnection,
    seats: list[Group],
    variant: str | None = "a",
    *,
    slot: str = "d-1",
    at: datetime = NOW,
    **ends: Any,
) -> None:
    """Posts to groups that ended so, sent unless told otherwise; the receipt is `post-GROUP`."""
    planned = replace(slot_of(await campaign(connection), slot), variant=variant)
    for seat in seats:
        await slots.plan_for_groups(connection, planned, [seat.id], at)
        which = and_(ledger.c.group_id == seat.id, ledger.c.slot == slot)
        await _end(connection, which, at, receipt=f"post-{seat.name}", **ends)


async def written_to(
    connection: AsyncConnection, *fans: Member, variant: str = "a", **ends: Any
) -> None:
    """Private messages to fans that ended so."""
    planned = replace(slot_of(await campaign(connection), "once"), variant=variant)
    for fan in fans:
        await deliver_to(connection, planned, ACCOUNT, [fan.id], NOW)
        which = ledger.c.member_id == fan.id
        await _end(connection, which, NOW, receipt=f"to-{fan.name}", **ends)


async def _end(
    connection: AsyncConnection,
    which: ColumnElement[bool],
    at: datetime,
    *,
    state: str = "sent",
    reason: str | None = None,
    receipt: str | None = None,
) -> None:
    sent = {"began_at": at, "receipt": receipt} if state == "sent" else {}
    await connection.execute(
        update(ledger).where(which).values(state=state, reason=reason, not_before=at, **sent)
    )


async def old_fan(connection: AsyncConnection, name: str, *seats: Group) -> Member:
    """A fan who has been seen for long."""
    fan = await member(connection, name, *seats)
    await connection.execute(
        update(members).where(members.c.id == fan.id).values(first_seen_at=OLD)
    )
    return fan


async def says(
    connection: AsyncConnection,
    name: str,
    text: str = "好呀",
    *,
    chat: str | None = "chat-一群",
    at: datetime = NOW + HOUR,
    **parts: Any,
) -> None:
    """Something that a fan says or presses."""
    number = len((await connection.execute(messages.select())).all())
    sender = Seen(f"id-{name}", name, staff=name == "店员")
    said = heard(f"m{number}", chat=chat, sender=sender, at=at, text=text)
    await record(connection, replace(said, **parts))


def tally(found: Outcomes, arm: str | None = "a") -> Tally:
    (one,) = [each for each in found.tallies if each.arm == arm]
    return one


def did(one: Tally) -> dict[Metric, int]:
    """What anybody did."""
    return {metric: count.people for metric, count in one.did.items() if count.people}


async def test_a_campaign_without_posts_has_no_outcomes(connection: AsyncConnection) -> None:
    assert await ask(connection) == Outcomes((), 0, None)


async def test_fans_of_a_group_count_once_each_and_by_what_they_did(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await old_fan(connection, "小鱼", seat)
    await member(connection, "小美", seat)
    await member(connection, "小陈", seat)
    await posted(connection, [seat])
    await says(connection, "小鱼", "面霜还有吗")
    await says(connection, "小鱼", "暖群最好")
    await says(connection, "小美", reply_to="post-一群")
    await says(connection, "小陈", "/wish 面霜", kind="command", pressed_on="post-一群")
    found = await ask(connection)
    one = tally(found)
    assert (one.posts, one.reached, one.fans) == (1, 1, Counted(3, 2))
    assert did(one) == {
        Metric.TALK: 2,
        Metric.REPLIES: 1,
        Metric.PRESSES: 1,
        Metric.MENTIONS: 1,
    }
    assert one.did[Metric.TALK] == Counted(2, 1)
    assert (found.waiting, found.last_ends) == (0, NOW + WINDOW)


@pytest.mark.parametrize(
    ("at", "counted"),
    [
        (NOW - SECOND, 0),
        (NOW, 1),
        (NOW + WINDOW - SECOND, 1),
        (NOW + WINDOW, 0),
    ],
)
async def test_only_what_happens_within_the_window_counts(
    connection: AsyncConnection, at: datetime, counted: int
) -> None:
    seat = await group(connection, "一群")
    await member(connection, "小鱼", seat)
    await posted(connection, [seat])
    await says(connection, "小鱼", at=at)
    assert tally(await ask(connection)).did[Metric.TALK].people == counted


async def test_staff_and_who_asked_for_no_record_are_nobody_here(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await member(connection, "店员", seat, staff=True)
    quiet = await member(connection, "小静", seat)
    await set_no_record(connection, quiet.customer_id, no_record=True)
    await posted(connection, [seat])
    for name in ("店员", "小静"):
        await says(connection, name)
    one = tally(await ask(connection))
    assert (one.fans.people, did(one)) == (0, {})


async def test_a_post_of_several_messages_and_a_chat_before_the_message_are_known(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    for name in ("小鱼", "小美", "小陈"):
        await member(connection, name, seat)
    await posted(connection, [seat])
    await connection.execute(update(ledger).values(receipt="15,16"))
    await says(connection, "小鱼", reply_to="chat-一群/16")
    await says(connection, "小美", reply_to="chat-一群/1")
    await says(connection, "小陈", kind="command", pressed_on="15")
    found = did(tally(await ask(connection)))
    assert (found[Metric.REPLIES], found[Metric.PRESSES]) == (1, 1)


async def test_each_group_is_counted_by_itself_with_the_arm_of_its_first_post(
    connection: AsyncConnection,
) -> None:
    here, there, out = [await group(connection, name) for name in ("一群", "二群", "三群")]
    await member(connection, "小鱼", here)
    await member(connection, "小美", out)
    await posted(connection, [here], "a")
    await posted(connection, [here], None, slot="d-0", at=NOW + DAY)
    await posted(connection, [there], "b", state="failed", reason="blocked")
    await posted(connection, [out], HELD_OUT, state="skipped", reason="hold_out")
    await says(connection, "小鱼", at=NOW + 60 * HOUR)  # within the window of the second post
    await says(connection, "小美", chat="chat-三群")
    found = {one.group_id: one for one in (await ask(connection)).tallies}
    assert {group: one.arm for group, one in found.items()} == {
        here.id: "a",
        there.id: "b",
        out.id: HELD_OUT,
    }
    assert {group: one.did[Metric.TALK].people for group, one in found.items()} == {
        here.id: 1,
        there.id: 0,
        out.id: 1,
    }
    assert [(one.posts, one.reached) for one in found.values()] == [(2, 2), (1, 0), (1, 0)]


async def test_who_could_not_have_been_reached_is_no_part_of_it_and_what_waits_is_told(
    connection: AsyncConnection,
) -> None:
    here, there = [await group(connection, name) for name in ("一群", "二群")]
    await posted(connection, [here], state="skipped", reason="unreachable")
    await posted(connection, [there], state="planned")
    assert await ask(connection) == Outcomes((), 1, None)


async def test_what_was_left_out_for_the_caps_counts_as_it_was_meant(
    connection: AsyncConnection,
) -> None:
    await posted(connection, [await group(connection, "一群")], state="skipped", reason="daily_cap")
    one = tally(await ask(connection))
    assert (one.posts, one.reached) == (1, 0)


async def test_leaves_opt_outs_and_coupons_count_for_the_group_they_sat_in(
    connection: AsyncConnection,
) -> None:
    seat, other = await group(connection, "一群"), await group(connection, "二群")
    gone, out, buyer = [await member(connection, name, seat) for name in ("小鱼", "小美", "小陈")]
    await posted(connection, [seat, other])
    await comings.note_coming(connection, seat.id, gone.id, NOW + HOUR, came=False)
    await comings.note_coming(connection, seat.id, out.id, NOW + HOUR, came=True)
    await set_opt_out(connection, out.customer_id, NOW + HOUR)
    await redeem(connection, buyer, NOW + HOUR)
    found = {one.group_id: did(one) for one in (await ask(connection)).tallies}
    assert found[seat.id] == {Metric.LEAVES: 1, Metric.OPT_OUTS: 1, Metric.COUPONS: 1}
    assert found[other.id] == {}


async def redeem(
    connection: AsyncConnection, fan: Member, at: datetime, handed_at: datetime = NOW - HOUR
) -> None:
    """A fan redeems a coupon, which they had before anything was posted."""
    batch = await connection.scalar(
        coupon_batches.insert()
        .values(
            shop_id=await shop(connection), name="早鸟", gives="减 20", made_by="x", made_at=NOW
        )
        .returning(coupon_batches.c.id)
    )
    await connection.execute(
        coupons.insert().values(
            batch_id=batch,
            code="A1",
            added="m1",
            customer_id=fan.customer_id,
            handed_at=handed_at,
            redeemed_at=at,
        )
    )


async def test_private_messages_are_counted_by_customer_and_arm(
    connection: AsyncConnection,
) -> None:
    fish = await old_fan(connection, "小鱼")
    others = [await member(connection, name) for name in ("小美", "小陈", "小李")]
    await written_to(connection, fish, others[0])
    await written_to(connection, others[1], variant=HELD_OUT, state="skipped", reason="hold_out")
    await written_to(connection, others[2], state="skipped", reason="opted_out")
    await says(connection, "小鱼", chat=None)
    await says(connection, "小鱼", "/wish", chat=None, kind="command", pressed_on="to-小鱼")
    await says(connection, "小美", "面霜到了", chat="chat-一群")
    await says(connection, "小陈", chat=None)
    await set_opt_out(connection, others[0].customer_id, NOW + MINUTE)
    await redeem(connection, fish, NOW + HOUR)
    found = await ask(connection)
    sent, out = tally(found), tally(found, HELD_OUT)
    assert (sent.group_id, sent.posts, sent.reached, sent.fans) == (None, 2, 2, Counted(2, 1))
    assert did(sent) == {
        Metric.REPLIES: 1,
        Metric.TALK: 2,
        Metric.PRESSES: 1,
        Metric.MENTIONS: 1,
        Metric.OPT_OUTS: 1,
        Metric.COUPONS: 1,
    }
    assert sent.did[Metric.REPLIES] == Counted(1, 0)
    assert (out.posts, out.reached) == (1, 0)
    assert did(out) == {Metric.REPLIES: 1, Metric.TALK: 1}


async def test_a_customer_of_two_channels_is_one_whichever_they_answer_by(
    connection: AsyncConnection,
) -> None:
    fan = await member(connection, "小鱼")
    elsewhere = (await ensure_members(connection, PLATFORM, [Seen("id-鱼", "鱼")], NOW))["id-鱼"]
    await connection.execute(
        update(members).where(members.c.id == elsewhere.id).values(customer_id=fan.customer_id)
    )
    await written_to(connection, fan)
    for name in ("小鱼", "鱼"):
        await says(connection, name, chat=None)
    one = tally(await ask(connection))
    assert (one.fans.people, one.did[Metric.REPLIES].people) == (1, 1)


async def test_a_short_window_is_reckoned_to_the_second(connection: AsyncConnection) -> None:
    await written_to(connection, await member(connection, "小鱼"))
    await says(connection, "小鱼", chat=None, at=NOW + 59 * SECOND)
    counted = [
        tally(await ask(connection, window=timedelta(seconds=length))).did[Metric.TALK].people
        for length in (59, 60)
    ]
    assert counted == [0, 1]


async def test_who_comes_in_after_the_first_post_is_neither_counted_nor_a_fan(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await member(connection, "小鱼", seat)
    await posted(connection, [seat])
    for number in range(3):
        await says(connection, f"新{number}")
    one = tally(await ask(connection))
    assert (one.fans.people, did(one)) == (1, {})


async def test_a_name_is_heard_in_small_and_large_letters(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    await member(connection, "小鱼", seat)
    await posted(connection, [seat])
    await says(connection, "小鱼", "Nuanqun 真好")
    assert did(tally(await ask(connection, words=("nuanqun",))))[Metric.MENTIONS] == 1


async def test_a_reply_is_one_to_this_very_message(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    for name in ("小鱼", "小美", "小陈"):
        await member(connection, name, seat)
    await posted(connection, [seat])
    await connection.execute(update(ledger).values(receipt="AbC_1"))
    await says(connection, "小鱼", reply_to="abc_1")
    await says(connection, "小美", reply_to="A_C_1")
    await says(connection, "小陈", reply_to="AbC_1")
    assert did(tally(await ask(connection)))[Metric.REPLIES] == 1


async def test_a_customer_of_two_arms_is_in_that_of_their_first_message(
    connection: AsyncConnection,
) -> None:
    one, other = await member(connection, "小鱼"), await member(connection, "小美")
    await written_to(connection, one, variant="a")
    await written_to(connection, other, variant=HELD_OUT, state="skipped", reason="hold_out")
    await connection.execute(
        update(members).where(members.c.id == other.id).values(customer_id=one.customer_id)
    )
    found = await ask(connection)
    assert [(each.arm, each.posts, each.fans.people) for each in found.tallies] == [("a", 2, 1)]
