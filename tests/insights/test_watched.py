"""What is watched, what is usual of it, and how rarely chance alone raises an alarm."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.lexicon import DemandKind, Lexicon, standard_lexicon
from insights.understanding import understand
from insights.watched import (
    WINDOW,
    Saying,
    Sort,
    Thing,
    UsualTalk,
    Window,
    count_window,
    spikes_in,
    things_in,
    usual_of,
)
from insights.words import Segmenter, open_segmenter
from tests.insights.simulated_talk import A_DAY, ALLERGY, DAY, PRICE, START, Group, alarms, incident


@lru_cache(maxsize=1)
def reading() -> tuple[Segmenter, Lexicon]:
    return open_segmenter(()), standard_lexicon()


def watched_in(text: str) -> set[str]:
    segmenter, lexicon = reading()
    return {thing.key for thing in things_in(understand(text, segmenter, lexicon), lexicon)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("用完过敏了", {"word::过敏", "aspect::安全"}),
        ("怕过敏", {"word::过敏", "aspect::安全"}),
        ("味道刺鼻", {"word::刺鼻", "aspect::气味"}),
        ("面霜什么时候补货", {"demand:restock:面霜"}),
        ("新疆包邮吗", {"demand:delivery:"}),
        ("用了没过敏", set()),
        ("喜欢这个味道", set()),
        ("味道怎么样", set()),
        ("红包雨", set()),
        ("签到", set()),
        ("哈哈哈哈", set()),
        ("", set()),
    ],
)
def test_what_is_watched_of_a_text(text: str, expected: set[str]) -> None:
    assert watched_in(text) == expected


@given(st.sampled_from(Sort), st.text(), st.none() | st.sampled_from(DemandKind))
def test_a_thing_is_known_by_its_key(sort: Sort, name: str, kind: DemandKind | None) -> None:
    thing = Thing(sort, name, kind)
    assert Thing.of(thing.key) == thing


@pytest.mark.parametrize("key", ["", "过敏", "word:过敏", "smell::过敏", "demand:gold:面霜"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Thing.of(key)


def test_a_fan_counts_once_for_each_thing() -> None:
    window = count_window(
        START,
        [
            Saying(1, 10, 1, START, frozenset({ALLERGY})),
            Saying(2, 10, 2, START, frozenset({ALLERGY, PRICE})),
            Saying(3, 11, 1, START, frozenset({ALLERGY})),
            Saying(4, 12, 1, START, frozenset()),
        ],
    )
    assert window == Window(START, speakers=3, fans={ALLERGY: 2, PRICE: 1})


def windows(days: int, of_day: dict[int, list[int]]) -> UsualTalk:
    """What is usual after so many days; on some, so many fans said it in the first windows.

    One in four of those who speak then says it.
    """
    found = []
    for number in range(days * A_DAY):
        day, place = divmod(number, A_DAY)
        said = of_day.get(day, [])
        fans = {ALLERGY: said[place]} if place < len(said) else {}
        found.append(Window(START + number * WINDOW, 10 + 4 * sum(fans.values()), fans))
    return usual_of(found)


def is_spike(usual: UsualTalk, fans: int) -> bool:
    return bool(spikes_in(Window(START, 10 + 4 * fans, {ALLERGY: fans}), usual))


def test_what_nobody_said_in_weeks_is_a_spike_at_four_fans() -> None:
    usual = windows(28, {})
    assert usual.things == {}
    assert not is_spike(usual, 3)
    assert is_spike(usual, 4)


def test_one_incident_does_not_make_the_watch_deaf_to_the_next() -> None:
    incident = [6, 9, 12, 9, 7, 5, 3, 2, 1]
    assert is_spike(windows(28, {20: incident, 21: [3, 1]}), 6)


def test_what_is_said_by_many_every_week_is_usual() -> None:
    live_show = [20, 25, 20]
    usual = windows(28, dict.fromkeys((3, 10, 17, 24), live_show))
    assert not is_spike(usual, 20)
    assert is_spike(usual, 200)


def test_in_the_first_week_every_day_counts_as_it_was() -> None:
    assert not is_spike(windows(6, {2: [9, 9, 9]}), 9)


def test_in_two_hundred_days_chance_hardly_ever_alarms() -> None:
    found = alarms(list(Group(seed=11).days(200)))
    # The price is asked for in every live show: told until it is known to come each week.
    shows = [at for at, thing in found if thing == PRICE]
    assert len(shows) <= 3
    assert all(at < START + 28 * DAY for at in shows)
    # It is said to be one false alarm in ten days at most; it is far rarer.
    assert len(found) - len(shows) <= 4


@pytest.mark.parametrize("hour", [2, 6, 12])  # in the morning, at noon and in the evening
def test_an_incident_is_seen_with_its_fourth_to_sixth_fan(hour: int) -> None:
    said = list(Group(seed=5).days(30))
    begin = START + 29 * DAY + timedelta(hours=hour)
    told = [at for at, thing in alarms([*said, *incident(begin, 8)]) if thing == ALLERGY]
    assert len(told) == 1
    assert told[0] - begin <= WINDOW / 8 * 6
