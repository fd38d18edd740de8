from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from scheduler.legal_days import DayOff
from scheduler.programme_calendar import Calendar
from scheduler.programme_file import ProgrammeBroken, read_programme
from scheduler.programme_parts import ANY_SLOT, Button, Fact, FactKind, TaskKind
from tests.scheduler.programme_files import NODES, changed_sale, written

AHEAD = "propose_days_ahead"
WORKED = 'day_off = "next working day"'


def test_a_file_with_facts_phases_and_tasks_is_read(tmp_path: Path) -> None:
    sale = read_programme(written(tmp_path))
    assert (sale.key, sale.anchor, sale.schedule) == ("sale", "11-11", None)
    assert sale.facts[2] == Fact("member_day", FactKind.NUMBER, {"zh": "会员日"}, default=18)
    assert [phase.key for phase in sale.phases] == ["before", "day"]
    tasks = {task.key: task for task in sale.tasks}
    assert tasks["wishes"].kind is TaskKind.CARE
    assert tasks["wishes"].buttons == (Button({"zh": "许愿"}, "/wish"),)
    assert tasks["wishes"].texts[ANY_SLOT]["en"] == ("{{ days }} days.", "Your wishes.")
    assert tasks["wishes"].valid_for == timedelta(hours=10)
    assert tasks["old-fans"].valid_for == timedelta(hours=3)
    assert tasks["balance"].nodes == ("balance-end",)
    assert set(tasks["count"].texts) == {"d-1", "d-2"}


def test_a_task_without_words_says_the_countdown_of_the_file(tmp_path: Path) -> None:
    text = """
key = "sale"
valid_hours = 10
name = { zh = "大促" }
anchor = { solar = "11-11" }
schedule = { kind = "countdown", day = "11-11", first_days_left = 1, at = "10:18" }
[texts]
d-1 = { zh = "明天" }
d-0 = { zh = "今天" }
[[phase]]
key = "day"
name = { zh = "当天" }
first = "d-0"
last = "d-0"
[[task]]
key = "start"
name = { zh = "开场" }
phase = "day"
kind = "收割转化"
on = "d-0"
"""
    (task,) = read_programme(written(tmp_path, text)).tasks
    assert task.countdown
    assert (task.on, task.at, task.slot_for("d-0")) == (("d-0..d-0",), "10:18", "d-0")
    assert task.texts_for("d-0") == {"zh": ("今天",)}


@pytest.mark.parametrize(
    ("anchor", "written_as"),
    [
        ('lunar = "12-23"', "lunar:12-23"),
        ('festival = "spring-festival"', "festival:spring-festival"),
        ('fact = "live"', "fact:live"),
    ],
)
def test_the_anchor_may_be_any_day(tmp_path: Path, anchor: str, written_as: str) -> None:
    assert changed_sale(tmp_path, 'solar = "11-11"', anchor).anchor == written_as


def test_a_late_night_that_nobody_knows_yet_is_left_out(tmp_path: Path) -> None:
    sale = read_programme(written(tmp_path))
    calendar = Calendar(2026, anchor=date(2026, 11, 11))
    promotion = sale.promotion_for(calendar)
    assert promotion is not None
    assert (promotion.first_day, promotion.last_day) == (date(2026, 11, 8), date(2026, 11, 11))
    assert promotion.late_nights == (date(2026, 11, 11),)
    known = sale.promotion_for(replace(calendar, nodes=NODES))
    assert known is not None
    assert known.late_nights == (date(2026, 11, 11), date(2026, 11, 8))


@pytest.mark.parametrize(
    ("old", "new", "part", "reason"),
    [
        ('key = "sale"', "key = ", "its syntax", "line 2"),
        ("valid_hours = 10", "", "valid_hours", "it is missing; it must be a whole number above 0"),
        ("valid_hours = 10", "valid_hours = 10\ncolour = 1", "colour", "it is unknown; the parts"),
        ('solar = "11-11"', "", "anchor", "one of solar, lunar, festival, fact"),
        ('solar = "11-11"', 'solar = "11-31"', "anchor.solar", "There is no day '11-31'"),
        ('solar = "11-11"', 'fact = "gift"', "anchor.fact", "'gift'; it must be one of live"),
        ('first_day = "d-3"', 'first_day = "d+1"', "promotion", "last_day cannot be"),
        ("posts_a_day = 5", "posts_a_day = 0", "promotion", "posts_a_day cannot be 0"),
        ('key = "gift"', 'key = "old-gift"', "fact old-gift.key", "a name that texts can use"),
        ('key = "gift"', 'key = "days"', "fact days.key", "a name that texts can use"),
        ('kind = "text"', 'kind = "colour"', "fact gift.kind", "text or day or money or number"),
        ("default = 18", 'default = "x"', "fact member_day.default", "a whole number"),
        ("default = 18", "needed = 1", "fact member_day.needed", "true or false"),
        ('key = "live"', 'key = "gift"', "fact gift.key", "there are two with the key 'gift'"),
        ('name = { zh = "礼" }', 'name = { en = "gift" }', "fact gift.name", "no Chinese"),
        ('first = "d-10"', 'first = "soon"', "phase before.first", "There is no day 'soon'"),
        ('last = "d-1"', 'last = "fact:gift"', "phase before.last", "one of live"),
        ('goal = { zh = "有用" }', 'colour = "red"', "phase before.colour", "it is unknown"),
        ('phase = "before"', 'phase = "after"', "task wishes.phase", "it must be before or day"),
        ("关怀互动", "聊天", "task wishes.kind", "关怀互动 or 预售预热 or 激活冲刺 or 收割转化"),
        ('on = "d-9"', "", "task wishes.on", "it is missing; it must be a day, or days"),
        ('on = "d-9"', 'on = "monday"', "task wishes.on", "There is no day 'monday'"),
        ('on = "d-9"', 'on = ["d-9", 3]', "task wishes.on", "a text or a list of texts"),
        ('on = "d-9"', 'on = "every month fact:gift"', "task wishes.on", "one of member_day"),
        ('on = "d-9"', 'on = "fact:tea"', "task wishes.on", "'tea'; it must be one of live"),
        ('at = "12:12"', 'at = "noon"', "task wishes.at", "There is no time 'noon'"),
        ('at = "12:12"', 'at = "24:00"', "task wishes.at", "a time before 24:00"),
        ('at = "12:12"', 'at = "node:end"', "task wishes.on", "has a day already"),
        ('until = "24:00"', 'until = "25:00"', "task thanks.until", "There is no time '25:00'"),
        ('until = "24:00"', 'until = "fact:gift"', "task thanks.until", "one of live"),
        ("valid_hours = 3", "valid_hours = -3", "task old-fans.valid_hours", "above 0"),
        ("joined > 90d and", "joined > and", "task old-fans.audience", "joined"),
        ('needs = ["gift"]', 'needs = ["tea"]', "task old-fans.needs", "one of gift, live"),
        (', says = "/wish"', "", "task wishes.buttons 1.says", "it is missing"),
        ("valid_hours = 10", f"valid_hours = 10\n{AHEAD} = 0", AHEAD, "a whole number above 0"),
        ("valid_hours = 10", f"valid_hours = 10\n{AHEAD} = 400", AHEAD, "at most 300"),
        ('kind = "text"', 'kind = "text"\nonce = 1', "fact gift.once", "true or false"),
        ('kind = "text"', 'kind = "text"\nsuggest = "11-05"', "fact gift.suggest", "kind day"),
        ("default = 18", f"default = 18\n{WORKED}", "fact member_day.day_off", "kind day"),
        ('kind = "moment"', f'kind = "day"\n{WORKED}', "fact live.day_off", "no suggest"),
        (
            'kind = "moment"',
            'kind = "day"\nsuggest = "d-3"',
            "fact live.suggest",
            "it has 'd-3'; it must be 11-05, lunar:12-08 or festival:KEY",
        ),
        (
            'until = "24:00"',
            'until = "24:00"\nday_off = "monday"',
            "task thanks.day_off",
            "it must be next working day or previous working day",
        ),
        ('at = "12:12"', f'at = "12:12"\n{WORKED}', "task wishes.day_off", "days are left"),
        (
            'texts = { zh = "{{ live }}" }',
            f'{WORKED}\ntexts = {{ zh = "{{{{ live }}}}" }}',
            "task live.day_off",
            "its time hangs on a moment",
        ),
        ("还有{{ days }}天", "还有{{ days 天", "task wishes.texts.zh", "broken in line 1"),
        ("{{ shop }}收心愿", "{{ fan }}收心愿", "task wishes.texts.zh", "it asks for fan"),
        ("{{ fan }}，", "{{ group }}，", "task old-fans.texts.zh", "it asks for group"),
        (
            "{{ shop }}收心愿",
            "{{ coupon }}收心愿",
            "task wishes.texts.zh",
            "which only a task with an audience can",
        ),
        ("{{ fan }}，", "{{ coupon }}，", "task old-fans.texts.zh", "it asks for coupon"),
        (
            "{{ fan }}，",
            "{{ price }}，",
            "task old-fans.texts.zh",
            "are known days, fan, gift",
        ),
        ("谢谢{{ gift }}", "{{ node_at }}", "task thanks.texts.zh", "it asks for node_at"),
        (
            'en = ["{{ days }} days.", ',
            "en = [",
            "task wishes.texts.en",
            "1 variants, and zh",
        ),
        ("[task.texts.d-2]", "[task.texts.d-5]", "task count.texts.d-2", "it is missing"),
        ("[task.texts.d-2]\nzh", "[task.texts.d-2]\nen", "task count.texts.d-2.zh", "no Chinese"),
        ('texts = { zh = "谢谢{{ gift }}" }', "", "task thanks.texts", "it is missing"),
        ("[[task]]", "[task]", "its syntax", ""),
        ('on = "d-2..d-1"', 'on = "d-1..d-2"', "task count.on", "which ends before it begins"),
        ('solar = "11-11"', 'solar = "9999-12-31+5d"', "anchor.solar", "There is no day"),
        ('zh = "后天"', 'zh = "  "', "task count.texts.d-2.zh", "a text or a list of texts"),
        ('zh = "礼"', 'zh = "直播"', "fact live.name.zh", "another fact is called '直播' already"),
        ('key = "sale"', 'key = "sale~1"', "key", "it must be small letters, digits and single -"),
        ('key = "sale"', 'key = "my sale"', "key", "it must be small letters, digits"),
        ('key = "wishes"', 'key = "心愿"', "task 心愿.key", "it must be small letters, digits"),
        ('key = "day"', 'key = "day:1"', "phase day:1.key", "it must be small letters, digits"),
        ("valid_hours = 10", "valid_hours = 99999999999", "valid_hours", "at most 744"),
        ("valid_hours = 3", "valid_hours = 745", "task old-fans.valid_hours", "at most 744"),
        ('zh = "礼"', 'zh = "谁在、几点在"', "fact gift.name.zh", "a name without 、 ; or ="),
        ('zh = "礼"', 'zh = "礼=1"', "fact gift.name.zh", "a name without"),
        ('"@福利群"', '"福利"', "task live.groups", "it must be groups as a manager writes them"),
        ('"@福利群"', '"@福利 大群"', "task live.groups", "@福利群 -二群"),
        ('"@福利群"', '"@tag:老客"', "task live.groups", "groups alone; people go in audience"),
        ('"@福利群"', '"@(optedout)"', "task live.groups", "people go in audience"),
        ('"@福利群"', '"@上次"', "task live.groups", "groups alone"),
        (
            'picture = "countdown"',
            'picture = "nowhere.png"',
            "task count.picture",
            "there is no file 'nowhere.png' beside this one (No such file or directory)",
        ),
        (
            'picture = "countdown"',
            'picture = "sale.toml"',
            "task count.picture",
            "it must be countdown, or a file beside this one that ends in .png",
        ),
        (
            'picture = "countdown"',
            'picture = "https://example.com/gift.png"',
            "task count.picture",
            "there is no file 'https://example.com/gift.png' beside this one",
        ),
        (
            'late_nights = ["d-0", ',
            'late_nights = ["11-12", ',
            "promotion",
            "late_nights cannot be '11-12'. Give days from d-3 to d-0",
        ),
        ('[name]\nzh = "大促"', '[name]\nzh = ""', "name.zh", "it has ''; it must be a text"),
    ],
)
def test_a_mistake_is_told_with_its_place_what_was_found_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, part: str, reason: str
) -> None:
    with pytest.raises(ProgrammeBroken) as caught:
        changed_sale(tmp_path, old, new)
    assert caught.value.facts["file"] == "sale.toml"
    assert caught.value.facts["part"] == part
    assert reason in str(caught.value)


def test_days_are_counted_only_where_there_is_a_day_to_count_to(tmp_path: Path) -> None:
    with pytest.raises(ProgrammeBroken, match=r"there is no \[anchor\]"):
        changed_sale(tmp_path, '[anchor]\nsolar = "11-11"\n', "")


def test_a_file_with_nothing_to_say_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgrammeBroken, match="there is no schedule either"):
        read_programme(written(tmp_path, 'key = "k"\nvalid_hours = 1\nname = { zh = "空" }\n'))


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in range(9) %}x{% endfor %}",
        "{{ ''.__class__ }}{% include 'x' %}",
        "{% for a in shop %}{% for b in shop %}x{% endfor %}{% endfor %}",
        "{{ shop.upper() }}",
        "长" * 8_001,
    ],
)
def test_a_template_that_loops_or_reaches_out_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProgrammeBroken, match=r"task thanks\.texts\.zh"):
        changed_sale(tmp_path, "谢谢{{ gift }}", text)


def test_a_picture_beside_the_file_is_meant_by_its_whole_path(tmp_path: Path) -> None:
    picture = tmp_path / "礼物.png"
    picture.write_bytes(b"\x89PNG")
    read = changed_sale(tmp_path, 'picture = "countdown"', 'picture = "礼物.png"')
    assert {task.picture for task in read.tasks} == {None, str(picture.resolve())}
    picture.write_bytes(b"")
    with pytest.raises(ProgrammeBroken, match=r"task count\.picture: '礼物.png' has 0 bytes"):
        changed_sale(tmp_path, 'picture = "countdown"', 'picture = "礼物.png"')


@pytest.mark.parametrize("written_as", ["@福利", "＠福利 －二群", '@"福利 一群" @「二 群」 -三群'])
def test_groups_are_written_as_in_a_command(tmp_path: Path, written_as: str) -> None:
    read = changed_sale(tmp_path, 'groups = "@福利群"', f"groups = '{written_as}'")
    assert {task.groups for task in read.tasks} == {None, written_as}


def test_what_is_worked_and_what_holds_once_is_read(tmp_path: Path) -> None:
    sale = changed_sale(
        tmp_path,
        'kind = "moment"',
        'kind = "day"\nonce = true\nsuggest = "festival:mid-autumn-3d"\n'
        'day_off = "previous working day"',
    )
    gift, live, _ = sale.facts
    assert (gift.once, gift.suggested, gift.dated) == (False, None, False)
    assert (live.once, live.suggested, live.dated) == (True, "festival:mid-autumn-3d", True)
    assert live.day_off is DayOff.PREVIOUS
    assert sale.proposed_ahead == timedelta(days=21)
    later = changed_sale(tmp_path, 'until = "24:00"', f'until = "24:00"\n{WORKED}')
    (thanks,) = [task for task in later.tasks if task.key == "thanks"]
    assert thanks.day_off is DayOff.NEXT
    ahead = changed_sale(tmp_path, "valid_hours = 10", f"valid_hours = 10\n{AHEAD} = 30")
    assert ahead.proposed_ahead == timedelta(days=30)
