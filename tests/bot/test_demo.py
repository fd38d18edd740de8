"""The whole demo: what it hears, tags, sends and reports, and that it can be lived again."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.demo.script import Joins, Says, Script, read_script
from handlers.taggers import is_private_matter
from tests.bot.conftest import LivedDemo
from tests.bot.program import PATIENCE, call, run, start

FIRST = date(2026, 11, 1)


def ask(file: Path, question: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(question, values).fetchall()


def spoken(script: Script) -> list[Says]:
    return [one.deed for one in script.moments if isinstance(one.deed, Says)]


def test_everything_that_was_said_was_heard_and_everybody_is_known(whole_demo: LivedDemo) -> None:
    script = read_script(FIRST, 12, 11)
    assert whole_demo.document["messages"] == len(spoken(script))
    assert whole_demo.document["members"] == len(script.people)
    assert len(spoken(script)) > 600


def planned_posts(script: Script) -> int:
    """How many posts the manager's commands come to, counted by hand from the script.

    A broadcast goes to each group that it names (by name or tag) and does not leave out; the
    countdown has a slot a day, of which those before its command are past.
    """
    chat = {group.name: {group.name, *group.tags} for group in script.groups}
    posts = 0
    for line in spoken(script):
        words = line.text.split()
        if words[0] == "/countdown":
            posts += 11 * len(chat)
        elif words[0] == "/broadcast":
            wanted = {word[1:] for word in words[1:] if word.startswith("@")}
            unwanted = {word[1:] for word in words[1:] if word.startswith("-")}
            posts += sum(
                1
                for called in chat.values()
                if called & wanted and not any(word in name for word in unwanted for name in called)
            )
    return posts


def test_the_deliveries_by_state_add_up_to_those_planned(whole_demo: LivedDemo) -> None:
    counted = whole_demo.document["deliveries"]
    assert sum(counted.values()) == planned_posts(read_script(FIRST, 12, 11))
    assert counted["sent"] == sum(counted.values())
    rows = ask(whole_demo.folder / "nuanqun.sqlite3", "SELECT state FROM deliveries")
    assert len(rows) == sum(counted.values())


def test_every_post_stands_in_the_room_once(whole_demo: LivedDemo) -> None:
    posts = whole_demo.document["posts"]
    assert len(posts) == whole_demo.document["deliveries"]["sent"]
    assert len({(one["group"], one["campaign"], one["slot"]) for one in posts}) == len(posts)
    keys = ask(
        whole_demo.folder / "room" / "room.sqlite3",
        "SELECT key FROM messages WHERE key LIKE '%/group:%'",
    )
    assert len(set(keys)) == len(keys) == len(posts)
    countdown = [one for one in posts if one["slot"] in {"d-1", "d-10"}]
    assert {one["at"][:10] for one in countdown} == {"2026-11-01", "2026-11-10"}


def test_the_report_names_what_grew(whole_demo: LivedDemo) -> None:
    report = whole_demo.document["report"]
    grown = next(one for one in report["emerging"] if one["word"] == "泵头")
    assert grown["speakers"] >= 10
    assert grown["change"] > 0
    assert report["aspects"]
    assert report["demands"]


def test_nobody_is_given_away_in_anything_that_is_printed(whole_demo: LivedDemo) -> None:
    chat = "\n".join(line.text for line in spoken(read_script(FIRST, 12, 11)))
    printed = json.dumps(whole_demo.document, ensure_ascii=False)
    for secret in ("13800001234", "yaya_luoluo00", "3190042771902", "桂花路18号"):
        assert secret in chat
        assert secret not in printed


def test_nobody_is_tagged_for_being_pregnant(whole_demo: LivedDemo) -> None:
    assert any("怀孕" in line.text for line in spoken(read_script(FIRST, 12, 11)))
    file = whole_demo.folder / "nuanqun.sqlite3"
    for tag, why in ask(file, "SELECT tag, why FROM tags"):
        assert "孕" not in f"{tag}{why}"
    bound = {"兴趣:补水", "兴趣:敏感肌", "想要:桂花", "老客", "活跃", "沉默", "新人"}
    found = {"安利官", "热心人", "爱提意见"}  # at night, from what they do in the group
    interests = {tag for tag in whole_demo.document["tags"] if tag.startswith("关心:")}
    assert set(whole_demo.document["tags"]) - interests <= bound | found
    assert interests
    assert not [tag for tag in interests if is_private_matter(tag)]


def test_interests_were_learnt_from_words_and_the_manager_s_tags_stand(
    whole_demo: LivedDemo,
) -> None:
    tags = whole_demo.document["tags"]
    assert min(tags["兴趣:补水"], tags["兴趣:敏感肌"], tags["想要:桂花"]) >= 5
    assert tags["老客"] == 3


def answers_to(demo: LivedDemo, text: str) -> list[str]:
    """What the bot answered to a line, by the delivery keys of its answers."""
    file = demo.folder / "room" / "room.sqlite3"
    said = "SELECT seq FROM messages WHERE json_extract(content, '$.text') = ?"
    ((number,),) = ask(file, said, text)
    answered = "SELECT json_extract(content, '$.text') FROM messages WHERE key LIKE ?"
    return [answer for (answer,) in ask(file, answered, f"reply:room/{number}/%")]


def test_a_slip_of_the_finger_is_answered_with_the_right_example(whole_demo: LivedDemo) -> None:
    (answer,) = answers_to(whole_demo, "/tga @阿雯_wen 老客")
    assert "/tga" in answer
    assert "/tag @" in answer


def test_every_command_was_answered_once_and_none_failed(whole_demo: LivedDemo) -> None:
    for line in spoken(read_script(FIRST, 12, 11)):
        if line.text.startswith("/") and line.text != "/confirm":
            answers = answers_to(whole_demo, line.text) if line.text != "/insights 7" else ["yes"]
            assert answers, line.text
            assert not any("NQ" in answer for answer in answers)
    pending = ask(whole_demo.folder / "nuanqun.sqlite3", "SELECT * FROM pending_commands")
    assert pending == []


def test_whoever_opted_out_is_opted_out_and_nobody_else(whole_demo: LivedDemo) -> None:
    script = read_script(FIRST, 12, 11)
    asked = {line.member for line in spoken(script) if line.text == "/optout"}
    names = {one.name for one in script.people if one.id in asked}
    rows = ask(
        whole_demo.folder / "nuanqun.sqlite3",
        "SELECT m.name FROM members m JOIN customers c ON c.id = m.customer_id"
        " WHERE c.opted_out_at IS NOT NULL",
    )
    assert {name for (name,) in rows} == names != set()


def test_whoever_came_was_welcomed(whole_demo: LivedDemo) -> None:
    came = [one for one in read_script(FIRST, 12, 11).moments if isinstance(one.deed, Joins)]
    file = whole_demo.folder / "room" / "room.sqlite3"
    welcomes = ask(file, "SELECT count(*) FROM messages WHERE key LIKE 'welcome:%'")
    assert came
    assert welcomes[0][0] >= len({one.deed for one in came}) / 2


@pytest.fixture(scope="module")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What one day prints, lived without a break."""
    ended = run(tmp_path_factory.mktemp("one-day"), "demo", "--headless", "--json", "--days", "1")
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def test_a_life_that_is_killed_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_day: str
) -> None:
    arguments = ["demo", "--headless", "--json", "--days", "1", "--data", "life"]
    progress = tmp_path / "life" / "demo.json"
    with start(tmp_path, *arguments) as program:
        wait_for(progress, 30, program)
        program.kill()
    monkeypatch.chdir(tmp_path)
    ended = call(*arguments)
    assert (ended.code, ended.err) == (0, "")
    resumed, unbroken = ended.document, json.loads(one_day)
    # The line that was being said when it was killed may be said again.
    assert 0 <= resumed["messages"] - unbroken["messages"] <= 2
    assert resumed["members"] == unbroken["members"]
    assert resumed["deliveries"] == unbroken["deliveries"]
    assert resumed["posts"] == unbroken["posts"]
    room = tmp_path / "life" / "room" / "room.sqlite3"
    repeated = ask(room, "SELECT key FROM messages WHERE key > '' GROUP BY key HAVING count(*) > 1")
    assert repeated == []

    # One more call on the same folder has nothing left to live, and says the same.
    assert call(*arguments, "--seed", "99").out == ended.out


def wait_for(progress: Path, moments: int, program: subprocess.Popen[bytes]) -> None:
    """Wait until so many moments have been lived."""
    deadline = time.monotonic() + PATIENCE
    while not progress.exists() or json.loads(progress.read_text())["moments"] < moments:
        assert program.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_same_seed_prints_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_day: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("demo", "--headless", "--json", "--days", "1").out == one_day
    assert list(tmp_path.iterdir()) == []  # the day was lived in a folder that is gone


def test_another_seed_differs_only_where_it_may(one_day: str) -> None:
    other = call("demo", "--headless", "--json", "--days", "1", "--seed", "12").document
    usual = json.loads(one_day)
    for key in ("messages", "members", "tags", "deliveries"):
        assert other[key] == usual[key]
    for part in ("group", "slot", "text"):
        assert [one[part] for one in other["posts"]] == [one[part] for one in usual["posts"]]
