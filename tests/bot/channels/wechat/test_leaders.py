from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.gateway import GatewayRoom
from bot.channels.wechat.leaders import Leaders, News

ME = "me"
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)


def room(name: str, owner: str = "", *admins: str) -> GatewayRoom:
    return GatewayRoom(name, name, owner, admins, ())


def test_owners_and_admins_of_a_room_are_staff_by_it() -> None:
    leaders = Leaders()
    leaders.keep(room("一", "owner", "admin"), ME)
    leaders.keep(room("二", "admin"), ME)
    assert leaders.rooms_of("owner") == frozenset("一")
    assert leaders.rooms_of("admin") == frozenset("一二")
    assert leaders.rooms_of("fan") == frozenset()
    assert not leaders.is_staff("fan")


def test_the_account_is_nobody_s_manager() -> None:
    leaders = Leaders()
    leaders.keep(room("一", ME), ME)
    assert not leaders.is_staff(ME)
    assert leaders.take_news(NOW) == []


def test_who_comes_to_lead_and_who_leads_no_more_is_told_once() -> None:
    leaders = Leaders()
    leaders.keep(room("一", "a"), ME)
    leaders.keep(room("二", "b"), ME)
    assert set(leaders.take_news(NOW)) == {News("一", "a", leads=True), News("二", "b", leads=True)}
    leaders.keep(room("一", "b"), ME)
    leaders.keep(room("一", "b"), ME)
    assert set(leaders.take_news(NOW)) == {
        News("一", "b", leads=True),
        News("一", "a", leads=False),
    }
    leaders.drop("一")
    assert leaders.take_news(NOW) == []  # b leads the other one still
    leaders.drop("二")
    assert leaders.take_news(NOW) == [News("二", "b", leads=False)]


def test_what_could_not_be_told_is_news_still() -> None:
    leaders = Leaders()
    leaders.keep(room("一", "a"), ME)
    (news,) = leaders.take_news(NOW)
    leaders.not_told(NOW)
    assert leaders.take_news(NOW) == [news]


def test_news_that_were_not_stored_with_what_they_were_told_with_are_told_again() -> None:
    leaders = Leaders()
    leaders.keep(room("一", "a"), ME)
    leaders.take_news(NOW)
    leaders.keep(room("二", "b"), ME)
    leaders.take_news(LATER)
    leaders.tell_again(NOW)
    assert leaders.take_news(LATER) == [News("二", "b", leads=True)]
    leaders.tell_again(None)
    assert {news.person for news in leaders.take_news(LATER)} == {"a", "b"}
    leaders.confirm(LATER)
    leaders.tell_again(None)
    assert leaders.take_news(LATER) == []


def test_of_news_told_again_the_last_one_of_a_person_counts() -> None:
    leaders = Leaders()
    leaders.keep(room("一", "a"), ME)
    leaders.take_news(NOW)
    leaders.drop("一")
    leaders.take_news(LATER)
    leaders.tell_again(None)
    assert leaders.take_news(LATER) == [News("一", "a", leads=False)]


def test_who_was_staff_is_so_until_every_room_was_asked_for() -> None:
    leaders = Leaders()
    leaders.remember({"a", "b"})
    assert leaders.rooms_of("a") is None
    leaders.keep(room("一", "a"), ME)
    assert leaders.is_staff("b")
    leaders.all_are_known()
    assert leaders.rooms_of("a") == frozenset("一")
    assert not leaders.is_staff("b")
    assert set(leaders.take_news(NOW)) == {
        News("一", "a", leads=True),
        News("一", "b", leads=False),
    }


def test_without_any_room_nothing_speaks_against_who_was_staff() -> None:
    leaders = Leaders()
    leaders.remember({"a"})
    leaders.all_are_known()
    assert leaders.is_staff("a")


people = st.sampled_from("abc")


@given(st.lists(st.tuples(st.sampled_from("一二"), st.sets(people))))
def test_the_news_add_up_to_who_is_staff(changes: list[tuple[str, set[str]]]) -> None:
    leaders, told = Leaders(), dict[str, bool]()
    for name, led in changes:
        leaders.keep(room(name, "", *sorted(led)), ME)
        told |= {news.person: news.leads for news in leaders.take_news(NOW)}
    for person in "abc":
        assert told.get(person, False) is leaders.is_staff(person)
