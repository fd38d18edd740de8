from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiogram.methods import GetWebhookInfo
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.channels.telegram import webhook
from bot.channels.telegram.connection import TelegramConnection, TelegramUnreachable
from bot.channels.telegram.moments import HeardLate
from bot.channels.telegram.polling import PollingHearing
from bot.channels.telegram.webhook import BODY, WebhookAddressRefused, WebhookHearing
from handlers.events import ButtonPressed, Event, ReachChanged
from tests.bot.channels.telegram.living import Living, hear, living, texts
from tests.bot.channels.telegram.updates import body
from tests.bot.program import until
from tests.peers.telegram.proxy import Fault

SECRET = "what-was-agreed-on"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
EVERYTHING = ["message", "callback_query", "my_chat_member", "chat_member"]


@pytest.fixture
async def shop(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Living]:
    async with living(migrated_sqlite, tmp_path) as made:
        made.bot.inbox.asked_for = EVERYTHING
        yield made
        assert made.double.wrong == []


@pytest.fixture
async def connection(shop: Living) -> AsyncIterator[TelegramConnection]:
    made = shop.connection()
    await made.open()
    yield made
    await made.close()


def webhook_of(
    shop: Living, connection: TelegramConnection, port: int, **more: Any
) -> WebhookHearing:
    return WebhookHearing(
        connection,
        shop.intake(connection),
        url=f"http://127.0.0.1:{port}/hook",
        host="127.0.0.1",
        port=port,
        secret=SecretStr(SECRET),
        **more,
    )


@pytest.fixture
async def hearing(
    shop: Living, connection: TelegramConnection, unused_tcp_port: int
) -> AsyncIterator[WebhookHearing]:
    made = webhook_of(shop, connection, unused_tcp_port)
    await made.open()
    yield made
    await made.close()


Call = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
async def call(hearing: WebhookHearing) -> AsyncIterator[Call]:
    """Somebody calls the webhook, as Telegram would."""
    async with httpx.AsyncClient(timeout=20) as client:

        async def post(
            number: int = 7, secret: str | None = SECRET, path: str = "/hook", **more: Any
        ) -> httpx.Response:
            sent = {"json": {"update_id": number, "message": body(text="在吗")}} | more
            headers = {} if secret is None else {HEADER: secret}
            url = f"http://127.0.0.1:{hearing.port}{path}"
            return await client.post(url, headers=headers, **sent)

        yield post


async def test_what_telegram_brings_is_heard_and_taken_once_it_is_confirmed(
    shop: Living, hearing: WebhookHearing
) -> None:
    async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
        shop.say("一")
        first = await anext(events)
        await asyncio.sleep(0.2)
        assert shop.waiting == 1  # no answer yet
        await hearing.confirm(first.cursor)
        await until(lambda: shop.waiting == 0)
        shop.say("二")
        assert texts([first, await anext(events)]) == ["一", "二"]


async def test_the_webhook_is_set_with_its_secret_and_its_kinds(
    shop: Living, hearing: WebhookHearing
) -> None:
    (asked,) = shop.double.asked("setWebhook")
    given = asked.call.parameters
    assert given["url"] == f"http://127.0.0.1:{hearing.port}/hook"
    assert (given["secret_token"], given["max_connections"]) == (SECRET, webhook.CONNECTIONS)
    assert set(EVERYTHING) < set(given["allowed_updates"])
    assert "drop_pending_updates" not in given


async def test_without_a_configured_secret_one_is_drawn_at_each_opening(
    shop: Living, connection: TelegramConnection, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    hearing = WebhookHearing(
        connection, shop.intake(connection), url=url, host="127.0.0.1", port=unused_tcp_port
    )
    for _ in range(2):
        await hearing.open()
    shop.say("一")
    assert texts(await hear(hearing, 1)) == ["一"]
    await hearing.close()
    drawn = [one.call.parameters["secret_token"] for one in shop.double.asked("setWebhook")]
    assert len(set(drawn)) == 2
    assert all(len(one) >= 32 for one in drawn)


STRANGERS: list[tuple[str, dict[str, Any], int]] = [
    ("without a secret", {"secret": None}, 403),
    ("with another secret", {"secret": "guessed"}, 403),
    ("with the beginning of the secret", {"secret": SECRET[:-1]}, 403),
    ("elsewhere", {"path": "/"}, 404),
    ("with no JSON", {"json": None, "content": b"hello"}, 400),
    ("with JSON that is no update", {"json": [1, 2]}, 400),
    ("with an update that has no number", {"json": {"message": {}}}, 400),
    ("with more than any update has", {"json": None, "content": b"x" * (BODY + 1)}, 413),
]


@pytest.mark.parametrize(
    ("sent", "code"), [row[1:] for row in STRANGERS], ids=[row[0] for row in STRANGERS]
)
async def test_a_call_that_is_not_telegram_s_is_refused(
    call: Call, hearing: WebhookHearing, sent: dict[str, Any], code: int
) -> None:
    listening = asyncio.create_task(hear(hearing, 1))
    assert (await call(**sent)).status_code == code
    assert not listening.done()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_an_update_that_is_nothing_to_the_bot_is_taken_at_once(
    call: Call, hearing: WebhookHearing
) -> None:
    listening = asyncio.create_task(hear(hearing, 1))
    assert (await call(json={"update_id": 7, "poll": {"id": "1"}})).status_code == 200
    assert (await call(json={"update_id": 8, "channel_post": None})).status_code == 200
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_a_call_that_waits_too_long_is_answered_503_and_comes_again(
    shop: Living, connection: TelegramConnection, unused_tcp_port: int
) -> None:
    patience = timedelta(seconds=0.1)
    hearing = webhook_of(shop, connection, unused_tcp_port, patience=patience)
    await hearing.open()
    with capture_logs() as logs:
        async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
            shop.say("一")
            heard = await anext(events)
            await until(lambda: any(one["event"] == "update_not_stored_in_time" for one in logs))
            going_on = asyncio.create_task(anext(events))
            await asyncio.sleep(0.5)
            assert not going_on.done()  # the same update, brought again, is told once
            await hearing.confirm(heard.cursor)
            await until(lambda: shop.waiting == 0)
            going_on.cancel()
            await asyncio.gather(going_on, return_exceptions=True)
    await hearing.close()


async def test_an_update_whose_answer_was_lost_is_taken_again_without_a_word(
    call: Call, hearing: WebhookHearing
) -> None:
    listening = asyncio.create_task(hear(hearing, 1))
    assert (await call(7)).status_code == 200
    (first,) = await listening
    assert (await call(7)).status_code == 200
    listening = asyncio.create_task(hear(hearing, 1, first.cursor))
    await asyncio.sleep(0.1)
    assert not listening.done()
    assert (await call(8)).status_code == 200
    assert len(await listening) == 1


async def test_who_dies_between_hearing_and_storing_hears_it_again(
    shop: Living, hearing: WebhookHearing
) -> None:
    """The promise: an update is confirmed to Telegram only after it is committed."""
    stored: list[Event] = []
    committing = asyncio.Event()

    async def ear(*, dies_at: int) -> None:
        async with aclosing(hearing.events(None)) as events:
            async for event in events:
                if len(stored) == dies_at:
                    committing.set()
                    await asyncio.Event().wait()  # it never comes back from this commit
                stored.append(event)
                await hearing.confirm(event.cursor)

    shop.say(*"一二三四五")
    for dies_at in (0, 2, 3):
        committing.clear()
        life = asyncio.create_task(ear(dies_at=dies_at))
        await asyncio.wait_for(committing.wait(), 10)
        assert shop.waiting >= 5 - dies_at  # what is not stored is still Telegram's
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        if dies_at == 2:  # the whole process this time
            await hearing.close()
            await hearing.open()
    last_life = asyncio.create_task(ear(dies_at=-1))
    await until(lambda: len(stored) == 5 and shop.waiting == 0)
    last_life.cancel()
    await asyncio.gather(last_life, return_exceptions=True)
    assert sorted(texts(stored)) == sorted("一二三四五")


async def test_an_update_is_taken_with_the_last_of_its_events(
    shop: Living, hearing: WebhookHearing
) -> None:
    shop.double.people.start(shop.fan, shop.bot)
    async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
        reached, said = await anext(events), await anext(events)
        assert isinstance(reached, ReachChanged)
        await hearing.confirm(reached.cursor)
        await asyncio.sleep(0.2)
        assert shop.waiting == 1
        await hearing.confirm(said.cursor)
        await until(lambda: shop.waiting == 0)


async def test_many_updates_are_under_way_at_once_and_one_word_confirms_them(
    shop: Living, hearing: WebhookHearing
) -> None:
    shop.say(*(str(number) for number in range(20)))
    async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
        told = [await anext(events) for _ in range(20)]
        await hearing.confirm(told[-1].cursor)
        await until(lambda: shop.waiting == 0)
    assert sorted(texts(told), key=int) == [str(number) for number in range(20)]


async def test_of_those_that_wait_the_lowest_is_told_first(
    call: Call, hearing: WebhookHearing
) -> None:
    calls = [asyncio.create_task(call(number)) for number in (9, 8, 7)]
    await until(lambda: len(hearing._held) == 3)
    heard = await hear(hearing, 3)
    assert [one.cursor for one in heard] == ["~7", "~8", "~9"]
    assert {one.status_code for one in await asyncio.gather(*calls)} == {200}


async def test_no_more_are_held_than_telegram_brings(
    call: Call, hearing: WebhookHearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "_MOST", 2)
    calls = [asyncio.create_task(call(number)) for number in (7, 8)]
    await until(lambda: len(hearing._held) == 2)
    assert (await call(9)).status_code == 503
    await hear(hearing, 2)
    await asyncio.gather(*calls)


async def test_closing_lets_go_of_every_call_and_ends_hearing(
    shop: Living, hearing: WebhookHearing, call: Call
) -> None:
    calling = asyncio.create_task(call(7))
    listening = asyncio.create_task(hear(hearing, 2, confirm=False))
    await until(lambda: len(hearing._held) == 1)
    began = time.monotonic()
    await hearing.close()
    assert (await calling).status_code == 503
    assert len(await listening) <= 1
    assert time.monotonic() - began < 2
    await hearing.close()
    await hearing.open()
    shop.say("一")
    assert texts(await hear(hearing, 1)) == ["一"]


async def test_two_bots_cannot_listen_on_one_port(
    shop: Living, connection: TelegramConnection, hearing: WebhookHearing
) -> None:
    second = webhook_of(shop, connection, hearing.port)
    with pytest.raises(WebhookAddressRefused, match=str(hearing.port)):
        await second.open()


async def test_it_does_not_open_where_telegram_does_not_answer(
    shop: Living, connection: TelegramConnection, unused_tcp_port: int
) -> None:
    shop.proxy.chooses = lambda call: Fault.BROKEN if call.method == "setWebhook" else None
    hearing = webhook_of(shop, connection, unused_tcp_port)
    with pytest.raises(TelegramUnreachable):
        await hearing.open()
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as client:
            await client.post(f"http://127.0.0.1:{unused_tcp_port}/hook")


async def test_a_press_that_waited_is_as_old_as_what_it_was_made_on(
    shop: Living, connection: TelegramConnection, unused_tcp_port: int
) -> None:
    keyboard = {"inline_keyboard": [[{"text": "确认", "callback_data": "=/confirm 3"}]]}
    post = shop.double.world.say(shop.group, shop.bot.user, "发吗", keyboard=keyboard)
    post.at -= 600
    shop.double.people.press(shop.owner, shop.bot, post)
    hearing = webhook_of(shop, connection, unused_tcp_port)
    await hearing.open()
    (old,) = await hear(hearing, 1)
    assert isinstance(old, ButtonPressed)
    assert old.at.timestamp() == post.at
    shop.double.people.press(shop.owner, shop.bot, post)
    (new,) = await hear(hearing, 1)
    assert abs((shop.clock.now() - new.at).total_seconds()) < 5
    await hearing.close()


async def test_what_comes_late_though_the_bot_ran_begins_hearing_anew(
    shop: Living, hearing: WebhookHearing
) -> None:
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
    assert texts(await hear(hearing, 1)) == ["停电时说的"]
    await until(lambda: shop.waiting == 0)


async def test_who_polls_after_a_webhook_misses_nothing(
    shop: Living, hearing: WebhookHearing, connection: TelegramConnection
) -> None:
    """A lower number may not be stored yet when a higher one is."""
    async with asyncio.timeout(10), aclosing(hearing.events(None)) as events:
        shop.say("一", "二")
        told = {one.cursor: one for one in [await anext(events), await anext(events)]}
    last = max(told)
    await hearing.close()
    polling = PollingHearing(connection, shop.intake(connection))
    await polling.open()
    info = await connection.call(GetWebhookInfo())
    assert info.url == ""
    assert texts(await hear(polling, 2, last)) == ["一", "二"]
    await polling.close()


async def test_nothing_of_the_secret_stands_in_a_log(shop: Living, hearing: WebhookHearing) -> None:
    with capture_logs() as logs, suppress(TelegramUnreachable):
        shop.proxy.chooses = lambda _: Fault.PAGE
        await hearing.open()
    assert SECRET not in str(logs)
    assert SECRET not in repr(hearing)
