"""Importing a history: every row counted, none stored twice, nothing in it obeyed."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.configuration import Configuration
from bot.demo.life import room_and_bot
from bot.history import HistoryUnreadable
from bot.importing import Imported, import_history
from bot.room.connection import LocalConnection
from bot.wiring import dispatcher_for, open_desk
from handlers.events import Chat, GroupChanged, MessageHeard, Person, StaffChanged
from handlers.recording import record_batch
from scheduler.clock import RealClock
from tests.bot.program import PATIENCE, call, start

History = list[tuple[str, str, str, str]]

TALK: History = [
    ("一群", "小鱼", "云絮霜真好用，就是泵头漏液", "2026-11-05T20:13:00+08:00"),
    ("一群", "阿雯", "泵头漏液+1，能不能补发个新泵头", "2026-11-05T20:14:00+08:00"),
    ("二群", "小鱼", "有没有小支装呀", "2026-11-05T20:15:00"),
    ("一群", "小鱼", "哈哈", "2026-11-05T20:16:00+08:00"),
    ("一群", "小鱼", "哈哈", "2026-11-05T20:16:00+08:00"),
]


def written(file: Path, rows: Iterable[tuple[str, str, str, str]]) -> Path:
    keys = ("group", "member", "text", "at")
    file.write_text("".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows))
    return file


def ask(folder: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "data" / "nuanqun.sqlite3")) as connection:
        return connection.execute(question).fetchall()


def figures(done: Imported) -> tuple[int, int, int]:
    return done.stored, done.duplicates, len(done.rejections)


async def test_a_history_is_stored_once_however_often_it_is_imported(
    here: Path, configured: Configuration
) -> None:
    file = written(here / "h.jsonl", TALK)
    assert figures(await import_history(configured, file, "jsonl")) == (5, 0, 0)
    assert figures(await import_history(configured, file, "jsonl")) == (0, 5, 0)
    written(file, [*TALK, TALK[-1]])  # said a third time
    assert figures(await import_history(configured, file, "jsonl")) == (1, 5, 0)
    assert ask(here, "SELECT count(*) FROM messages WHERE text = '哈哈'") == [(3,)]


async def test_a_time_without_a_zone_is_the_shop_s(here: Path, configured: Configuration) -> None:
    await import_history(configured, written(here / "h.jsonl", TALK), "jsonl")
    ((at,),) = ask(here, "SELECT at FROM messages WHERE text LIKE '%小支装%'")
    assert at.startswith("2026-11-05 12:15:00")


async def test_every_row_is_stored_duplicate_or_rejected(
    here: Path, configured: Configuration
) -> None:
    rows = [
        ("一群", f"粉丝{number % 7}", f"第{number}条", f"2026-11-05T20:{number % 60:02d}:00Z")
        for number in range(1_203)
    ]
    file = written(here / "h.jsonl", rows)
    lines = file.read_text().splitlines(keepends=True)
    bad = {17: "{", 501: '"x"', 900: "{}", len(lines): "\ud800"}
    for place, text in bad.items():
        lines.insert(place - 1, text + "\n")
    file.write_text("".join(lines), encoding="utf-8", errors="surrogatepass")
    done = await import_history(configured, file, "jsonl")
    assert figures(done) == (1_203, 0, 4)
    assert [one.line for one in done.rejections] == sorted(bad)
    assert done.to_json()["rejected"] == 4
    assert ask(here, "SELECT count(*) FROM messages") == [(1_203,)]


async def test_what_no_database_can_keep_stops_nothing(
    here: Path, configured: Configuration
) -> None:
    odd = ("一群\x00", "小\ud83d鱼", "好\x00用\ud83d", "2026-11-05T20:13:00Z")
    file = written(here / "h.jsonl", [odd, *TALK])
    assert figures(await import_history(configured, file, "jsonl")) == (6, 0, 0)
    assert figures(await import_history(configured, file, "jsonl")) == (0, 6, 0)


async def test_a_group_that_is_named_takes_every_row(here: Path, configured: Configuration) -> None:
    file = written(here / "h.jsonl", TALK)
    await import_history(configured, file, "jsonl", "老群")
    assert ask(here, "SELECT name FROM groups") == [("老群",)]


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [("jsonl", None, "Is a directory"), ("telegram", b"{", "not JSON"), ("telegram", b"", "JSON")],
)
async def test_what_is_no_history_changes_nothing(
    here: Path, form: str, content: bytes | None, said: str
) -> None:
    file = here / "h"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(HistoryUnreadable, match=said):
        await import_history(Configuration(), file, form)
    assert not (here / "data").exists()


async def test_namesakes_of_a_telegram_group_stay_two_people(
    here: Path, configured: Configuration
) -> None:
    said = {"type": "message", "from": "小鱼", "date_unixtime": "1793880780", "text": "好用"}
    messages = [{**said, "from_id": "user1"}, {**said, "from_id": "user2"}]
    file = here / "result.json"
    file.write_text(json.dumps({"name": "福利群", "messages": messages}))
    assert figures(await import_history(configured, file, "telegram")) == (2, 0, 0)
    assert ask(here, "SELECT name, count(*) FROM members GROUP BY name") == [("小鱼", 2)]


async def test_telegram_s_history_joins_the_live_group_and_its_members_by_their_ids(
    here: Path, configured: Configuration
) -> None:
    at = datetime(2026, 11, 5, 12, 13, tzinfo=UTC)
    chat = Chat("-10077", "禾露一群")
    heard = MessageHeard(
        account="telegram:shop",
        cursor="1",
        at=at,
        message="-10077/5",
        chat=chat,
        sender=Person("42", "小鱼"),
        text="云絮霜好用",
    )
    desk = await open_desk(configured, RealClock())
    async with desk.database.writing() as connection:
        await record_batch(
            connection,
            [
                GroupChanged("telegram:shop", "0", at, chat, present=True),
                StaffChanged("telegram:shop", "0", at, chat, Person("7", "阿玲", staff=True)),
                heard,
            ],
            shop_id=desk.shop_id,
            shop=desk.shop,
            platform="telegram",
            is_command=lambda *_: False,
        )
    await desk.database.close()
    said = {"type": "message", "date_unixtime": "1793880780", "text": "云絮霜好用"}
    messages = [
        {**said, "id": 4, "from": "小鱼（旧名）", "from_id": "user42"},
        {**said, "id": 5, "from": "小鱼（旧名）", "from_id": "user42"},  # the bot has heard it
        {**said, "id": 6, "from": "阿玲", "from_id": "user7", "reply_to_message_id": 5},
        {**said, "id": 7, "from": "小鱼", "from_id": "user43"},
    ]
    export = {"name": "旧群名", "type": "private_supergroup", "id": 77, "messages": messages}
    file = here / "result.json"
    file.write_text(json.dumps(export))
    assert figures(await import_history(configured, file, "telegram")) == (3, 1, 0)
    assert ask(here, "SELECT chat, name FROM groups") == [("-10077", "禾露一群")]
    assert ask(
        here,
        "SELECT person, m.name, m.staff, count(*) FROM messages"
        " JOIN members m ON m.id = member_id GROUP BY person ORDER BY person",
    ) == [("42", "小鱼", 0, 2), ("43", "小鱼", 0, 1), ("7", "阿玲", 1, 1)]
    replied = "SELECT message, reply_to FROM messages WHERE reply_to IS NOT NULL"
    assert ask(here, replied) == [("-10077/6", "-10077/5")]


async def test_a_history_joins_the_live_group_and_its_members_by_name_and_is_never_obeyed(
    here: Path, configured: Configuration
) -> None:
    async with room_and_bot(configured, RealClock()) as (room, bot):
        owner, _ = await room.people.sign_in(room.people.new_link(), "阿玲")
        group = (await room.create_group(owner, "一群")).id
        fish, _ = await room.people.enter("小鱼")
        await LocalConnection(room, fish).join(group)
        channel = bot.channels[0]
        events = channel.events(None)
        batch = [await anext(events) for _ in range(2)]
        while int(batch[-1].cursor) < room.log.last:
            batch.append(await anext(events))
        await events.aclose()
        dispatcher = dispatcher_for(bot.desk, bot.commander, channel)
        assert await dispatcher.hear(batch) == []

        now = datetime.now(UTC).isoformat()
        history = [
            ("一群", "阿玲", "/halt", now),
            ("一群", "小鱼", "/optout", now),
            ("一群", "小鱼", "早", now),
            ("一群", "新来的", "早", now),
            ("没听过的群", "小鱼", "早", now),
        ]
        before = room.log.last
        done = await import_history(configured, written(here / "h.jsonl", history), "jsonl")
        assert figures(done) == (5, 0, 0)
        assert await dispatcher.left_over() == []
        assert room.log.last == before  # nothing was answered

    assert ask(here, "SELECT account, name, present FROM groups ORDER BY name") == [
        ("room", "一群", 1),
        ("import", "没听过的群", 0),
    ]
    live = "SELECT name FROM members WHERE platform = 'room' ORDER BY name"
    assert ask(here, live) == [("小鱼",), ("新来的",), ("阿玲",)]
    # Of a history nobody knows who is still there, so it makes nobody a fan who is reached.
    seated = "SELECT name FROM members JOIN memberships ON member_id = members.id ORDER BY name"
    assert ask(here, seated) == [("小鱼",), ("阿玲",)]
    assert ask(here, "SELECT count(*) FROM pending_commands") == [(0,)]
    assert ask(here, "SELECT halted_at FROM shops") == [(None,)]
    assert ask(here, "SELECT count(*) FROM customers WHERE opted_out_at IS NOT NULL") == [(0,)]


def test_a_history_that_is_older_than_text_is_kept_is_reported_all_the_same(
    here: Path, configured: Configuration
) -> None:
    assert configured.storage.keep_text_days == 180
    old = [(group, member, text, f"2019-{at[5:]}") for group, member, text, at in TALK]
    file = written(here / "h.jsonl", old)
    assert call("import", "chat", str(file), "--json").document["stored"] == 5
    document = call("insights", "--json").document
    assert (document["from"], document["to"]) == ("2019-10-30", "2019-11-05")
    assert "泵头漏液" in {one["word"] for one in document["keywords"]}


@pytest.mark.usefixtures("configured")
def test_the_command_counts_the_rows_and_names_the_bad_lines(here: Path) -> None:
    file = written(here / "h.jsonl", TALK)
    file.write_text(file.read_text() + "{}\n")
    ended = call("import", "chat", str(file), "--json")
    rejections = [{"line": 6, "reason": "group is missing"}]
    expected = {"stored": 5, "duplicates": 0, "rejected": 1, "rejections": rejections}
    assert (ended.code, ended.document) == (0, expected)
    assert ended.err == "line 6: group is missing\n"
    assert call("import", "chat", str(file)).out == "0 stored, 5 duplicates, 1 rejected\n"


@pytest.mark.usefixtures("configured")
def test_an_imported_history_is_reported(here: Path) -> None:
    call("import", "chat", str(written(here / "h.jsonl", TALK)))
    ended = call("insights", "--json")
    assert (ended.code, ended.err) == (0, "")
    document = ended.document
    assert {"keywords", "aspects", "demands", "emerging"} <= document.keys()
    assert document["groups"] == ["一群", "二群"]
    row = next(one for one in document["keywords"] if one["word"] == "泵头漏液")
    assert (row["mentions"], row["speakers"]) == (2, 2)
    assert {"score", "change"} <= row.keys()
    stances = {"aspect", "care", "mind", "like", "dislike", "quotes"}
    assert all(stances <= one.keys() for one in document["aspects"])
    assert document["demands"]
    only = call("insights", "--group", "二群", "--json").document
    assert (only["groups"], only["messages"]) == (["二群"], 1)
    unknown = call("insights", "--group", "三群", "--json")
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err == "There is no group named '三群'. The groups are: 一群, 二群. (NQ504)\n"


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("year", ["2026", "2019"])
def test_who_spoke_in_a_history_is_not_named_in_its_report(here: Path, year: str) -> None:
    said = [
        ("一群", "爱喝汤的小圆", "云絮霜太油了", f"{year}-11-05T20:13:00Z"),
        ("一群", "阿雯", "爱喝汤的小圆说得对，云絮霜太油了", f"{year}-11-05T20:14:00Z"),
        ("一群", "小鱼", "爱喝汤的小圆说云絮霜油", f"{year}-11-05T20:15:00Z"),
    ]
    call("import", "chat", str(written(here / "h.jsonl", said)))
    document = call("insights", "--json").document
    assert document["messages"] == 3
    quotes = [quote for one in document["aspects"] for quote in one["quotes"]]
    assert any("太油了" in quote for quote in quotes)
    assert "小圆" not in json.dumps(document, ensure_ascii=False)


@pytest.mark.usefixtures("configured")
def test_an_import_that_is_killed_and_run_again_stores_each_row_once(here: Path) -> None:
    number = 12_000
    rows = [
        ("一群", f"粉丝{index % 50}", f"第{index % 9_000}条", "2026-11-05T20:00:00Z")
        for index in range(number)
    ]
    written(here / "h.jsonl", rows)
    count = "SELECT count(*) FROM messages"
    with start(here, "import", "chat", "h.jsonl", "--json") as program:
        deadline = time.monotonic() + PATIENCE
        while ask(here, count) == [(0,)] and time.monotonic() < deadline:
            time.sleep(0.01)
        program.kill()
    ((stored,),) = ask(here, count)
    assert 0 < stored < number
    again = call("import", "chat", "h.jsonl", "--json").document
    assert (again["stored"], again["duplicates"]) == (number - stored, stored)
    said = Counter(dict(ask(here, "SELECT text, count(*) FROM messages GROUP BY text")))
    assert said == Counter(text for _, _, text, _ in rows)
