"""Kill -9 while the room talks: everything is heard once, in its order, and everybody greeted once.

`NUANQUN_FAULT_ROUNDS` sets how often, `NUANQUN_FAULT_SEED` replays what is said and when.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field

import pytest

from scheduler.courier import Address
from tests.faults.processes import fan_comes
from tests.faults.scene import ROUNDS, Scene, dice, tell

DEEDS = 80

pytestmark = pytest.mark.faults


@dataclass(slots=True)
class Talk:
    """What was said and who came, all rounds together."""

    said: list[str] = field(default_factory=list)
    came: int = 0


async def talk(scene: Scene, chance: random.Random, so_far: Talk) -> None:
    """The manager talks in a group, and now and then somebody comes."""
    group = (await scene.manager.groups())[0].id
    door = json.loads(scene.room.said.read_text())["door"]
    for _ in range(DEEDS):
        if chance.random() < 0.15:
            await asyncio.to_thread(fan_comes, door, f"粉丝{so_far.came}", group)
            so_far.came += 1
        else:
            text = f"第 {len(so_far.said)} 句"
            await scene.manager.say(Address(group=group), text)
            so_far.said.append(text)


async def test_a_bot_killed_while_it_hears_hears_and_greets_everybody_once(scene: Scene) -> None:
    chance, so_far = dice("hearing"), Talk()
    for round_ in range((ROUNDS + 1) // 2):
        talking = asyncio.create_task(talk(scene, chance, so_far))
        await asyncio.sleep(chance.uniform(0, 0.5))
        scene.bot.kill()
        heard, greeted = len(scene.memory.heard_in_groups()), scene.log.greeted()
        tell(
            f"round {round_}: killed after {len(so_far.said)} said and {so_far.came} come,"
            f" of which {heard} heard and {greeted} greeted"
        )
        await talking
        scene.bot.start()
        await scene.until(
            lambda: scene.memory.heard_in_groups() == so_far.said, "everything was heard"
        )
        await scene.until(lambda: scene.log.greeted() >= so_far.came, "everybody was greeted")
    assert scene.memory.heard_in_groups() == so_far.said
    assert set(scene.log.posts("welcome:").values()) == {1}
    assert scene.log.greeted() == so_far.came
