"""What must be found out besides an update before it can be translated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channels.telegram.button_signs import sign_of, words_to_keep
from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.intake import Intake, read_update
from handlers.events import ButtonPressed, MessageHeard, Person, StaffChanged
from scheduler.content import Button, Content
from storage import button_words
from tests.bot.channels.telegram.living import Living, living
from tests.bot.channels.telegram.scripted import ScriptedTelegram, does, refuses
from tests.bot.channels.telegram.updates import (
    AT,
    BOSS,
    ME,
    NUMBER,
    RAIN,
    body,
    message,
    standing,
    update,
)
from tests.bot.program import until

LONG = "/broadcast " + "很长的话" * 20


@pytest.fixture
async def shop(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Living]:
    async with living(migrated_sqlite, tmp_path) as made:
        yield made


@pytest.fixture
async def intake(shop: Living, connection: TelegramConnection) -> AsyncIterator[Intake]:
    made = shop.intake(connection)
    await made.open()
    yield made
    await made.close()


def press(data: str) -> Any:
    on = body(sender=ME, text="选")
    query = {"id": "p9", "from": RAIN, "chat_instance": "c", "message": on, "data": data}
    return update(callback_query=query)


async def test_who_is_an_admin_is_asked_before_it_is_told_who_speaks(
    intake: Intake, telegram: ScriptedTelegram
) -> None:
    telegram.answers("getChatAdministrators", does([standing("creator", BOSS)]))
    moments = intake.begin()
    (heard,) = await intake.events_of(message(sender=BOSS, text="上新"), moments, waited=True)
    assert isinstance(heard, MessageHeard)
    assert heard.sender.staff


async def test_who_is_staff_no_more_is_told_with_the_next_update_even_one_that_is_nothing(
    intake: Intake, telegram: ScriptedTelegram
) -> None:
    both = [standing("creator", BOSS), standing("administrator")]
    telegram.answers("getChatAdministrators", does(both), does(both[:1]))
    moments = intake.begin()
    pinned = message(pinned_message=body(text="看"))
    assert await intake.events_of(pinned, moments, waited=True) == []
    await intake._staffing._ask(-1001234)
    told, heard = await intake.events_of(message(text="在吗"), moments, waited=True)
    assert isinstance(told, StaffChanged)
    assert (told.member, told.chat.id) == (Person("5001", "小雨 Rain"), "-1001234")
    assert (told.cursor, heard.cursor) == (str(NUMBER - 1), str(NUMBER))


async def test_the_words_of_a_long_button_come_from_storage(
    shop: Living, intake: Intake, telegram: ScriptedTelegram
) -> None:
    content = Content("选", buttons=(Button("发", LONG),))
    async with shop.database.writing() as connection:
        await button_words.keep(connection, words_to_keep(content), AT)
    (pressed,) = await intake.events_of(press(sign_of(LONG)), intake.begin(), waited=False)
    assert isinstance(pressed, ButtonPressed)
    assert pressed.says == LONG
    await until(lambda: telegram.calls("answerCallbackQuery") == [{"callback_query_id": "p9"}])


async def test_a_button_whose_words_are_forgotten_says_nothing_but_its_spinner_stops(
    intake: Intake, telegram: ScriptedTelegram
) -> None:
    telegram.answers("answerCallbackQuery", refuses(400, "Bad Request: query is too old"))
    assert await intake.events_of(press("#gone"), intake.begin(), waited=False) == []
    await until(lambda: telegram.calls("answerCallbackQuery"))


async def test_nothing_is_heard_by_a_bot_that_does_not_know_itself(shop: Living) -> None:
    intake = shop.intake(shop.connection())
    with pytest.raises(RuntimeError, match="never opened"):
        await intake.events_of(message(text="在吗"), intake.begin(), waited=False)


@pytest.mark.parametrize(
    "strange",
    [
        {"update_id": 7, "message": {"message_id": "x", "text": "悄悄话"}},
        {"update_id": 7, "message": "悄悄话"},
        {"update_id": 7, "chat_member": {"chat": {"id": -1, "type": "group"}}},
    ],
)
def test_an_update_that_cannot_be_read_tells_nothing_and_is_logged(strange: Any) -> None:
    with capture_logs() as logs:
        assert read_update(strange).model_dump(exclude_none=True) == {"update_id": 7}
    assert [one["event"] for one in logs] == ["update_unreadable"]
    assert "悄悄话" not in str(logs)


def test_what_has_no_number_is_no_update() -> None:
    with pytest.raises(KeyError):
        read_update({"message": {}})
