"""The wire to Telegram: calls end in time, and nothing that leaves it tells the token."""

from __future__ import annotations

import asyncio
import time
import traceback
from datetime import timedelta

import pytest
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramServerError,
)
from aiogram.methods import GetMe, GetUpdates, SendMessage
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.channels.telegram.connection import (
    NotReached,
    TelegramConnection,
    TelegramRefused,
    TelegramUnreachable,
    Unreadable,
)
from storage.errors import RunningError
from tests.bot.channels.telegram.scripted import (
    SECRET,
    TOKEN,
    Answer,
    ScriptedTelegram,
    cuts,
    does,
    hangs,
    late,
    page,
    refuses,
)

HELLO = SendMessage(chat_id=7, text="大家好")
SOON = timedelta(seconds=0.5)


def told_by(error: BaseException) -> str:
    """Everything that anybody could print of an error."""
    parts = traceback.format_exception(error)
    return "".join([*parts, repr(error), str(error), repr(error.args), repr(vars(error))])


async def failure(connection: TelegramConnection) -> AiogramError:
    with pytest.raises(AiogramError) as raised:
        await connection.call(HELLO)
    return raised.value


async def test_opening_tells_who_we_are(connection: TelegramConnection) -> None:
    assert connection.me is not None
    assert connection.me.username == "nuanqun_bot"


async def test_a_call_returns_what_telegram_answers(
    connection: TelegramConnection, telegram: ScriptedTelegram
) -> None:
    message = await connection.call(HELLO)
    assert message.message_id == 1
    assert telegram.calls("sendMessage") == [{"chat_id": 7, "text": "大家好"}]


async def test_it_opens_again_after_it_was_closed(connection: TelegramConnection) -> None:
    await connection.close()
    await connection.close()
    with pytest.raises(NotReached):
        await connection.call(HELLO)
    await connection.open()
    assert (await connection.call(HELLO)).message_id == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refuses(400, "Bad Request: chat not found"), TelegramBadRequest),
        (refuses(502, "Bad Gateway"), TelegramServerError),
        (refuses(500, None), TelegramServerError),
        (page(502, "<html>Bad Gateway</html>"), TelegramServerError),
        (page(200, "<html>Sign in to this network</html>"), Unreadable),
        (page(404, "<html>No such page: "), Unreadable),
        (page(200, b"\xff\xfe no text at all"), Unreadable),
        (does({"nothing": "that Telegram would say"}), Unreadable),
        (cuts, TelegramNetworkError),
    ],
)
async def test_each_trouble_is_one_error_and_none_tells_the_token(
    connection: TelegramConnection,
    telegram: ScriptedTelegram,
    answer: Answer,
    expected: type[AiogramError],
) -> None:
    telegram.answers("sendMessage", answer)
    error = await failure(connection)
    assert type(error) is expected
    assert SECRET not in told_by(error)
    assert (await connection.call(HELLO)).message_id == 1


async def test_an_answer_that_is_none_is_not_repeated(
    connection: TelegramConnection, telegram: ScriptedTelegram
) -> None:
    telegram.answers("sendMessage", page(200, "小雨说她对酒精过敏"))
    error = await failure(connection)
    assert "过敏" not in f"{error} {error!r}"


async def test_a_refused_connection_reached_nobody(
    connection: TelegramConnection, telegram: ScriptedTelegram
) -> None:
    await telegram.__aexit__()
    await asyncio.sleep(0.05)  # until the connection that was kept is seen to be closed
    error = await failure(connection)
    assert isinstance(error, NotReached)
    assert SECRET not in told_by(error)


async def test_a_host_that_is_none_reached_nobody() -> None:
    nowhere = TelegramConnection(SecretStr(TOKEN), "http://no-such-host.invalid", SOON)
    with pytest.raises(TelegramUnreachable) as raised:
        await nowhere.open()
    assert isinstance(raised.value.__cause__, NotReached)
    assert SECRET not in told_by(raised.value)


async def test_a_connection_that_is_never_made_reached_nobody(
    hasty: TelegramConnection,
    telegram: ScriptedTelegram,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    telegram.answers("getUpdates", hangs)
    first = asyncio.create_task(hasty.call(GetUpdates()))
    await asyncio.sleep(0.05)  # until it has taken the connection that was kept
    monkeypatch.setattr("aiohttp.connector.TCPConnector._create_connection", never)
    error = await failure(hasty)
    await asyncio.gather(first, return_exceptions=True)
    assert isinstance(error, NotReached)
    assert SECRET not in told_by(error)


async def test_a_call_that_hangs_ends_at_its_deadline(
    hasty: TelegramConnection, telegram: ScriptedTelegram
) -> None:
    telegram.answers("sendMessage", hangs)
    began = time.monotonic()
    error = await failure(hasty)
    assert type(error) is TelegramNetworkError
    assert 0.4 < time.monotonic() - began < 3
    assert SECRET not in told_by(error)


async def test_a_long_poll_may_take_as_much_longer_as_it_asked_to_wait(
    hasty: TelegramConnection, telegram: ScriptedTelegram
) -> None:
    telegram.answers("getUpdates", late(0.8, does([])))
    assert await hasty.call(GetUpdates(timeout=1)) == []


@pytest.mark.parametrize(
    "token", ["", "no-colon", "abc:def", "123:", "123: spaced", "very-secret:123"]
)
async def test_what_is_no_token_is_refused_before_anybody_is_asked(
    telegram: ScriptedTelegram, token: str
) -> None:
    connection = TelegramConnection(SecretStr(token), telegram.url)
    with pytest.raises(TelegramRefused) as raised:
        await connection.open()
    assert telegram.asked == []
    assert token == "" or token not in told_by(raised.value)


@pytest.mark.parametrize("answer", [refuses(401, "Unauthorized"), refuses(404, "Not Found")])
async def test_a_token_of_no_bot_is_refused(telegram: ScriptedTelegram, answer: Answer) -> None:
    telegram.answers("getMe", answer)
    connection = TelegramConnection(SecretStr(TOKEN), telegram.url)
    with pytest.raises(TelegramRefused) as raised:
        await connection.open()
    assert SECRET not in told_by(raised.value)
    with pytest.raises(NotReached):
        await connection.call(GetMe())


async def test_a_failing_server_is_not_reached(telegram: ScriptedTelegram) -> None:
    telegram.answers("getMe", page(502, "<html>"))
    with pytest.raises(RunningError) as raised:
        await TelegramConnection(SecretStr(TOKEN), telegram.url).open()
    assert isinstance(raised.value, TelegramUnreachable)
    assert "HTTP 502" in str(raised.value)


def test_it_does_not_show_its_token() -> None:
    shown = repr(TelegramConnection(SecretStr(TOKEN)))
    assert shown == "TelegramConnection(bot123456:*** at https://api.telegram.org)"


async def test_a_press_is_answered_and_nothing_hangs_on_it(
    hasty: TelegramConnection, telegram: ScriptedTelegram
) -> None:
    telegram.answers("answerCallbackQuery", refuses(400, "Bad Request: query is too old"), hangs)
    with capture_logs() as lines:
        for _ in range(3):
            await hasty.stop_spinner("77")
    assert telegram.calls("answerCallbackQuery") == [{"callback_query_id": 77}] * 3
    assert [line["event"] for line in lines] == ["spinner_not_stopped"] * 2
    assert SECRET not in repr(lines)
