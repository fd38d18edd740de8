"""An answer that is too long is said in pieces, and one that was said can say something else."""

from __future__ import annotations

import pytest

from scheduler.content import Button, Content
from scheduler.courier import (
    Action,
    Address,
    AddressGone,
    Done,
    Edit,
    Limits,
    NothingSent,
    Outcome,
    Post,
    Unable,
    Unclear,
)
from storage.database import Database
from tests.scheduler.stage import Stage

HERE = Address(group="chat-一群", topic="7")
THERE = "一群#7"
LONG = Content("一二三四。五六七八。九十", buttons=(Button("好", "/confirm"),))
LOST = Unclear("answer_lost")


@pytest.fixture
async def stage(database: Database) -> Stage:
    stage = Stage(database)
    stage.platform.limits = Limits(text_length=5)
    await stage.groups("一群")
    return stage


def said(actions: list[Action]) -> list[tuple[str, str]]:
    """The key and the text of every post that came to the platform."""
    return [(one.key, one.content.text) for one in actions if isinstance(one, Post)]


async def test_a_long_answer_is_said_in_pieces_with_the_buttons_below_the_last(
    stage: Stage,
) -> None:
    sender = await stage.opened()
    assert await sender.say(HERE, LONG, "r1") == Done("receipt-r1/3")
    assert said(stage.platform.arrived) == [
        ("r1", "一二三四。"),
        ("r1/2", "五六七八。"),
        ("r1/3", "九十"),
    ]
    assert {one.address for one in stage.platform.arrived} == {HERE}
    buttons = [one.content.buttons for one in stage.platform.arrived if isinstance(one, Post)]
    assert buttons == [(), (), LONG.buttons]


@pytest.mark.parametrize(
    ("first", "outcome", "calls"),
    [
        pytest.param(LOST, LOST, 3, id="it may have arrived: the rest belongs to it"),
        pytest.param(NothingSent("refused"), NothingSent("refused"), 1, id="nothing was sent"),
        pytest.param(AddressGone("kicked"), AddressGone("kicked"), 1, id="nobody is there"),
    ],
)
async def test_what_becomes_of_the_first_piece_decides_about_the_others(
    stage: Stage, first: Outcome, outcome: Outcome, calls: int
) -> None:
    sender = await stage.opened()
    stage.platform.will(THERE, first)
    assert await sender.say(HERE, LONG, "r1") == outcome
    assert len(stage.platform.arrived) == calls


async def test_after_a_crash_only_the_pieces_that_are_missing_are_said(stage: Stage) -> None:
    sender = await stage.opened()
    stage.platform.standing.update(["r1", "r1/2"])
    assert await sender.say(HERE, LONG, "r1", again=True) == Done("receipt-r1/3")
    assert said(stage.platform.arrived) == [("r1/3", "九十")]


async def test_a_message_that_was_sent_says_something_else(stage: Stage) -> None:
    sender = await stage.opened()
    stage.platform.will(THERE, Done("m1"), Unable("too old"))
    news = Content("第 2 页")
    assert await sender.change(HERE, "m1", news, "r1/0") == Done("m1")
    assert await sender.change(HERE, "m1", news, "r2/0") == Unable("too old")
    assert stage.platform.arrived[0] == Edit("r1/0", HERE, "m1", news)
    assert await stage.attempts() == [
        ("edit", "r1/0", "done", None),
        ("edit", "r2/0", "unable", "too old"),
    ]
