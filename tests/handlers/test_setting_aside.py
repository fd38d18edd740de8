"""A poison event is kept with its error, and the line goes on: in order, and nothing twice."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from handlers import dispatch
from handlers.desk import Desk
from handlers.events import (
    AccountChanged,
    AccountState,
    ButtonPressed,
    Chat,
    Event,
    FriendAsked,
    GroupChanged,
    HearingGap,
    IdsChanged,
    MemberJoined,
    MemberLeft,
    MessageHeard,
    Person,
    Roster,
    StillHearing,
)
from handlers.recording import Batch
from handlers.taggers import tag_by_words, tag_speakers
from storage import accounts
from storage.errors import LaneLost
from storage.tables import messages, unheard_events
from storage.unheard import UnheardEvent, last_unheard
from tests.handlers.shop import ACCOUNT, MANAGER, NOW, Shop, chat_of

BITTER = "苦杏仁"
"""Whoever says it makes the tagger of these tests fail."""


@pytest.fixture(autouse=True)
def _a_tagger_that_cannot_bear_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tag_or_fail(connection: AsyncConnection, desk: Desk, batch: Batch) -> None:
        await tag_by_words(connection, desk, batch)
        for one in batch.said:
            if BITTER in one.heard.text:
                raise ZeroDivisionError(f"no tag for {one.heard.text}\nnor for anything else")

    monkeypatch.setattr(dispatch, "tag_by_words", tag_or_fail)


async def stored(shop: Shop) -> list[str]:
    """The texts of all messages, in the order they went in."""
    async with shop.desk.database.reading() as connection:
        return list(await connection.scalars(select(messages.c.text).order_by(messages.c.id)))


async def set_aside(shop: Shop) -> list[dict[str, Any]]:
    """The events that were set aside, as they were written down."""
    async with shop.desk.database.reading() as connection:
        rows = await connection.scalars(
            select(unheard_events.c.event).order_by(unheard_events.c.id)
        )
        return [json.loads(row) for row in rows]


async def last(shop: Shop) -> UnheardEvent:
    async with shop.desk.database.reading() as connection:
        found = await last_unheard(connection)
    assert found is not None
    return found


async def cursor(shop: Shop) -> str | None:
    async with shop.desk.database.reading() as connection:
        return await accounts.cursor(connection, ACCOUNT)


async def test_what_is_good_in_a_batch_happens_once_and_in_order(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, "/watch 补水 = 爱补水", group=None)
    asking = [shop.heard("小美", text) for text in ("/me", "/optout", "/optin")]
    came = [
        MemberJoined(ACCOUNT, shop._next(), shop.clock.now(), chat_of("一群"), shop.person(name))
        for name in ("圆圆", "阿云")
    ]
    talk = [shop.heard("小鱼", text) for text in ("补水一", "补水二", "补水三")]
    bad = [shop.heard("小鱼", f"补水{BITTER}{n}") for n in range(2)]
    batch: list[Event] = [
        came[0],
        talk[0],
        asking[0],
        bad[0],
        talk[1],
        asking[1],
        came[1],
        bad[1],
        asking[2],
        talk[2],
    ]
    before = await stored(shop)

    answers = await shop.hear(*batch)

    assert (await stored(shop))[len(before) :] == [
        "补水一", "/me", "补水二", "/optout", "/optin", "补水三"
    ]  # fmt: skip
    greeted = [
        name for post in answers for name in ("圆圆", "阿云") if f"@{name}" in post.content.text
    ]
    assert greeted == ["圆圆", "阿云"]
    private = [post.content.text[:3] for post in answers if post.address.person]
    assert private == ["小美，", "好的，", "好的，"]
    assert (await shop.tags("小鱼")).keys() == {"爱补水"}
    assert await cursor(shop) == batch[-1].cursor
    assert [one["text"] for one in await set_aside(shop)] == [one.text for one in bad]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bitter=st.lists(st.booleans(), min_size=1, max_size=16))
async def test_wherever_poison_is_everything_else_is_recorded(
    shop: Shop, bitter: list[bool]
) -> None:
    said, kept = await stored(shop), await set_aside(shop)
    batch = [shop.heard("小鱼", f"{n}{BITTER * bad}") for n, bad in enumerate(bitter)]
    await shop.hear(*batch)
    good = [one.text for one in batch if BITTER not in one.text]
    assert (await stored(shop))[len(said) :] == good
    aside = [one["text"] for one in (await set_aside(shop))[len(kept) :]]
    assert aside == [one.text for one in batch if BITTER in one.text]
    assert await cursor(shop) == batch[-1].cursor


async def test_it_is_kept_with_its_error_counted_and_logged_without_anybody_s_words(
    any_shop: Shop,
) -> None:
    event = any_shop.heard("小鱼", BITTER)
    labels = {"account": ACCOUNT, "error": "ZeroDivisionError"}
    before = REGISTRY.get_sample_value("nuanqun_events_unheard_total", labels) or 0
    with capture_logs() as lines:
        assert not await any_shop.hear(event)
    kept = await last(any_shop)
    assert (kept.account, kept.cursor, kept.person, kept.kept_at) == (
        ACCOUNT,
        event.cursor,
        "id-小鱼",
        any_shop.clock.now(),
    )
    assert kept.error.startswith(f"ZeroDivisionError: no tag for {BITTER} (handlers.dispatch:")
    written = json.loads(kept.event)
    assert written["event"] == "MessageHeard"
    sender = {"id": "id-小鱼", "name": "小鱼", "staff": False, "staff_in": None}
    sender |= {"alias": None, "nickname": None}
    assert written["sender"] == sender
    assert written["at"] == str(event.at)
    assert REGISTRY.get_sample_value("nuanqun_events_unheard_total", labels) == before + 1
    (line,) = [line for line in lines if line["event"] == "event_unheard"]
    assert line["error"] == "ZeroDivisionError"
    assert BITTER not in str(line)


async def test_of_somebody_who_asked_for_no_record_no_word_is_kept(any_shop: Shop) -> None:
    await any_shop.says("小鱼", "/norecord")
    await any_shop.hear(any_shop.heard("小鱼", f"{BITTER}，别告诉别人"))
    kept = await last(any_shop)
    assert kept.person == "id-小鱼"
    assert BITTER not in kept.event
    assert BITTER not in kept.error
    assert kept.error.startswith("ZeroDivisionError: … (handlers.dispatch:")


async def test_of_somebody_else_s_words_in_a_quote_none_is_kept(any_shop: Shop) -> None:
    shop = any_shop
    await shop.hear(replace(shop.heard("小美", f"{BITTER}可以"), quoted="别人的话"))
    (kept,) = await set_aside(shop)
    assert kept["text"] == f"{BITTER}可以"
    assert "别人的话" not in json.dumps(kept, ensure_ascii=False)


async def test_what_was_kept_goes_when_they_ask_for_no_record_later(any_shop: Shop) -> None:
    await any_shop.says("小鱼", "在吗")
    await any_shop.hear(any_shop.heard("小鱼", BITTER))
    await any_shop.says("小鱼", "/norecord")
    assert await set_aside(any_shop) == []


async def test_a_welcome_that_cannot_be_written_sets_the_join_aside(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_words(*_: object) -> None:
        raise KeyError("no sentence for this")

    monkeypatch.setattr("handlers.welcome._welcome", no_words)
    assert not await shop.joins("小鱼")
    (kept,) = await set_aside(shop)
    assert (kept["event"], kept["member"]["name"]) == ("MemberJoined", "小鱼")


@pytest.mark.parametrize(
    "failure",
    [OperationalError("INSERT", {}, Exception("disk I/O error")), LaneLost(account=ACCOUNT)],
    ids=["the database", "the lane"],
)
async def test_what_is_no_fault_of_the_event_fails_the_call(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    async def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(dispatch, "tag_speakers", fail)
    before = await cursor(shop)
    with pytest.raises(type(failure)):
        await shop.hear(shop.heard("小鱼", "在吗"), shop.heard("小鱼", "有人吗"))
    assert (await stored(shop), await set_aside(shop), await cursor(shop)) == ([], [], before)


async def test_what_the_database_does_halfway_loses_and_doubles_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed before the failure is behind the cursor; its commands are left over."""
    batch = [shop.heard("小鱼", text) for text in ("一", "/me", BITTER, "二")]
    calls = 0

    async def fail_once(connection: AsyncConnection, desk: Desk, batch: Batch) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OperationalError("INSERT", {}, Exception("disk I/O error"))
        await tag_speakers(connection, desk, batch)

    monkeypatch.setattr(dispatch, "tag_speakers", fail_once)
    with pytest.raises(OperationalError):
        await shop.hear(*batch)
    assert await stored(shop) == ["一", "/me"]
    assert await cursor(shop) == batch[2].cursor
    (order,) = await shop.dispatcher.left_over()
    await shop.hear(*batch[3:])
    assert await stored(shop) == ["一", "/me", "二"]
    assert len(await set_aside(shop)) == 1
    assert len(await shop.obeys([order])) == 1


# Events such as no platform should send

ODD = st.text(max_size=12) | st.text(
    st.characters(categories=["Cs", "Cc", "Cn", "Co", "Mn", "So"]), max_size=12
)
HUGE = st.builds(
    lambda seed, length: "".join(random.Random(seed).choices(string.ascii_letters, k=length)),  # noqa: S311 (no secret)
    st.integers(0, 9),
    st.integers(2_000, 20_000),
)
IDS = ODD | HUGE | st.just("id-小鱼")
ZONES = (
    st.none()
    | st.just(UTC)
    | st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-1_439, 1_439))
)
MOMENTS = st.builds(lambda moment, zone: moment.replace(tzinfo=zone), st.datetimes(), ZONES) | (
    st.sampled_from([NOW, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
)
NAMES = st.none() | ODD
PEOPLE = st.builds(Person, IDS, ODD, st.booleans(), alias=NAMES, nickname=NAMES)
SOME = st.lists(PEOPLE, max_size=3).map(tuple)
CHATS = st.builds(Chat, IDS, ODD)
STAMP = (st.just(ACCOUNT), st.just("1"), MOMENTS)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        MessageHeard,
        *STAMP,
        message=IDS,
        chat=st.none() | CHATS,
        sender=PEOPLE,
        text=ODD,
        own=st.booleans(),
    ),
    st.builds(ButtonPressed, *STAMP, press=IDS, chat=st.none() | CHATS, sender=PEOPLE, says=IDS),
    st.builds(MemberJoined, *STAMP, chat=CHATS, member=PEOPLE, by=st.none() | PEOPLE),
    st.builds(MemberLeft, *STAMP, chat=CHATS, member=PEOPLE),
    st.builds(GroupChanged, *STAMP, chat=CHATS, present=st.booleans()),
    st.builds(FriendAsked, *STAMP, request=IDS, member=PEOPLE, words=ODD),
    st.builds(
        AccountChanged,
        *STAMP,
        state=st.sampled_from(AccountState),
        me=st.none() | PEOPLE,
        reason=ODD,
        code=ODD,
    ),
    st.builds(HearingGap, *STAMP, since=MOMENTS),
    st.builds(StillHearing, *STAMP),
    st.builds(
        IdsChanged,
        *STAMP,
        rosters=st.lists(st.builds(Roster, CHATS, SOME), max_size=3).map(tuple),
        friends=SOME,
    ),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(strange=st.lists(EVENTS, max_size=6))
async def test_no_event_stops_the_line(any_shop: Shop, strange: Sequence[Event]) -> None:
    last_word = any_shop.heard("小鱼", f"第 {any_shop._next()} 句")
    await any_shop.dispatcher.hear([*strange, last_word])
    assert (await stored(any_shop))[-1] == last_word.text
    assert await cursor(any_shop) == last_word.cursor


async def test_what_the_database_itself_refuses_is_set_aside(any_shop: Shop) -> None:
    """No index of PostgreSQL takes a value of 20,000 letters; SQLite's take any."""
    endless = "".join(random.Random(7).choices(string.ascii_letters, k=20_000))  # noqa: S311 (no secret)
    await any_shop.hear(
        any_shop.heard("小鱼", "一"),
        any_shop.heard("小鱼", "二", message=endless),
        any_shop.heard("小鱼", "三"),
    )
    if any_shop.desk.database.is_sqlite:
        assert await stored(any_shop) == ["一", "二", "三"]
    else:
        assert await stored(any_shop) == ["一", "三"]
        assert [one["text"] for one in await set_aside(any_shop)] == ["二"]
        assert "index row" in (await last(any_shop)).error


@pytest.mark.parametrize(
    "at",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        NOW.replace(year=1969),
        NOW.replace(tzinfo=None),
    ],
    ids=["the first year", "the last year", "before computers", "nobody knows when"],
)
async def test_what_happened_at_no_time_is_set_aside(any_shop: Shop, at: datetime) -> None:
    await any_shop.hear(any_shop.heard("小鱼", "早", at=at))
    assert [one["text"] for one in await set_aside(any_shop)] == ["早"]
    assert await stored(any_shop) == []
