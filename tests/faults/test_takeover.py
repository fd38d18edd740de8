"""Two processes share an account: one serves, and when it ends, however it ends, the other does.

Everything here is the programs that users run, with the terms that they run with.
`NUANQUN_FAULT_ROUNDS` sets how often each end is tried (5: once).
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from scheduler.lease import LeaseTerms
from tests.bot.program import PATIENCE
from tests.faults.pair import GROUPS, Pair, has_heard, has_lost_its_lane
from tests.faults.scene import ROUNDS, tell, until
from tests.peers.postgres import PostgresServer

WITHIN = 10.0  # seconds: the promise
TERMS = LeaseTerms()
ENDS = max(1, ROUNDS // 10)

pytestmark = [
    pytest.mark.faults,
    pytest.mark.peer,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> AsyncIterator[Pair]:
    """Two running bots on one ledger, of which one serves; each test leaves them so."""
    with postgres.database() as url:
        opened = Pair(tmp_path_factory.mktemp("pair"), url)
        try:
            await opened.open()
            yield opened
        finally:
            await opened.close()


async def check_once(pair: Pair, campaign: str) -> None:
    """Every group has a campaign's post once, and the ledger knows."""
    assert await pair.until_settled(campaign) == {"sent": GROUPS}
    posts = pair.posts(campaign)
    assert (len(posts), set(posts.values())) == (GROUPS, {1})


async def test_one_hears_and_sends_and_the_other_only_waits(pair: Pair) -> None:
    since = await pair.last_attempt()
    questions = [await pair.ask("/help") for _ in range(3)]
    campaign = await pair.broadcast("今晚八点直播")
    for question in questions:
        await pair.until_answered(question)
        assert set(pair.answers(question).values()) == {1}
    await check_once(pair, campaign)
    assert await pair.tokens_used(since) == {await pair.token()}
    assert has_heard(pair.server)
    assert not has_heard(pair.waiter)


async def test_a_killed_one_s_account_is_heard_answered_and_sent_through_within_ten_seconds(
    pair: Pair, figures: list[str]
) -> None:
    took = []
    for round_ in range(ENDS):
        async with pair.in_the_midst(f"第 {round_} 场：今晚八点直播") as (campaign, states):
            pair.server.kill()
            killed = time.monotonic()
        question = await pair.ask("/help")
        took.append(await pair.until_answered(question) - killed)
        await check_once(pair, campaign)
        assert set(pair.answers(question).values()) == {1}
        tell(f"round {round_}: killed at {dict(states)}, answered after {took[-1]:.2f} s")
        pair.swap()
        await pair.restart(pair.waiter)
    figures.append(f"takeover: after kill -9, answered within {max(took):.2f} s (of {WITHIN:g} s)")
    assert max(took) < WITHIN


async def test_one_that_is_told_to_end_hands_over_at_once(pair: Pair, figures: list[str]) -> None:
    took = []
    for round_ in range(ENDS):
        async with pair.in_the_midst(f"第 {round_} 场：今晚八点直播") as (campaign, states):
            pair.send(pair.server, signal.SIGTERM)
            told = time.monotonic()
        question = await pair.ask("/help")
        took.append(await pair.until_answered(question) - told)
        await check_once(pair, campaign)
        assert set(pair.answers(question).values()) == {1}
        process = pair.server.process
        assert process is not None
        assert await asyncio.to_thread(process.wait, PATIENCE) == 0
        assert "Traceback" not in pair.server.complained.read_text()
        tell(f"round {round_}: told at {dict(states)}, answered after {took[-1]:.2f} s")
        pair.swap()
        await pair.restart(pair.waiter)
    figures.append(f"takeover: after SIGTERM, answered within {max(took):.2f} s")
    # It was not the end of the lease that let the other one in.
    assert max(took) < (TERMS.lasts - TERMS.renew_every).total_seconds()


async def test_one_that_was_stopped_and_goes_on_says_nothing_that_the_other_says(
    pair: Pair, figures: list[str]
) -> None:
    took = []
    for round_ in range(ENDS):
        async with pair.in_the_midst(f"第 {round_} 场：今晚八点直播") as (campaign, states):
            pair.send(pair.server, signal.SIGSTOP)
            stopped = time.monotonic()
        question = await pair.ask("/help")
        took.append(await pair.until_answered(question) - stopped)
        await check_once(pair, campaign)
        since = await pair.last_attempt()
        async with pair.in_the_midst("换了一位，接着说") as (next_one, _):
            pair.send(pair.server, signal.SIGCONT)
        await until(lambda: has_lost_its_lane(pair.server), "it had noticed")
        for each in (next_one, campaign):
            await check_once(pair, each)
        for asked in (question, await pair.ask("/help")):
            await pair.until_answered(asked)
            assert set(pair.answers(asked).values()) == {1}
        assert await pair.tokens_used(since) == {await pair.token()}
        tell(f"round {round_}: stopped at {dict(states)}, answered after {took[-1]:.2f} s")
        # It waits again, and is there when the other one goes.
        pair.waiter.kill()
        await pair.until_answered(await pair.ask("/help"))
        await pair.restart(pair.waiter)
    figures.append(f"takeover: after SIGSTOP, answered within {max(took):.2f} s (of {WITHIN:g} s)")
    assert max(took) < WITHIN
