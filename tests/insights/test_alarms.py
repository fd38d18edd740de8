"""Which spikes are told, and which as one."""

from __future__ import annotations

import pytest

from insights.alarms import new_alarms
from insights.spikes import Spike
from insights.watched import Sort, Thing

SAFETY = Thing(Sort.ASPECT, "安全")
ALLERGY = Thing(Sort.WORD, "过敏")
RASH = Thing(Sort.WORD, "泛红")
LEAK = Thing(Sort.WORD, "漏液")


def spike(thing: Thing, fans: int) -> Spike[Thing]:
    return Spike(thing, fans, 0.3, chance=10.0**-fans)


@pytest.mark.parametrize(
    ("spikes", "messages", "told", "expected"),
    [
        pytest.param([], {}, [], [], id="nothing"),
        pytest.param(
            [spike(ALLERGY, 6)], {ALLERGY: range(6)}, [], [[ALLERGY]], id="one spike, one alarm"
        ),
        pytest.param(
            [spike(ALLERGY, 6), spike(LEAK, 5)],
            {ALLERGY: range(6), LEAK: range(4, 9)},
            [],
            [[ALLERGY], [LEAK]],
            id="two incidents are two alarms, though one message tells of both",
        ),
        pytest.param(
            [spike(SAFETY, 7), spike(ALLERGY, 6)],
            {SAFETY: range(7), ALLERGY: range(6)},
            [],
            [[ALLERGY, SAFETY]],
            id="a word that most of them say leads",
        ),
        pytest.param(
            [spike(SAFETY, 12), spike(ALLERGY, 6), spike(RASH, 6)],
            {SAFETY: range(12), ALLERGY: range(6), RASH: range(6, 12)},
            [],
            [[SAFETY, ALLERGY, RASH]],
            id="half of them are not most",
        ),
        pytest.param(
            [spike(ALLERGY, 6)], {ALLERGY: range(6)}, [ALLERGY], [], id="what was told goes on"
        ),
        pytest.param(
            [spike(ALLERGY, 6), spike(LEAK, 5)],
            {ALLERGY: range(6), LEAK: range(10, 15)},
            [ALLERGY],
            [[LEAK]],
            id="another incident beside one that was told",
        ),
    ],
)
def test_spikes_of_one_incident_are_one_alarm(
    spikes: list[Spike[Thing]],
    messages: dict[Thing, range],
    told: list[Thing],
    expected: list[list[Thing]],
) -> None:
    alarms, _ = new_alarms(spikes, messages, told, told)
    assert [[one.key for one in alarm.spikes] for alarm in alarms] == expected


def test_what_shows_in_a_told_incident_later_is_told_with_it() -> None:
    later = spike(SAFETY, 6)
    messages = {ALLERGY: range(6), SAFETY: range(1, 7)}
    alarms, explained = new_alarms([spike(ALLERGY, 6), later], messages, [ALLERGY], [ALLERGY])
    assert alarms == ()
    assert explained == (later,)


def test_what_was_told_and_explains_nothing_is_only_not_told_again() -> None:
    leak = spike(LEAK, 6)
    messages = {SAFETY: range(12), LEAK: range(6)}
    alarms, explained = new_alarms([spike(SAFETY, 12), leak], messages, [SAFETY], [])
    assert [alarm.lead for alarm in alarms] == [leak]
    assert explained == ()
