from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.gateway import GatewayRoom
from bot.channels.wechat.leaders import Leaders, News

ME = "me"


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
    assert leaders.take_news() == []


def test_who_comes_to_lead_and_who_leads_no_more_is_told_once() -> None:
    leaders = Leaders()
    leaders.keep(room("一", "a"), ME)
    leaders.keep(room("二", "b"), ME)
    assert set(leaders.take_news()) == {News("一", "a", leads=True), News("二", "b", leads=True)}
    leaders.keep(room("一", "b"), ME)
    leaders.keep(room("一", "b"), ME)
    assert set(leaders.take_news()) == {News("一", "b", leads=True), News("一", "a", leads=False)}
    leaders.drop("一")
    assert leaders.take_news() == []  # b leads the other one still
    leaders.drop("二")
    assert leaders.take_news() == [News("二", "b", leads=False)]


def test_what_could_not_be_told_is_news_still() -> None:
    leaders = Leaders()
    leaders.keep(room("一", "a"), ME)
    (news,) = leaders.take_news()
    leaders.not_told(news)
    assert leaders.take_news() == [news]


def test_who_was_staff_is_so_until_every_room_was_asked_for() -> None:
    leaders = Leaders()
    leaders.remember({"a", "b"})
    assert leaders.rooms_of("a") is None
    leaders.keep(room("一", "a"), ME)
    assert leaders.is_staff("b")
    leaders.all_are_known()
    assert leaders.rooms_of("a") == frozenset("一")
    assert not leaders.is_staff("b")
    assert set(leaders.take_news()) == {News("一", "a", leads=True), News("一", "b", leads=False)}


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
        told |= {news.person: news.leads for news in leaders.take_news()}
    for person in "abc":
        assert told.get(person, False) is leaders.is_staff(person)
