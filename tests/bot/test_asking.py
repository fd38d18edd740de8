"""What the command line says of the shop's memory: also what it could not hear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.asking import demand
from bot.configuration import Configuration
from bot.importing import import_history
from bot.wiring import open_desk
from scheduler.clock import RealClock
from storage.groups import heard_groups
from storage.hearing_gaps import keep_gap
from tests.bot.test_importing import TALK, written

SINCE = datetime(2026, 11, 5, 6, 2, tzinfo=UTC)


async def test_a_report_says_when_its_groups_were_not_heard(
    here: Path, configured: Configuration
) -> None:
    await import_history(configured, written(here / "h.jsonl", TALK), "jsonl")
    desk = await open_desk(configured, RealClock())
    async with desk.database.writing() as connection:
        account = (await heard_groups(connection, desk.shop_id))[0].account
        for name, since in ((account, SINCE), (account, SINCE - timedelta(days=9)), ("w:x", SINCE)):
            await keep_gap(connection, name, since, since + timedelta(minutes=8))
    await desk.database.close()
    answer = await demand(configured, group=None, first=None, last=None)
    assert answer.document["gaps"] == [
        {
            "account": account,
            "groups": ["一群", "二群"],
            "since": "2026-11-05T06:02:00+00:00",
            "until": "2026-11-05T06:10:00+00:00",
        }
    ]
    assert f"没听到（{account}）：11-05 14:02–14:10" in answer.text
    only = await demand(configured, group="二群", first=None, last=None)
    assert [one["groups"] for one in only.document["gaps"]] == [["二群"]]
