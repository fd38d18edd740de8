"""Until a manager says who is who, the stricter of what two people want holds for both."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import customers, identities, members
from storage.identities import Answer, NewMatch
from storage.lent_wishes import lend_wishes
from storage.members import Member, Seen
from storage.tables import customers as customer_rows
from tests.storage.builders import ACCOUNT, NOW, PLATFORM, member


async def doubt(connection: AsyncConnection, one: Member, after: str) -> identities.Match:
    new = NewMatch(one.id, one.person, after, one.name, 65, ("name",))
    await identities.keep_doubtful(connection, ACCOUNT, [new], NOW)
    return (await identities.undecided(connection))[-1]


async def wishes(connection: AsyncConnection, person: str) -> tuple[bool, bool]:
    """Whether somebody wants no advertising, and no record, as it holds now."""
    one = await members.member_known_as(connection, PLATFORM, person)
    assert one is not None
    return one.opted_out, one.no_record


async def wishing(connection: AsyncConnection) -> Member:
    """A fan who wants neither."""
    fan = await member(connection, "小美")
    await customers.set_opt_out(connection, fan.customer_id, NOW)
    await customers.set_no_record(connection, fan.customer_id, no_record=True)
    return fan


async def test_whoever_speaks_by_an_id_in_doubt_is_treated_as_both_want(
    connection: AsyncConnection,
) -> None:
    fan = await wishing(connection)
    match = await doubt(connection, fan, "@new")
    made = await members.ensure_members(connection, PLATFORM, [Seen("@new", "小美")], NOW)
    assert (made["@new"].opted_out, made["@new"].no_record) == (True, True)
    other = await members.ensure_members(connection, PLATFORM, [Seen("@other", "小美")], NOW)
    assert (other["@other"].opted_out, other["@other"].no_record) == (False, False)
    await identities.decide(connection, match, Answer.OTHER, by="room:x", at=NOW)
    await lend_wishes(connection)
    assert await wishes(connection, "@new") == (False, False)
    assert await wishes(connection, fan.person) == (True, True)


async def test_what_was_wished_by_the_id_of_now_holds_for_the_one_of_before(
    connection: AsyncConnection,
) -> None:
    fan, third = await wishing(connection), await member(connection, "小鱼")
    before = await member(connection, "以前")
    await doubt(connection, before, fan.person)
    await doubt(connection, before, third.person)
    await lend_wishes(connection)
    assert await wishes(connection, before.person) == (True, True)
    # What is only lent is lent no further.
    assert await wishes(connection, third.person) == (False, False)


async def test_what_somebody_asks_for_themselves_stays_when_the_doubt_ends(
    connection: AsyncConnection,
) -> None:
    match = await doubt(connection, await wishing(connection), "@new")
    made = await members.ensure_members(connection, PLATFORM, [Seen("@new", "小美")], NOW)
    await customers.set_no_record(connection, made["@new"].customer_id, no_record=True)
    await identities.decide(connection, match, Answer.OTHER, by="room:x", at=NOW)
    await lend_wishes(connection)
    assert await wishes(connection, "@new") == (False, True)
    lent = select(customer_rows.c.id).where(
        customer_rows.c.opt_out_lent | customer_rows.c.no_record_lent
    )
    assert (await connection.scalars(lent)).all() == []
