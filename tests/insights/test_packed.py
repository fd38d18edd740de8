"""Packed periods hold what merged days hold, in every way one can ask."""

from __future__ import annotations

import json
from dataclasses import astuple
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.background import Background
from insights.counted import Counted, counted, spoken
from insights.days import AnalysedDay, Utterance, analyse_day, merge_days
from insights.lexicon import standard_lexicon
from insights.packed import Merging, join, size
from insights.report import demand_report
from insights.words import RjiebaSegmenter
from tests.insights.groups import chats, said

SEGMENTER, LEXICON, BACKGROUND = RjiebaSegmenter(), standard_lexicon(), Background()
PATIENT = settings(deadline=None)  # now and then dictionaries are read from their files
CUTS = st.lists(st.integers(0, 40), max_size=4)


def analysed(utterances: list[Utterance]) -> AnalysedDay:
    return analyse_day(utterances, SEGMENTER, LEXICON)


def days_of(utterances: list[Utterance], cuts: list[int]) -> list[AnalysedDay]:
    borders = [0, *sorted(min(cut, len(utterances)) for cut in cuts), len(utterances)]
    return [analysed(utterances[a:b]) for a, b in pairwise(borders)]


def packed(days: list[AnalysedDay], **who: list[int]) -> AnalysedDay:
    merging = Merging(**who)
    for day in days:
        merging.take(json.loads(json.dumps(day.to_json())))
    return merging.close()


def parts(day: AnalysedDay) -> list[Counted[Any]]:
    return [counted(day.terms), counted(day.aspects), counted(day.demands)]


@PATIENT
@given(chats(40), CUTS)
def test_a_packed_period_is_the_merged_one(utterances: list[Utterance], cuts: list[int]) -> None:
    days = days_of(utterances, cuts)
    assert packed(days) == merge_days(days) == packed([packed(days)])


@PATIENT
@given(chats(40), CUTS, st.integers(0, 4))
def test_a_day_on_top_of_a_period_reads_as_if_they_were_merged(
    utterances: list[Utterance], cuts: list[int], place: int
) -> None:
    days = days_of(utterances, cuts)
    whole = merge_days(days)
    joined = join(packed(days[:place]), merge_days(days[place:]))
    assert joined == whole
    assert astuple(spoken(joined)) == astuple(spoken(whole))
    for mine, theirs in zip(parts(joined), parts(whole), strict=True):
        assert len(mine) == len(theirs)
        assert dict(mine.sums) == dict(theirs.sums)
        for key in theirs:
            assert sorted(mine.members(key)) == sorted(theirs.members(key))
            assert mine.bits(key) == theirs.bits(key) == sum(1 << one for one in mine.members(key))
            assert key in mine
            assert mine.quotes(key) == theirs.quotes(key)


@PATIENT
@given(chats(40), CUTS, chats(), chats())
def test_what_was_joined_is_gone_on_from_whatever_stood_on_top(
    utterances: list[Utterance], cuts: list[int], first: list[Utterance], then: list[Utterance]
) -> None:
    period = packed(days_of(utterances, cuts))
    anew = join(period, analysed(then))
    gone_on = join(period, analysed(then), join(period, analysed(first)))
    assert gone_on == anew
    for mine, theirs in zip(parts(gone_on), parts(anew), strict=True):
        assert dict(mine.sums) == dict(theirs.sums)
    other = packed([analysed(first)])
    assert join(other, analysed(then), anew) == join(other, analysed(then))


@PATIENT
@given(chats(40), CUTS, st.integers(0, 4))
def test_a_report_of_what_is_packed_is_that_of_what_was_said(
    utterances: list[Utterance], cuts: list[int], place: int
) -> None:
    days = days_of(utterances, cuts)
    joined = join(packed(days[:place]), merge_days(days[place:]))
    before = [spoken(packed(days[:1]))] * 4
    plain = demand_report(analysed(utterances), before, BACKGROUND, LEXICON)
    assert demand_report(joined, before, BACKGROUND, LEXICON) == plain


@PATIENT
@given(chats(40), CUTS, st.lists(st.integers(1, 5)), st.lists(st.integers(1, 5)))
def test_a_packed_segment_is_what_its_members_said(
    utterances: list[Utterance], cuts: list[int], only: list[int], without: list[int]
) -> None:
    found = packed(days_of(utterances, cuts), only=only, without=without)
    meant = analysed([u for u in utterances if u.member in only and u.member not in without])
    assert found.messages == meant.messages
    assert astuple(spoken(found)) == astuple(spoken(meant))


def test_what_many_say_every_day_is_summed_up_on_the_way() -> None:
    days = [
        analysed(said(*[(member, "味道好闻") for member in range(500)], first=1 + 500 * day))
        for day in range(12)
    ]
    assert packed(days) == merge_days(days)


def test_a_packed_count_takes_few_bytes() -> None:
    day = packed([analysed(said(*[(member, "味道好闻") for member in range(10_000)]))])
    assert size(day) < 60 * 10_000 * 4


def test_a_document_of_another_shape_is_refused() -> None:
    document = analysed(said((1, "味道好闻"))).to_json()
    with pytest.raises(ValueError, match="without a number"):
        Merging().take({**document, "terms": [["味道", [1], [1, 1]]]})


def test_only_a_packed_period_is_joined() -> None:
    with pytest.raises(TypeError):
        join(analysed([]), analysed([]))
