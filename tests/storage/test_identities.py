"""Who may be whom: kept once, decided once, and found again by the ids of before."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import identities
from storage.identities import BY_LIKENESS, Answer, Match, NewMatch
from storage.members import Member
from storage.tables import identity_matches
from tests.storage.builders import ACCOUNT, HOUR, NOW, PLATFORM, member

OTHER = "room:2"


def match(one: Member, after: str = "@new", confidence: int = 65) -> NewMatch:
    """Somebody may be who has this id now."""
    return NewMatch(one.id, one.person, after, "美美", confidence, ("name", "namesakes"))


async def doubt(connection: AsyncConnection, *new: NewMatch, account: str = ACCOUNT) -> list[Match]:
    """What waits, with these kept now."""
    await identities.keep_doubtful(connection, account, new, NOW)
    return await identities.undecided(connection)


async def decisions(connection: AsyncConnection) -> dict[tuple[int, str], str | None]:
    rows = await connection.execute(
        select(identity_matches.c.member_id, identity_matches.c.after, identity_matches.c.decided)
    )
    return {(row.member_id, row.after): row.decided for row in rows}


async def test_what_is_doubtful_waits(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    (one,) = await doubt(connection, match(fan))
    assert one == Match(
        id=one.id,
        account=ACCOUNT,
        platform=PLATFORM,
        member_id=fan.id,
        member_name="小美",
        before="id-小美",
        after="@new",
        name="美美",
        confidence=65,
        why=("name", "namesakes"),
        decided=None,
        decided_by=None,
    )
    assert await identities.match_by_id(connection, one.id) == one
    assert await identities.match_by_id(connection, one.id + 1) is None
    assert await identities.is_asked_about(connection, fan.id)


async def test_kept_again_it_stays_as_it_is(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    (one,) = await doubt(connection, match(fan))
    assert await doubt(connection, match(fan, confidence=50)) == [one]
    assert await identities.decide(connection, one, Answer.OTHER, by="room:x", at=NOW)
    assert await doubt(connection, match(fan)) == []
    assert await identities.ruled_out(connection, ACCOUNT) == {(fan.id, "@new")}
    assert await identities.ruled_out(connection, OTHER) == set()
    assert not await identities.is_asked_about(connection, fan.id)


async def test_each_account_asks_once(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    await doubt(connection, match(fan))
    await doubt(connection, match(fan), account=OTHER)
    (here,) = await identities.undecided(connection, untold_on=ACCOUNT)
    await identities.mark_told(connection, [here.id], NOW)
    assert await identities.undecided(connection, untold_on=ACCOUNT) == []
    assert len(await identities.undecided(connection, untold_on=OTHER)) == 1
    assert len(await identities.undecided(connection)) == 2


async def test_the_first_word_counts(connection: AsyncConnection) -> None:
    (one,) = await doubt(connection, match(await member(connection, "小美")))
    assert await identities.decide(connection, one, Answer.SAME, by="room:x", at=NOW)
    assert not await identities.decide(connection, one, Answer.OTHER, by="room:y", at=NOW)
    found = await identities.match_by_id(connection, one.id)
    assert found == replace(one, decided=Answer.SAME, decided_by="room:x")


async def test_who_is_one_is_no_other(connection: AsyncConnection) -> None:
    fan, namesake = await member(connection, "小美"), await member(connection, "小美2")
    elsewhere = match(fan, "@far")
    first, *_ = await doubt(
        connection,
        match(fan),
        match(fan, "@second"),
        match(namesake),
        match(namesake, "@second"),
    )
    await doubt(connection, elsewhere, account=OTHER)
    await identities.decide(connection, first, Answer.SAME, by="room:x", at=NOW)
    assert await decisions(connection) == {
        (fan.id, "@new"): Answer.SAME,
        (fan.id, "@second"): Answer.CLOSED,
        (namesake.id, "@new"): Answer.CLOSED,
        (namesake.id, "@second"): None,
        (fan.id, "@far"): None,
    }


async def test_an_id_of_between_answers_nothing_of_the_one_now(
    connection: AsyncConnection,
) -> None:
    fan, between = await member(connection, "小美"), await member(connection, "@b")
    now = "@c"
    then, *_ = await doubt(
        connection, match(fan, between.person), match(fan, now), match(between, now)
    )
    assert await identities.decide(connection, then, Answer.SAME, by="room:x", at=NOW)
    assert await decisions(connection) == {
        (fan.id, between.person): Answer.SAME,
        (fan.id, now): None,
        (between.id, now): None,
    }


async def test_nor_the_id_now_of_the_one_between(connection: AsyncConnection) -> None:
    fan, between = await member(connection, "小美"), await member(connection, "@b")
    now = "@c"
    new = match(fan, between.person), match(fan, now), match(between, now)
    latest = (await doubt(connection, *new))[1]
    assert await identities.decide(connection, latest, Answer.SAME, by="room:x", at=NOW)
    assert await decisions(connection) == {
        (fan.id, between.person): None,
        (fan.id, now): Answer.SAME,
        (between.id, now): Answer.CLOSED,
    }
    assert await identities.ruled_out(connection, ACCOUNT) == set()


async def test_who_had_an_id_before_is_asked_about_anew_when_it_comes_back(
    connection: AsyncConnection,
) -> None:
    fan = await member(connection, "小美")
    (one,) = await doubt(connection, match(fan))
    await identities.mark_told(connection, [one.id], NOW)
    await identities.decide(connection, one, Answer.SAME, by="room:x", at=NOW)
    back = replace(match(fan), before="@between")
    (again,) = await doubt(connection, back)
    assert again == replace(one, before="@between")
    assert await identities.undecided(connection, untold_on=ACCOUNT) == [again]


async def test_an_id_that_was_denied_stays_so_whoever_has_it(connection: AsyncConnection) -> None:
    fan, other = await member(connection, "小美"), await member(connection, "小鱼")
    denied, _ = await doubt(connection, match(fan), match(fan, other.person))
    await identities.decide(connection, denied, Answer.OTHER, by="room:x", at=NOW)
    await identities.follow(connection, ACCOUNT, {other.person: "@new"})
    assert await decisions(connection) == {(fan.id, "@new"): Answer.OTHER}


async def test_what_was_denied_of_ids_that_nobody_has_is_forgotten(
    connection: AsyncConnection,
) -> None:
    fan, there = await member(connection, "小美"), await member(connection, "小鱼")
    new = [match(fan, after) for after in ("@gone", there.person, "@recent", "@same", "@open")]
    *decided, _ = await doubt(connection, *new)
    answers = (Answer.OTHER, Answer.OTHER, Answer.OTHER, Answer.SAME)
    for one, answer in zip(decided, answers, strict=True):
        at = NOW + HOUR if one.after == "@recent" else NOW
        await connection.execute(
            identity_matches.update()
            .where(identity_matches.c.id == one.id)
            .values(decided=answer, decided_at=at)
        )
    assert await identities.delete_denied_before(connection, NOW + HOUR, batch=9) == 1
    left = {after for _, after in await decisions(connection)}
    assert left == {there.person, "@recent", "@same", "@open"}


async def test_what_has_become_certain_is_asked_no_more(connection: AsyncConnection) -> None:
    fan, namesake = await member(connection, "小美"), await member(connection, "小美2")
    (one, *_) = await doubt(connection, match(fan), match(namesake))
    await identities.keep_certain(connection, ACCOUNT, [match(fan, confidence=95)], NOW + HOUR)
    found = await identities.match_by_id(connection, one.id)
    assert found == replace(one, confidence=95, decided=Answer.SAME, decided_by=BY_LIKENESS)
    assert await identities.undecided(connection) == []
    await identities.keep_certain(connection, ACCOUNT, [], NOW)


async def test_what_a_manager_said_is_not_changed_by_likeness(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    (one,) = await doubt(connection, match(fan))
    await identities.decide(connection, one, Answer.OTHER, by="room:x", at=NOW)
    await identities.keep_certain(connection, ACCOUNT, [match(fan, confidence=95)], NOW)
    found = await identities.match_by_id(connection, one.id)
    assert found is not None
    assert (found.decided, found.decided_by, found.confidence) == (Answer.OTHER, "room:x", 65)


async def test_ids_that_nobody_has_any_more_are_not_asked_about(
    connection: AsyncConnection,
) -> None:
    fan, spoke = await member(connection, "小美"), await member(connection, "小鱼")
    new = [match(fan, after) for after in ("@gone", "@there", spoke.person, "@decided")]
    decided = (await doubt(connection, *new))[-1]
    await identities.decide(connection, decided, Answer.OTHER, by="room:x", at=NOW)
    await doubt(connection, match(fan, "@elsewhere"), account=OTHER)
    await identities.drop_outdated(connection, ACCOUNT, {"@there"})
    assert {after for _, after in await decisions(connection)} == {
        "@there",
        spoke.person,
        "@decided",
        "@elsewhere",
    }


async def test_who_had_an_id_is_found_by_it(connection: AsyncConnection) -> None:
    fan, other = await member(connection, "小美"), await member(connection, "小鱼")
    await identities.keep_certain(connection, ACCOUNT, [match(fan, confidence=95)], NOW)
    await doubt(connection, match(other))
    assert await identities.once_known_as(connection, PLATFORM, "id-小美") == fan.id
    assert await identities.once_known_as(connection, PLATFORM, "id-小鱼") is None
    assert await identities.once_known_as(connection, "telegram", "id-小美") is None
