from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiogram.methods import GetUpdates, SetWebhook
from structlog.testing import capture_logs

from bot.channels.telegram import polling
from bot.channels.telegram.connection import TelegramConnection, TelegramUnreachable
from bot.channels.telegram.moments import HeardLate
from bot.channels.telegram.polling import AT_ONCE, PollingHearing
from handlers.events import (
    ButtonPressed,
    Event,
    MemberJoined,
    MemberLeft,
    MessageHeard,
    ReachChanged,
)
from tests.bot.channels.telegram.living import Living, hear, living, texts
from tests.bot.channels.telegram.scripted import ScriptedTelegram, does, hangs, page
from tests.bot.channels.telegram.updates import body
from tests.bot.program import until
from tests.peers.telegram.calls import Call
from tests.peers.telegram.proxy import Fault
from tests.peers.telegram.world import RIGHTS

EVERYTHING = ["message", "callback_query", "my_chat_member", "chat_member"]


@pytest.fixture
async def shop(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Living]:
    async with living(migrated_sqlite, tmp_path) as made:
        made.bot.inbox.asked_for = EVERYTHING
        yield made
        assert made.double.wrong == []


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "_FIRST_REST", 0.01)


@pytest.fixture
async def hearing(shop: Living) -> AsyncIterator[PollingHearing]:
    connection = shop.connection()
    await connection.open()
    made = PollingHearing(connection, shop.intake(connection))
    await made.open()
    yield made
    await made.close()
    await connection.close()


OPENING = 1  # update, at most, in its answer


def asked(shop: Living) -> list[Mapping[str, Any]]:
    """What was asked for news, without the opening, which only names the kinds."""
    questions = [one.call.parameters for one in shop.double.asked("getUpdates")]
    return [one for one in questions if one["limit"] != OPENING]


async def test_what_happens_is_heard_in_its_order(shop: Living, hearing: PollingHearing) -> None:
    shop.say("一", "二")
    first, second = await hear(hearing, 2)
    assert texts([first, second]) == ["一", "二"]
    newcomer = shop.double.world.add_user("阿杰")
    hearing_on = asyncio.create_task(hear(hearing, 1, second.cursor))
    await asyncio.sleep(0.05)
    shop.double.people.join(newcomer, shop.group)
    (joined,) = await hearing_on
    assert isinstance(joined, MemberJoined)
    assert joined.member.id == str(newcomer.id)


@pytest.mark.parametrize("rights", [RIGHTS, frozenset[str]()], ids=["an admin", "no admin"])
async def test_who_comes_and_goes_is_told_once_whatever_the_bot_is_there(
    shop: Living, hearing: PollingHearing, rights: frozenset[str]
) -> None:
    """Telegram tells an admin twice: as a change of a member, and by a service message."""
    group = shop.double.world.add_group("二群", shop.owner)
    newcomer = shop.double.world.add_user("阿杰")
    shop.double.people.add_bot(shop.bot, group, shop.owner, rights=rights)
    for _ in range(2):  # the bot was away
        shop.double.people.join(newcomer, group)
        shop.double.people.leave(newcomer, group)
    shop.double.people.join(newcomer, group)
    shop.say("完了")
    moves: list[type[Event]] = []
    async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
        async for event in events:
            if isinstance(event, MemberJoined | MemberLeft):
                moves.append(type(event))
            if isinstance(event, MessageHeard):
                break
    assert moves == [MemberJoined, MemberLeft, MemberJoined, MemberLeft, MemberJoined]


async def test_it_asks_for_the_kinds_it_translates_and_waits_for_news_at_telegram(
    shop: Living, hearing: PollingHearing
) -> None:
    listening = asyncio.create_task(hear(hearing, 1))
    await until(lambda: len(shop.proxy.passed) > 2 and len(asked(shop)) >= 1)
    await asyncio.sleep(0.2)
    assert len(asked(shop)) == 1  # the second question is still waiting
    shop.say("一")
    await listening
    first, second = asked(shop)
    assert (first["timeout"], second["timeout"]) == (0, polling.PATIENCE)
    assert set(EVERYTHING) < set(first["allowed_updates"])


async def test_nothing_is_confirmed_to_telegram_that_was_not_confirmed_to_it(
    shop: Living, hearing: PollingHearing
) -> None:
    shop.say("一", "二", "三")
    async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
        first = await anext(events)
        await anext(events)
        await anext(events)
        going_on = asyncio.create_task(anext(events))
        await until(lambda: len(asked(shop)) > 2)  # it asks for more meanwhile
        assert shop.waiting == 3
        assert not going_on.done()  # and tells nothing twice
        await hearing.confirm(first.cursor)
        await until(lambda: shop.waiting == 2)
        shop.say("四")
        assert texts([await going_on]) == ["四"]


async def test_who_dies_between_hearing_and_storing_hears_it_again(
    shop: Living, hearing: PollingHearing
) -> None:
    """The promise: an update is confirmed to Telegram only after it is committed."""
    stored: list[Event] = []
    committing = asyncio.Event()

    async def ear(after: str | None, *, dies_at: int) -> None:
        async with aclosing(hearing.events(after)) as events:
            async for event in events:
                if len(stored) == dies_at:
                    committing.set()
                    await asyncio.Event().wait()  # it never comes back from this commit
                stored.append(event)
                await hearing.confirm(event.cursor)

    shop.say(*"一二三四五")
    for dies_at in (0, 2, 3):
        committing.clear()
        last = stored[-1].cursor if stored else None
        life = asyncio.create_task(ear(last, dies_at=dies_at))
        await asyncio.wait_for(committing.wait(), 10)
        assert shop.waiting >= 5 - dies_at  # what is not stored is still Telegram's
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
    last_life = asyncio.create_task(ear(stored[-1].cursor, dies_at=-1))
    await until(lambda: len(stored) == 5)
    await until(lambda: shop.waiting == 0)
    last_life.cancel()
    await asyncio.gather(last_life, return_exceptions=True)
    assert texts(stored) == ["一", "二", "三", "四", "五"]


async def test_what_is_confirmed_while_telegram_repeats_it_is_not_told_again(
    shop: Living, hearing: PollingHearing
) -> None:
    """The question was asked before the confirmation, and its answer came behind it."""
    shop.say("一")
    async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
        first = await anext(events)
        asked_again, slow = asyncio.Event(), asyncio.Event()
        take = shop.bot.inbox.take

        async def answer_late(offset: int, limit: int, patience: float) -> list[dict[str, Any]]:
            answer = await take(offset, limit, patience)
            asked_again.set()
            await slow.wait()
            return answer

        shop.bot.inbox.take = answer_late  # type: ignore[method-assign]  # for this moment alone
        going_on = asyncio.create_task(anext(events))
        await asyncio.wait_for(asked_again.wait(), 10)
        await hearing.confirm(first.cursor)
        slow.set()
        await until(lambda: shop.waiting == 0)
        shop.say("二")
        assert texts([await going_on]) == ["二"]


async def test_an_update_is_confirmed_with_the_last_of_its_events(
    shop: Living, hearing: PollingHearing
) -> None:
    shop.double.people.start(shop.fan, shop.bot)
    async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
        reached, said = await anext(events), await anext(events)
        going_on = asyncio.create_task(anext(events))
        assert isinstance(reached, ReachChanged)
        assert isinstance(said, MessageHeard)
        await hearing.confirm(reached.cursor)
        await until(lambda: len(asked(shop)) > 2)
        assert shop.waiting == 1
        await hearing.confirm(said.cursor)
        await until(lambda: shop.waiting == 0)
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)


async def test_an_update_that_is_nothing_to_the_bot_is_confirmed_as_well(
    shop: Living, hearing: PollingHearing
) -> None:
    listening = asyncio.create_task(hear(hearing, 1))
    shop.double.people.mute(shop.fan, shop.group, shop.owner)
    assert shop.waiting == 1
    await until(lambda: shop.waiting == 0)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_it_goes_on_behind_a_cursor_and_tells_nothing_before_it(
    shop: Living, hearing: PollingHearing
) -> None:
    shop.say("一", "二")
    first, _ = await hear(hearing, 2, confirm=False)
    assert texts(await hear(hearing, 1, first.cursor)) == ["二"]


@pytest.mark.parametrize("after", ["0", "~480000001"])
async def test_a_cursor_that_names_no_place_starts_at_telegram_s_beginning(
    shop: Living, hearing: PollingHearing, after: str
) -> None:
    shop.say("一")
    assert texts(await hear(hearing, 1, after)) == ["一"]
    assert "offset" not in asked(shop)[0]


async def test_numbers_that_begin_anew_below_are_heard(
    shop: Living, hearing: PollingHearing
) -> None:
    """After a week of silence Telegram chooses the next number at random."""
    shop.say("一")
    shop.bot.inbox._next = 1_000_001
    hearing_on = asyncio.create_task(hear(hearing, 2))
    await until(lambda: shop.waiting == 0)
    shop.say("二")
    assert texts(await hearing_on) == ["一", "二"]
    await hear_nothing(hearing)
    assert asked(shop)[-1]["offset"] == 1_000_002


async def hear_nothing(hearing: PollingHearing) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), aclosing(hearing.events("1000001")) as events:
            raise AssertionError(await anext(events))


async def test_more_than_one_answer_holds_is_heard_in_several(
    shop: Living, hearing: PollingHearing
) -> None:
    said = [str(number) for number in range(2 * AT_ONCE + 7)]
    shop.say(*said)
    assert texts(await hear(hearing, len(said))) == said


async def test_a_full_answer_that_nobody_stores_stops_the_questions(
    shop: Living, hearing: PollingHearing
) -> None:
    shop.say(*(str(number) for number in range(AT_ONCE + 1)))
    async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
        told = [await anext(events) for _ in range(AT_ONCE)]
        more = asyncio.create_task(anext(events))
        await asyncio.sleep(0.6)
        assert len(asked(shop)) == 1  # Telegram could only repeat what it has told
        await hearing.confirm(told[-1].cursor)
        assert texts([await more]) == [str(AT_ONCE)]


@pytest.mark.parametrize(
    "fault", [Fault.PAGE, Fault.BROKEN, Fault.RESET, Fault.LOST, Fault.SENT_PAGE, Fault.TOO_FAST]
)
async def test_hearing_goes_on_over_every_trouble(
    shop: Living, hearing: PollingHearing, fault: Fault
) -> None:
    troubles = [fault, fault]

    def spoil(call: Call) -> Fault | None:
        return troubles.pop() if call.method == "getUpdates" and troubles else None

    shop.proxy.chooses = spoil
    shop.say("一")
    with capture_logs() as logs:
        assert texts(await hear(hearing, 1)) == ["一"]
    told = [one for one in logs if one["event"] == "not_hearing"]
    assert len(told) == 2
    assert shop.bot.token.partition(":")[2] not in str(logs)


async def test_rests_grow_while_trouble_lasts_and_are_short_again_afterwards(
    shop: Living, hearing: PollingHearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_LONGEST_REST", 0.04)
    troubles = [*[Fault.BROKEN] * 4, None, Fault.BROKEN]
    shop.proxy.chooses = lambda call: (
        troubles.pop(0) if call.method == "getUpdates" and troubles else None
    )
    shop.say("一")
    with capture_logs() as logs:
        await hear(hearing, 1)
        shop.say("二")
        await hear(hearing, 1, "480000002")
    rests = [one["again_in"] for one in logs if one["event"] == "not_hearing"]
    assert rests[:4] == [0.01, 0.02, 0.04, 0.04]
    assert rests[4:] == [0.01]


async def test_a_question_that_is_never_answered_is_asked_again(
    shop: Living, hearing: PollingHearing
) -> None:
    hearing._connection._deadline = timedelta(seconds=0.3)
    troubles = [Fault.HANG]
    shop.proxy.chooses = lambda call: (
        troubles.pop() if call.method == "getUpdates" and troubles else None
    )
    shop.say("一")
    assert texts(await hear(hearing, 1)) == ["一"]


async def test_another_program_with_the_same_token_is_named_in_the_log(
    shop: Living, hearing: PollingHearing
) -> None:
    listening = asyncio.create_task(hear(hearing, 1))
    await until(lambda: len(asked(shop)) == 1)
    await asyncio.sleep(0.1)
    other = shop.connection()
    await other.open()
    with capture_logs() as logs:
        await other.call(GetUpdates(timeout=0, allowed_updates=EVERYTHING))
        shop.say("一")
        assert texts(await listening) == ["一"]
    await other.close()
    (told,) = [one for one in logs if one["event"] == "not_hearing"]
    assert "other getUpdates request" in told["reason"]


async def test_a_webhook_that_was_left_is_taken_away(shop: Living) -> None:
    connection = shop.connection()
    await connection.open()
    await connection.call(SetWebhook(url="http://127.0.0.1:9/", allowed_updates=EVERYTHING))
    shop.say("一")
    hearing = PollingHearing(connection, shop.intake(connection))
    await hearing.open()
    assert texts(await hear(hearing, 1)) == ["一"]
    await hearing.close()
    await connection.close()


async def test_it_does_not_open_where_telegram_does_not_answer(shop: Living) -> None:
    connection = shop.connection()
    await connection.open()
    await shop.proxy.shut()
    hearing = PollingHearing(connection, shop.intake(connection))
    with pytest.raises(TelegramUnreachable) as trouble:
        await hearing.open()
    assert shop.bot.token.partition(":")[2] not in str(trouble.value)
    await hearing.close()
    await connection.close()


async def test_hearing_ends_at_once_when_it_is_closed_and_begins_again(
    shop: Living, hearing: PollingHearing
) -> None:
    listening = asyncio.create_task(hear(hearing, 1))
    await until(lambda: len(asked(shop)) >= 1)
    began = time.monotonic()
    await hearing.close()
    assert await listening == []
    assert time.monotonic() - began < 1
    await hearing.open()
    shop.say("一")
    assert texts(await hear(hearing, 1)) == ["一"]


async def test_hearing_ends_at_once_when_it_is_cancelled(
    shop: Living, hearing: PollingHearing
) -> None:
    for faults in ([], [Fault.BROKEN] * 100):
        shop.proxy.chooses = partial(_next_fault, faults)
        listening = asyncio.create_task(hear(hearing, 1))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        assert time.monotonic() - began < 0.5


def _next_fault(faults: list[Fault], _: Call) -> Fault | None:
    return faults.pop() if faults else None


async def test_an_update_of_a_shape_nobody_knows_holds_up_no_other(
    shop: Living, telegram: ScriptedTelegram, connection: TelegramConnection
) -> None:
    strange = {
        "update_id": 7,
        "message": body(text="不该出现在日志里", chat={"id": -1, "type": [2]}),
    }
    known = {"update_id": 8, "message": body(text="二")}
    telegram.answers("getUpdates", does([]), does([strange, known]), hangs)
    hearing = PollingHearing(connection, shop.intake(connection))
    await hearing.open()
    with capture_logs() as logs:
        (heard,) = await hear(hearing, 1)
    await hearing.close()
    assert (texts([heard]), heard.cursor) == (["二"], "8")
    (told,) = [one for one in logs if one["event"] == "update_unreadable"]
    assert (told["update"], told["kinds"]) == (7, ["message"])
    assert "不该出现" not in str(logs)


async def test_an_answer_that_is_none_is_trouble(
    shop: Living, telegram: ScriptedTelegram, connection: TelegramConnection
) -> None:
    updates = [{"update_id": 8, "message": body(text="二")}]
    answers = page(200, "<html>sign in</html>"), does([7]), does(updates)
    telegram.answers("getUpdates", does([]), *answers)
    hearing = PollingHearing(connection, shop.intake(connection))
    await hearing.open()
    assert texts(await hear(hearing, 1)) == ["二"]
    await hearing.close()


async def test_a_press_from_before_the_start_is_as_old_as_what_it_was_made_on(
    shop: Living, hearing: PollingHearing
) -> None:
    keyboard = {"inline_keyboard": [[{"text": "确认", "callback_data": "=/confirm 3"}]]}
    post = shop.double.world.say(shop.group, shop.bot.user, "发吗", keyboard=keyboard)
    post.at -= 600
    shop.double.people.press(shop.owner, shop.bot, post)
    (old,) = await hear(hearing, 1)
    assert isinstance(old, ButtonPressed)
    assert old.at.timestamp() == post.at
    listening = asyncio.create_task(hear(hearing, 1, old.cursor))
    await until(lambda: len(asked(shop)) >= 2)
    await asyncio.sleep(0.1)
    shop.double.people.press(shop.owner, shop.bot, post)
    (new,) = await listening
    assert abs((shop.clock.now() - new.at).total_seconds()) < 5
    await until(lambda: all(one == "" for one in shop.double.world.presses.values()))


async def test_what_comes_late_though_the_bot_ran_begins_hearing_anew(
    shop: Living, hearing: PollingHearing
) -> None:
    """A command from an outage is not obeyed late: the ear begins anew behind it."""
    shop.say("一")
    (first,) = await hear(hearing, 1)
    listening = asyncio.create_task(hear(hearing, 2, first.cursor))
    shop.say("二")
    await until(lambda: shop.waiting == 0)
    message = shop.double.world.say(shop.group, shop.fan, "停电时说的")
    shop.clock.ahead = timedelta(minutes=10)
    shop.double.people._tell(message)
    with pytest.raises(HeardLate):
        await listening
    assert shop.waiting == 1
    assert texts(await hear(hearing, 1, first.cursor)) == ["停电时说的"]
