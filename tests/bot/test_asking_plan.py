"""`nuanqun plan`: what comes as things stand, and what programmes that are off would post."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.asking import opened_desk
from bot.configuration import Configuration
from storage.running_programmes import keep_facts
from tests.bot.program import call
from tests.handlers.programme_scenes import SALE

NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-30")
NODES = """
[[node]]
programme = "double11"
key = "balance-start"
name = { zh = "尾款开始" }
at = "2026-10-21T20:00"
"""


def own(here: Path, name: str, text: str) -> None:
    """A file of the shop's own, `programmes/sale.toml`."""
    path = here / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def slots(document: list[dict[str, Any]], programme: str) -> list[str]:
    return [one["slot"] for one in document if one["programme"] == programme]


def test_by_default_double_11_says_in_groups_all_that_needs_no_facts(here: Path) -> None:
    posts = call("plan", "--from", "2026-10-01", "--to", "2026-11-30", "--json").document
    ours = slots(posts, "double11")
    assert set(ours) > {"memory", "wish-list", "cart", "d-10", "d-0", "thanks", "how-to-use"}
    assert set(ours).isdisjoint({"old-friends", "sold-out", "live", "balance-ends"})
    assert len(ours) == len(set(ours))
    told = [one for one in posts if one["programme"] == "double11"]
    assert {one["audience"] for one in told} == {"所有群"}
    assert not any("{{" in one["text"] for one in told)
    assert list(here.iterdir()) == []


def test_a_programme_that_is_off_is_shown_whole_by_its_key_or_its_name(here: Path) -> None:
    own(here, "programmes/sale.toml", SALE)
    by_key = call("plan", "--programme", "sale", *NOVEMBER, "--json")
    assert slots(by_key.document, "sale") == ["hello:1", "hello:2", "regulars", "eve"]
    assert {one["programme"] for one in by_key.document} == {"sale"}
    (private,) = [one for one in by_key.document if one["slot"] == "regulars"]
    assert private["audience"] == "私信 tag:老客"
    assert private["text"] == "小鱼，给你留了一份。"
    assert not any(one["approved"] for one in by_key.document)
    assert by_key.err == "dispatch (sent) waits for parcel of 2026\n"
    by_name = call("plan", "--programme", "秋季上新节", *NOVEMBER, "--json")
    assert by_name.document == by_key.document
    assert slots(call("plan", *NOVEMBER, "--json").document, "sale") == []


def test_what_the_shop_has_said_of_a_programme_is_in_its_posts(
    here: Path, configured: Configuration
) -> None:
    own(here, "programmes/sale.toml", SALE)

    async def say() -> None:
        facts = {"gift": "护手霜", "parcel": "2026-11-14"}
        async with opened_desk(configured) as desk, desk.database.writing() as connection:
            now = datetime(2026, 11, 1, tzinfo=UTC)
            await keep_facts(connection, desk.shop_id, "sale", 2026, facts, by="x", at=now)

    asyncio.run(say())
    found = call("plan", "--programme", "sale", *NOVEMBER, "--json")
    assert slots(found.document, "sale") == ["hello:1", "hello:2", "regulars", "eve", "sent"]
    assert found.document[0]["text"] == "还有 6 天，买就送护手霜。"
    assert found.err == ""


def test_greetings_alone_can_be_asked_for(here: Path) -> None:
    posts = call("plan", "--programme", "festivals", "--json").document
    assert {one["programme"] for one in posts} == {"festivals"}
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("programmes/sale.toml", "key = ", "The programme sale.toml is broken at its syntax"),
        ("nodes/tmall-2026.toml", NODES, "The nodes tmall-2026.toml are broken at node"),
    ],
)
def test_a_broken_file_is_told_on_stderr_and_the_others_are_shown(
    here: Path, file: str, text: str, told: str
) -> None:
    own(here, file, text)
    found = call("plan", *NOVEMBER, "--json")
    assert found.code == 0
    assert told in found.err
    assert "d-10" in slots(found.document, "double11")


@pytest.mark.usefixtures("here")
def test_a_programme_that_there_is_none_of_is_answered_with_those_that_there_are() -> None:
    found = call("plan", "--programme", "doble11", "--json")
    assert (found.code, found.out) == (1, "")
    assert "There is no programme 'doble11'. The programmes are: 618, double11," in found.err
