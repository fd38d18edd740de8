from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from insights.background import Background
from insights.days import AnalysedDay, Utterance, analyse_day, merge_days
from insights.lexicon import standard_lexicon
from insights.opinions import Stance
from insights.report import demand_report
from insights.understanding import understand
from insights.words import RjiebaSegmenter
from tests.insights.groups import chats, said

SEGMENTER, LEXICON, BACKGROUND = RjiebaSegmenter(), standard_lexicon(), Background()


def day_of(utterances: list[Utterance]) -> AnalysedDay:
    return analyse_day(utterances, SEGMENTER, LEXICON)


@settings(deadline=None)  # now and then the dictionary is read from its file
@given(st.lists(chats(8), max_size=4), chats(8), st.integers(0, 4))
def test_the_report_is_the_same_however_days_are_grouped(
    chat_days: list[list[Utterance]], before: list[Utterance], place: int
) -> None:
    days = [day_of(chat) for chat in chat_days]
    earlier = [day_of(before)]
    report = demand_report(days, earlier, BACKGROUND)
    grouped = [merge_days(days[:place]), merge_days(days[place:])]
    assert demand_report(grouped, earlier, BACKGROUND) == report
    assert demand_report(days[::-1], earlier, BACKGROUND) == report


@settings(deadline=None)  # the same
@given(chats())
def test_people_are_counted_once_each(utterances: list[Utterance]) -> None:
    report = demand_report([day_of(utterances)], [], BACKGROUND, top=100)
    for row in report.aspects:
        for stance in Stance:
            members = {
                u.member
                for u in utterances
                for o in understand(u.text, SEGMENTER, LEXICON).opinions
                if (o.aspect, o.stance) == (row.aspect, stance)
            }
            assert getattr(row, stance.value) == len(members)
    for demand in report.demands:
        members = {
            u.member
            for u in utterances
            for d in understand(u.text, SEGMENTER, LEXICON).demands
            if (d.kind, d.thing) == (demand.kind, demand.thing)
        }
        assert demand.speakers == len(members)
    assert report.messages == len(utterances)
    assert report.speakers == len({u.member for u in utterances})


def test_quotes_are_filled_in_by_message_and_missing_ones_left_out() -> None:
    day = day_of(said((1, "味道好闻"), (2, "味道难闻"), (3, "面霜什么时候补货")))
    report = demand_report([day], [], BACKGROUND)
    assert report.quoted() == {1, 2, 3}
    assert report.to_json()["aspects"][0]["quotes"] == []
    document = report.with_quotes({2: "味道难闻", 3: "面霜什么时候补货"}).to_json()
    assert document["aspects"][0] == {
        "aspect": "气味",
        "category": "气味",
        "care": 0,
        "mind": 0,
        "like": 1,
        "dislike": 1,
        "quotes": ["味道难闻"],
    }
    assert document["demands"] == [
        {
            "kind": "restock",
            "thing": "面霜",
            "mentions": 1,
            "speakers": 1,
            "quotes": ["面霜什么时候补货"],
        }
    ]
    json.dumps(document)


def test_what_many_suddenly_say_is_emerging_and_what_two_say_is_not() -> None:
    before = day_of(said(*[(member, "早上好") for member in range(60)]))
    now = day_of(
        said(
            *[(member, "闷痘") for member in range(30)],
            *[(member, "眉笔") for member in range(30, 32)],
            *[(member, "早上好") for member in range(32, 60)],
        )
    )
    report = demand_report([now], [before], BACKGROUND)
    assert [keyword.word for keyword in report.emerging] == ["闷痘"]
    assert "眉笔" in {keyword.word for keyword in report.keywords}
    assert demand_report([now], [], BACKGROUND).emerging == ()


def test_lists_are_cut_at_the_top() -> None:
    day = day_of(said((1, "味道好闻，快递好慢，有点贵"), (2, "面膜面霜"), (3, "面霜面膜")))
    report = demand_report([day], [], BACKGROUND, top=1)
    assert [len(rows) for rows in (report.aspects, report.keywords)] == [1, 1]


def test_no_days_give_an_empty_report() -> None:
    report = demand_report([], [], BACKGROUND)
    assert report.to_json() == {
        "messages": 0,
        "speakers": 0,
        "keywords": [],
        "aspects": [],
        "demands": [],
        "emerging": [],
    }
