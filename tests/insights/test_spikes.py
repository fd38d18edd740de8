from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.spikes import FALSE_ALARMS, Spike, Usual, find_spikes

WINDOW = timedelta(minutes=20)
A_DAY = 72  # windows
TWO_WEEKS = 14 * A_DAY
USUAL = Usual.of([1] * 262 + [2] * 20, TWO_WEEKS, speakers=10 * TWO_WEEKS)  # 0.3 a window

NEVER = Usual.of((), TWO_WEEKS, speakers=10 * TWO_WEEKS)


def spikes(fans: int, speakers: int, usual: Usual = USUAL, watched: int = 50) -> list[str]:
    never = Usual.of((), usual.windows, usual.speakers)
    found = find_spikes({"过敏": fans}, speakers, {"过敏": usual}, never, WINDOW, watched=watched)
    return [spike.key for spike in found]


@pytest.mark.parametrize(
    ("fans", "speakers", "spike"),
    [
        (6, 10, True),  # 6 fans in 20 minutes, usually 0.3
        (5, 8, False),  # chance brings that about once a week, over 50 things
        (3, 3, False),  # three friends
        (6, 120, False),  # the night of a sale: ten times as many speak
        (25, 120, True),
        (0, 0, False),
    ],
)
def test_a_spike_is_more_than_time_and_crowd_explain(
    fans: int, speakers: int, *, spike: bool
) -> None:
    assert bool(spikes(fans, speakers)) == spike


def test_what_comes_in_bursts_has_to_be_louder() -> None:
    bursts = Usual.of([8] * 38, TWO_WEEKS, speakers=10 * TWO_WEEKS)
    assert bursts.rate == pytest.approx(USUAL.rate, abs=0.01)
    assert spikes(8, 10)
    assert not spikes(8, 10, bursts)


def test_the_more_is_watched_the_louder_a_spike_has_to_be() -> None:
    assert spikes(6, 10, watched=50)
    assert not spikes(6, 10, watched=5_000)


def test_a_spike_tells_its_figures_and_the_unlikeliest_comes_first() -> None:
    found = find_spikes(
        {"漏液": 6, "过敏": 9, "味道": 2},
        12,
        {"过敏": USUAL, "味道": USUAL, "漏液": USUAL},
        NEVER,
        WINDOW,
        watched=10,
    )
    assert [(spike.key, spike.fans, spike.usually) for spike in found] == [
        ("过敏", 9, 0.3),
        ("漏液", 6, 0.3),
    ]
    assert found[0].chance < found[1].chance


def test_what_was_never_said_in_two_weeks_is_heard_at_four_fans() -> None:
    usual = {"过敏": USUAL}
    assert find_spikes({"烂脸": 4}, 10, usual, NEVER, WINDOW, watched=50)[0].key == "烂脸"
    assert not find_spikes({"烂脸": 3}, 3, usual, NEVER, WINDOW, watched=50)


def test_in_a_group_of_yesterday_it_takes_more() -> None:
    young = Usual.of([], 3, speakers=30)
    assert not spikes(4, 10, young)
    assert spikes(9, 10, young)


def test_without_windows_before_nothing_is_usual() -> None:
    with pytest.raises(ValueError, match="nothing is usual"):
        find_spikes({"过敏": 6}, 10, {}, Usual.of((), 0, 0), WINDOW, watched=50)


@given(st.lists(st.integers(1, 9), max_size=40), st.integers(0, 60), st.integers(0, 40))
def test_more_fans_never_make_a_spike_none(counts: list[int], silent: int, fans: int) -> None:
    usual = Usual.of(counts, len(counts) + silent, speakers=sum(counts) * 3)
    if usual.windows and spikes(fans, fans + 5, usual):
        assert spikes(fans + 1, fans + 5, usual)


def test_figures_are_those_of_all_windows() -> None:
    usual = Usual.of([2, 4], 4, speakers=40)
    assert usual.rate == 1.5
    assert usual.dispersion == pytest.approx(((0.5**2 + 2.5**2 + 2 * 1.5**2) / 3) / 1.5)


def test_false_alarms_stay_as_rare_as_they_are_said_to_be() -> None:
    """60 days of 50 things: the day has its hours, and every seventh who says it draws another."""
    draw = random.Random(7)  # noqa: S311 (a simulation)
    rates = [draw.uniform(0.0, 0.05) for _ in range(50)]  # of those who speak

    def window(place: int) -> tuple[int, list[int]]:
        hour = place % A_DAY / A_DAY * 24
        speakers = round(1 + 29 * max(0.0, math.sin((hour - 7) / 17 * math.pi)))
        return speakers, [said(draw, rate * speakers) for rate in rates]

    before = [window(place) for place in range(TWO_WEEKS)]
    everybody = sum(speakers for speakers, _ in before)
    usual = {
        key: Usual.of([counts[key] for _, counts in before], TWO_WEEKS, everybody)
        for key in range(50)
    }
    days, alarms = 60, 0
    for place in range(days * A_DAY):
        speakers, counts = window(place)
        found: tuple[Spike[int], ...] = find_spikes(
            dict(enumerate(counts)), speakers, usual, NEVER, WINDOW, watched=50
        )
        alarms += len(found)
    assert alarms <= FALSE_ALARMS * days + 2 * math.sqrt(FALSE_ALARMS * days)


def said(draw: random.Random, mean: float) -> int:
    """How many say it where `mean` begin to: each draws another with a chance of one in seven."""
    count, left = 0, draw.random()
    mass = math.exp(-mean)
    while left > mass:
        left -= mass
        count += 1
        mass *= mean / count
    drawn = sum(draw.random() < 1 / 7 for _ in range(count))
    return count + drawn
