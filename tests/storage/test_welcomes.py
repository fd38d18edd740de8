"""Welcomes wait in the order they were stored, each account's own, until they are said."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.welcomes import (
    NewWelcome,
    PendingWelcome,
    finish_welcome,
    keep_welcomes,
    welcomes_to_say,
)
from tests.storage.builders import ACCOUNT, NOW


def welcome(key: str) -> NewWelcome:
    return NewWelcome(key, "group:chat-一群", {"text": f"欢迎 {key}"}, NOW)


async def waiting(
    connection: AsyncConnection, *, after: int = 0, limit: int = 10
) -> list[PendingWelcome]:
    return await welcomes_to_say(connection, ACCOUNT, after=after, limit=limit)


async def test_welcomes_are_read_on_from_the_last_one_seen(connection: AsyncConnection) -> None:
    await keep_welcomes(connection, ACCOUNT, [welcome("c"), welcome("a"), welcome("b")])
    await keep_welcomes(connection, "room:2", [welcome("d")])
    first, second = await waiting(connection, limit=2)
    assert (first.key, first.address, first.body, first.at) == (
        "c",
        "group:chat-一群",
        {"text": "欢迎 c"},
        NOW,
    )
    assert second.key == "a"
    assert [one.key for one in await waiting(connection, after=second.id)] == ["b"]


async def test_what_was_said_waits_no_more(connection: AsyncConnection) -> None:
    await keep_welcomes(connection, ACCOUNT, [welcome("a"), welcome("b")])
    await finish_welcome(connection, (await waiting(connection))[0].id)
    assert [one.key for one in await waiting(connection)] == ["b"]


async def test_a_welcome_that_waits_already_is_left_alone(connection: AsyncConnection) -> None:
    await keep_welcomes(connection, ACCOUNT, [welcome("a")])
    await keep_welcomes(connection, ACCOUNT, [welcome("a")])
    assert len(await waiting(connection)) == 1
