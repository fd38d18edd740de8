"""What the command line says of the shop's memory: any report, also what it could not hear."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.asking import DemandQuestion, demand
from bot.configuration import Configuration
from bot.importing import import_history
from bot.wiring import open_desk
from handlers.period import Period
from scheduler.clock import RealClock
from storage.groups import heard_groups
from storage.hearing_gaps import keep_gap
from tests.bot.program import call
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
    answer = await demand(configured, DemandQuestion())
    assert answer.document["gaps"] == [
        {
            "account": account,
            "groups": ["一群", "二群"],
            "since": "2026-11-05T06:02:00+00:00",
            "until": "2026-11-05T06:10:00+00:00",
        }
    ]
    assert f"没听到（{account}）：11-05 14:02–14:10" in answer.text
    only = await demand(configured, DemandQuestion(groups=("二群",)))
    assert [one["groups"] for one in only.document["gaps"]] == [["二群"]]


async def test_the_week_of_a_group_ends_when_anybody_last_spoke_there(
    here: Path, configured: Configuration
) -> None:
    old = ("老群", "阿雯", "物流好慢", "2026-06-01T20:00:00+08:00")
    await import_history(configured, written(here / "h.jsonl", [*TALK, old]), "jsonl")
    document = (await demand(configured, DemandQuestion(groups=("老群",)))).document
    assert (document["from"], document["to"]) == ("2026-05-26", "2026-06-01")
    assert document["messages"] == 1


WEEK = Period(date(2026, 10, 30), date(2026, 11, 5))


@pytest.mark.parametrize(
    ("first", "last", "against"),
    [
        (None, None, None),
        (date(2026, 10, 1), None, Period(date(2026, 10, 1), date(2026, 10, 7))),
        (None, date(2026, 10, 7), Period(date(2026, 10, 1), date(2026, 10, 7))),
        (
            date(2025, 11, 1),
            date(2025, 11, 30),
            Period(date(2025, 11, 1), date(2025, 11, 30)),
        ),
    ],
)
def test_the_other_period_is_as_long_unless_it_is_given_whole(
    first: date | None, last: date | None, against: Period | None
) -> None:
    assert DemandQuestion(against_first=first, against_last=last).against(WEEK) == against


@pytest.mark.usefixtures("configured")
def test_a_report_is_written_to_files_beside_what_is_printed(here: Path) -> None:
    written(here / "h.jsonl", TALK)
    call("import", "chat", "h.jsonl")
    plain = call("insights", "--group", "一群", "--group", "二群", "--json")
    ended = call(
        *("insights", "--group", "一群", "--group", "二群", "--json"),
        *("--html", "report.html", "--csv", "report.csv"),
    )
    assert (ended.code, ended.document) == (0, plain.document)
    assert ended.err == "wrote report.html\nwrote report.csv\n"
    page = (here / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "泵头漏液+1，能不能补发个新泵头" in page
    with (here / "report.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.reader(table))
    assert rows[1][:5] == ["总计", "2026-10-30 至 2026-11-05", "", "2", "5"]
    refused = call("insights", "--html", "gone/report.html")
    assert refused.code == 1
    assert "gone/report.html cannot be written: No such file" in refused.err


@pytest.mark.usefixtures("configured")
def test_the_document_keeps_its_fields_and_tells_what_was_asked(here: Path) -> None:
    written(here / "h.jsonl", TALK)
    call("import", "chat", "h.jsonl")
    document = call("insights", "--against-to", "2026-11-04", "--json").document
    kept = {"from", "to", "groups", "gaps", "reading", "messages", "speakers", "keywords"}
    kept |= {"aspects", "demands", "emerging"}
    assert kept <= document.keys()
    assert document["against"] == {"from": "2026-10-29", "to": "2026-11-04"}
    text = call("insights", "--against-to", "2026-11-04").out
    assert text.startswith("对比：10-29 至 11-04 → 10-30 至 11-05\n")


@pytest.mark.usefixtures("configured")
def test_a_report_of_one_tag_and_with_names(here: Path) -> None:
    written(here / "h.jsonl", [*TALK, ("一群", "阿雯", "小鱼说包装漏液", TALK[1][3])])
    call("import", "chat", "h.jsonl")
    unknown = call("insights", "--segment", "tag:没人带")
    assert unknown.code == 1
    assert "Nobody carries the tag '没人带'" in unknown.err
    masked = call("insights", "--json").out
    assert "小鱼" not in masked
    named = call("insights", "--json", "--names").out
    assert "阿雯：小鱼说包装漏液" in named
