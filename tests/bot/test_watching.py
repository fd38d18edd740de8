"""The watch: once a minute, each watcher on its own, in the process that holds the lane."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from bot import chores, watching
from bot.chores import take_turns
from bot.watching import BEHIND_START, EVERY
from handlers.desk import Desk
from scheduler.lease import LeaseTerms
from tests.bot.program import until
from tests.handlers.shop import SECOND, Shop

TERMS = LeaseTerms(renew_every=timedelta(milliseconds=50), poll_every=timedelta(milliseconds=20))


class Looks:
    """A watcher that counts its looks, and fails if it is told to."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.count = 0
        self._fault = fault

    async def __call__(self, _: Desk) -> None:
        """Look once."""
        self.count += 1
        if self._fault is not None:
            raise self._fault


def watch(monkeypatch: pytest.MonkeyPatch, *watchers: tuple[str, watching.Watcher]) -> None:
    monkeypatch.setattr(watching, "WATCHERS", watchers)


async def settle() -> None:
    """Let every task run until it waits for the clock."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_watcher_looks_at_once_and_then_every_minute(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks()
    watch(monkeypatch, ("looks", looks))
    async with watching.watching(shop.desk):
        await settle()
        assert looks.count == 1
        shop.clock.advance(EVERY - SECOND)
        await settle()
        assert looks.count == 1
        shop.clock.advance(SECOND)
        await settle()
        assert looks.count == 2
    assert timedelta(minutes=1) == EVERY


async def test_rounds_are_closed_only_when_the_backlog_was_heard(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks()
    watch(monkeypatch, ("rounds", looks))
    async with watching.watching(shop.desk):
        await settle()
        shop.clock.advance(BEHIND_START["rounds"] - SECOND)
        await settle()
        assert looks.count == 0
        shop.clock.advance(SECOND)
        await settle()
        assert looks.count == 1


async def test_a_watcher_that_fails_is_counted_looks_again_and_fails_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failures() -> float:
        labels = {"watcher": "blind"}
        return REGISTRY.get_sample_value("nuanqun_watchers_failed_total", labels) or 0.0

    blind, looks, before = Looks(ValueError("no eyes")), Looks(), failures()
    watch(monkeypatch, ("blind", blind), ("looks", looks))
    async with watching.watching(shop.desk):
        await settle()
        shop.clock.advance(EVERY)
        await settle()
    assert (blind.count, looks.count) == (2, 2)
    assert failures() == before + 2


async def test_a_watcher_that_takes_long_holds_up_no_other_and_ends_with_the_watch(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def long(_: Desk) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    looks = Looks()
    watch(monkeypatch, ("long", long), ("looks", looks))
    before = asyncio.all_tasks()
    async with watching.watching(shop.desk):
        await settle()
        shop.clock.advance(EVERY)
        await settle()
        assert looks.count == 2
    assert ended.is_set()
    assert asyncio.all_tasks() == before


async def test_who_does_the_chores_keeps_the_watch(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks()
    watch(monkeypatch, ("looks", looks))
    monkeypatch.setattr(chores, "NIGHTLY", ())
    one = asyncio.create_task(take_turns(shop.desk, "bot-1", TERMS))
    await until(lambda: looks.count == 1)
    waiting = asyncio.create_task(take_turns(shop.desk, "bot-2", TERMS))
    await asyncio.sleep(0.1)
    assert looks.count == 1
    one.cancel()
    await asyncio.gather(one, return_exceptions=True)
    await until(lambda: looks.count == 2)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
