"""Whatever a platform answers and whenever the process ends: no loss, no double.

Hypothesis draws a script of answers for each group, with deaths of the process among them,
whether the platform remembers keys, and how urgent the messages are: only a notice may come
twice. The sender is started again after each death and lives until nothing is open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.courier import (
    AccountDown,
    AddressGone,
    Muted,
    NothingSent,
    TooFast,
    Unable,
    Unclear,
)
from scheduler.priorities import Priority
from storage.database import Database
from storage.errors import LaneLost
from storage.tables import metadata
from tests.scheduler.fake_platform import AnswerLost, Dies, Stands, Step
from tests.scheduler.stage import PATIENT, SECOND, Stage

PRIORITIES = [Priority.NOTICE, Priority.POST, Priority.CAMPAIGN]
FINAL = {"sent", "failed", "skipped", "uncertain"}

seconds = st.integers(0, 90).map(lambda number: timedelta(seconds=number))
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Stands),
    st.builds(AnswerLost),
    st.builds(Dies, st.booleans()),
    st.builds(TooFast, seconds, st.booleans()),
    st.just(NothingSent("refused")),
    st.just(AccountDown("logged out")),
    st.just(AddressGone("kicked")),
    st.just(Muted("silenced")),
    st.just(Unable("no rights")),
    st.just(Unclear("http 502")),
    st.just(ValueError("a fault")),
)
scripts = st.lists(st.lists(steps, max_size=4), min_size=1, max_size=5)


def test_every_delivery_ends_once_with_its_reason_and_stands_at_most_once(
    database_url: str,
) -> None:
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(database_url))

        @settings(
            max_examples=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],  # a database is asked for every step
        )
        @given(scripts, st.booleans(), st.integers(1, 4), st.sampled_from(PRIORITIES))
        def lives(
            answers: list[list[Step]],
            remembers: bool,  # noqa: FBT001 (Hypothesis passes it by position)
            at_once: int,
            priority: Priority,
        ) -> None:
            runner.run(live(database, answers, at_once, priority, remembers=remembers))

        lives()
        runner.run(database.close())


async def live(
    database: Database,
    answers: Sequence[Sequence[Step]],
    at_once: int,
    priority: Priority,
    *,
    remembers: bool,
) -> None:
    await empty(database)
    stage = Stage(database)
    names = [f"{number}群" for number in range(len(answers))]
    await stage.due(*names, priority=priority)
    stage.platform.remembers = remembers
    for name, script in zip(names, answers, strict=True):
        stage.platform.will(name, *(with_takeover(stage, step) for step in script))
    settings = replace(PATIENT, calls_at_once=at_once, most_in_batch=3)
    sender = await stage.opened(settings)
    for _ in range(200):
        try:
            await stage.lives(sender.drain())
        except (asyncio.CancelledError, LaneLost):
            sender = await stage.opened(settings)
            continue
        if {one.state for one in (await stage.ledger()).values()} <= FINAL:
            break
        stage.clock.advance_to(await sender.next_look())
    await judge(stage, names, most=2 if priority is Priority.NOTICE else 1, remembers=remembers)


async def judge(stage: Stage, names: Sequence[str], *, most: int, remembers: bool) -> None:
    ledger = await stage.ledger()
    assert list(ledger) == list(names)
    for name, one in ledger.items():
        stands = stage.platform.standing[f"c1/once/room/group:chat-{name}"]
        assert one.state in FINAL
        assert stands <= most
        assert (one.state == "sent") <= (stands >= 1)
        assert (one.state in {"failed", "skipped"}) <= (stands == 0 or most == 2)
        assert one.state == "sent" or one.reason
        assert (one.receipt is not None) == (one.state == "sent")
        if remembers and stands:
            assert one.state in {"sent", "uncertain"}
    assert None not in [outcome for _, _, outcome, _ in await stage.attempts()]
    if remembers:
        await resolve(stage, most=most)


async def resolve(stage: Stage, *, most: int) -> None:
    """A platform that remembers leaves nothing in doubt, and still has everything once."""
    for _ in range(20):
        stage.clock.advance(10 * 60 * SECOND)
        try:
            await stage.lives((await stage.opened()).drain())
        except (asyncio.CancelledError, LaneLost):
            continue
        if not {one.state for one in (await stage.ledger()).values()} & {"uncertain", "planned"}:
            break
    states = {one.state for one in (await stage.ledger()).values()}
    assert states <= FINAL - {"uncertain"}
    assert max(stage.platform.standing.values(), default=0) <= most


def with_takeover(stage: Stage, step: Step) -> Step:
    """A death after which nothing more is written: as after kill -9, another has the lane."""
    if isinstance(step, Dies):
        return Dies(step.stands, lambda: stage.take_over("bot-after"))
    return step


async def empty(database: Database) -> None:
    async with database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
