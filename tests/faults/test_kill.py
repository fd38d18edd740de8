"""Kill -9 in the middle of things: nothing is lost, nothing is said twice.

`NUANQUN_FAULT_ROUNDS` sets how often (5), `NUANQUN_FAULT_SEED` replays the moments of a run.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.scene import GROUPS, ROUNDS, Scene, dice, number_in, tell

FEWER_ROUNDS = max(1, ROUNDS // 5)

pytestmark = pytest.mark.faults


async def test_a_bot_killed_during_broadcasts_says_everything_once(scene: Scene) -> None:
    chance = dice("broadcast")
    campaigns, hits = [], 0
    for round_ in range(ROUNDS):
        campaign, number = await scene.propose(f"第 {round_} 场：今晚八点直播")
        campaigns.append(campaign)
        # The moments are spread over the whole broadcast, from its first post to its last.
        after = int((round_ + chance.random()) / ROUNDS * GROUPS)
        await scene.tell_bot(f"/confirm {number}")
        await scene.until_posted(campaign, after)
        await asyncio.sleep(chance.uniform(0, 0.03))
        scene.bot.kill()
        stood = scene.posted(campaign)
        hits += 0 < stood < GROUPS
        left = scene.memory.states(campaign)
        scene.bot.start()
        await scene.until_settled(campaign)
        tell(f"round {round_}: killed at post {stood} of {GROUPS}, {dict(left)}")
        posts = scene.log.posts(f"{campaign}/")
        assert set(posts.values()) == {1}
        assert len(posts) == GROUPS
        assert scene.memory.states(campaign) == {"sent": GROUPS}
    assert scene.memory.campaigns() == campaigns
    tell(f"{hits} of {ROUNDS} kills hit a broadcast between its first and its last post")
    assert hits * 2 >= ROUNDS


async def test_a_room_killed_during_broadcasts_has_everything_once(scene: Scene) -> None:
    chance = dice("room")
    for round_ in range(FEWER_ROUNDS):
        campaign, number = await scene.propose(f"第 {round_} 场：今晚八点直播")
        await scene.tell_bot(f"/confirm {number}")
        await scene.until_posted(campaign, int(chance.uniform(1, GROUPS - 15)))
        scene.room.kill()
        stood = scene.posted(campaign)
        await asyncio.sleep(chance.uniform(0, 1))
        left = scene.memory.states(campaign)
        scene.room.start()
        await scene.until_settled(campaign)
        states = scene.memory.states(campaign)
        tell(f"round {round_}: the room died at post {stood}, {dict(left)}, at last {dict(states)}")
        posts = scene.log.posts(f"{campaign}/")
        assert set(posts.values()) == {1}
        assert states == {"sent": GROUPS}
        assert len(posts) == GROUPS


async def test_a_command_is_answered_once_whenever_the_bot_is_killed(scene: Scene) -> None:
    chance = dice("command")
    rounds, between = (ROUNDS + 1) // 2, 0
    for round_ in range(rounds):
        message = await scene.tell_bot("/tags")
        await scene.until(lambda: scene.memory.has_heard(message), "it was heard")  # noqa: B023 (asked at once)
        await asyncio.sleep(chance.uniform(0, 0.02))
        scene.bot.kill()
        waits = scene.memory.is_pending(message)
        between += waits
        answered = len(scene.answers(message))
        is_old = round_ % 2 == 1
        if waits and is_old:
            scene.memory.make_older(message, datetime.now(UTC) - timedelta(minutes=2))
        scene.bot.start()
        await scene.until_finished(message)
        answers = scene.answers(message)
        tell(f"round {round_}: pending {waits}, old {is_old}, answered {answered} -> {answers}")
        assert len(answers) == 1
        if waits and not answered:
            assert ("可能没有做完" in answers[0]) == is_old
    tell(f"{between} of {rounds} kills hit a command between hearing it and finishing it")


async def test_a_broadcast_confirmed_through_kills_is_one_campaign(scene: Scene) -> None:
    chance = dice("confirm")
    campaigns = []
    for round_ in range(FEWER_ROUNDS):
        proposal = await scene.tell_bot(f"/broadcast @所有群 第 {round_} 场")
        await asyncio.sleep(chance.uniform(0, 0.06))
        scene.bot.kill()
        scene.bot.start()
        await scene.until_finished(proposal)
        number = number_in(scene.answers(proposal)[-1])
        confirmation = await scene.tell_bot(f"/confirm {number}")
        await scene.until(lambda: scene.memory.has_heard(confirmation), "it was heard")  # noqa: B023 (asked at once)
        await asyncio.sleep(chance.uniform(0, 0.02))
        scene.bot.kill()
        scene.bot.start()
        campaign = f"broadcast:room/{proposal}"
        campaigns.append(campaign)
        await scene.until_settled(campaign)
        await scene.until_finished(confirmation)
        posts = scene.log.posts("broadcast:")
        assert set(posts.values()) == {1}
        assert len(posts) == GROUPS * len(campaigns)
        assert scene.memory.campaigns() == campaigns
        tell(f"round {round_}: the manager was told {scene.answers(confirmation)}")
        assert ["已确认" in answer for answer in scene.answers(confirmation)] == [True]
