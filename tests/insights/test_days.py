from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.days import (
    QUOTES,
    AnalysedDay,
    AspectStance,
    Tally,
    Utterance,
    analyse_day,
    is_current,
    merge_days,
    reading_version,
)
from insights.lexicon import Lexicon, Taught, standard_lexicon
from insights.opinions import Stance
from insights.teaching import TaughtWord, teach
from insights.terms import read_terms
from insights.understanding import understand
from insights.words import RjiebaSegmenter, Segmenter
from tests.insights.groups import chats, said

SEGMENTER, LEXICON = RjiebaSegmenter(), standard_lexicon()


def analysed(utterances: list[Utterance]) -> AnalysedDay:
    return analyse_day(utterances, SEGMENTER, LEXICON)


def split(utterances: list[Utterance], cuts: list[int]) -> list[list[Utterance]]:
    borders = [0, *sorted(min(cut, len(utterances)) for cut in cuts), len(utterances)]
    return [utterances[a:b] for a, b in pairwise(borders)]


@given(chats())
def test_every_count_is_that_of_counting_by_hand(utterances: list[Utterance]) -> None:
    terms: dict[str, Counter[int]] = defaultdict(Counter)
    aspects: dict[AspectStance, Counter[int]] = defaultdict(Counter)
    demands: dict[object, Counter[int]] = defaultdict(Counter)
    for utterance in utterances:
        read = understand(utterance.text, SEGMENTER, LEXICON)
        for term in read_terms(read.tagged):
            terms[term][utterance.member] += 1
        for stance in {AspectStance(o.aspect, o.category, o.stance) for o in read.opinions}:
            aspects[stance][utterance.member] += 1
        for demand in read.demands:
            demands[demand][utterance.member] += 1
    day = analysed(utterances)
    assert day.messages == Counter(utterance.member for utterance in utterances)
    assert {term: tally.members for term, tally in day.terms.items()} == terms
    assert {stance: tally.members for stance, tally in day.aspects.items()} == aspects
    assert {demand: tally.members for demand, tally in day.demands.items()} == demands


@given(chats(), st.lists(st.integers(0, 25), max_size=4), st.integers(0, 5))
def test_days_merge_to_the_same_period_however_they_are_grouped(
    utterances: list[Utterance], cuts: list[int], place: int
) -> None:
    days = [analysed(part) for part in split(utterances, cuts)]
    whole = analysed(utterances)
    grouped = [merge_days(days[place:]), merge_days(days[:place])]
    assert merge_days(days) == merge_days(grouped) == whole


@given(chats())
def test_a_day_survives_its_json(utterances: list[Utterance]) -> None:
    day = analysed(utterances)
    assert AnalysedDay.from_json(json.loads(json.dumps(day.to_json()))) == day


@given(chats(), st.integers(1, 5))
def test_a_forgotten_member_leaves_no_trace(utterances: list[Utterance], member: int) -> None:
    left = analysed(utterances).without(member)
    kept = analysed([u for u in utterances if u.member != member])
    assert left.messages == kept.messages
    for mine, theirs in (
        (left.terms, kept.terms),
        (left.aspects, kept.aspects),
        (left.demands, kept.demands),
    ):
        assert {k: t.members for k, t in mine.items()} == {k: t.members for k, t in theirs.items()}
    quoted = {u.message: u.member for u in utterances}
    tallies = [*left.terms.values(), *left.aspects.values(), *left.demands.values()]
    assert all(quoted[m] != member for tally in tallies for m in tally.quotes.values())


@given(chats(), st.frozensets(st.integers(1, 6)))
def test_a_segment_is_what_its_members_said(
    utterances: list[Utterance], members: frozenset[int]
) -> None:
    mine = analysed(utterances).only(members)
    theirs = analysed([u for u in utterances if u.member in members])
    assert (mine.messages, mine.speakers) == (theirs.messages, theirs.speakers)
    for kept, meant in (
        (mine.terms, theirs.terms),
        (mine.aspects, theirs.aspects),
        (mine.demands, theirs.demands),
    ):
        assert {k: t.members for k, t in kept.items()} == {k: t.members for k, t in meant.items()}
    tallies = [*mine.terms.values(), *mine.aspects.values(), *mine.demands.values()]
    assert all(member in members for tally in tallies for member in tally.quotes)


def test_quotes_are_the_newest_of_different_members() -> None:
    day = analysed(said(*[(member, "味道好闻") for member in (1, 2, 3, 4, 4)]))
    tally = day.aspects[AspectStance("气味", "气味", Stance.LIKE)]
    assert tally.quotes == {4: 5, 3: 3, 2: 2}
    assert len(tally.quotes) == QUOTES
    assert (tally.mentions, tally.speakers) == (5, 4)


def test_phrases_are_terms_as_well_as_their_words() -> None:
    day = analysed(said((1, "补水面膜不错")))
    assert {"补水", "面膜", "补水面膜"} <= set(day.terms)
    assert "不" not in day.terms


def test_the_version_names_words_and_rules(segmenter: Segmenter, lexicon: Lexicon) -> None:
    version = reading_version(segmenter, lexicon)
    assert analysed([]).version == version
    assert (
        reading_version(segmenter, teach(lexicon, [TaughtWord("", "上头", Taught.DISLIKE)]))
        != version
    )


def test_a_newer_release_s_reading_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights.days.RULES", 8)
    now = reading_version(SEGMENTER, LEXICON)
    assert now.startswith("8-")
    for version in (now, "9-aaaa", "10-aaaa", "9-aaaa+9-bbbb"):
        assert is_current(version, now), version
    # Older releases did not name their rules.
    for version in ("8-aaaa", "7-aaaa", f"{now}+9-aaaa", "0a1b2c3d4e5f"):
        assert not is_current(version, now), version


def test_a_period_of_days_read_differently_says_so() -> None:
    one, two = AnalysedDay(version="a"), AnalysedDay(version="b")
    assert merge_days([two, one, two]).version == "a+b"
    assert merge_days([]) == AnalysedDay()


def test_a_tally_without_a_member_keeps_the_others() -> None:
    assert Tally({1: 2, 2: 1}, {1: 9, 2: 8}).without(1) == Tally({2: 1}, {2: 8})
