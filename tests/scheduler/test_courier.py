from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.content import Button, Content, Picture
from scheduler.courier import (
    Address,
    Admit,
    Delete,
    Edit,
    Invite,
    Limits,
    Post,
    chat_of,
    messages_in,
    paced_at,
    weight_of,
)

identities = st.text(min_size=1)


groups = st.builds(Address, group=identities, topic=st.none() | identities)


@given(groups | st.builds(Address, person=identities))
def test_every_address_comes_back_from_its_text(address: Address) -> None:
    assert Address.parse(str(address)) == address


@given(groups)
def test_every_topic_lies_in_the_chat_of_its_group(address: Address) -> None:
    assert chat_of(str(address)) == str(Address(group=address.group))


def test_a_person_is_a_chat_whatever_their_id() -> None:
    assert chat_of("person:a#b") == "person:a#b"


@pytest.mark.parametrize("parts", [{}, {"group": "g1", "person": "p1"}, {"topic": "7"}])
def test_an_address_is_a_group_or_a_person(parts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a group or a person"):
        Address(**parts)


def test_a_person_has_no_topics() -> None:
    with pytest.raises(ValueError, match="only a group has topics"):
        Address(person="p1", topic="7")


@pytest.mark.parametrize(
    "text", ["", "g1", "group", "group:", "person:", "chat:g1", ":g1", "group:g1#", "group:#7"]
)
def test_any_other_text_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        Address.parse(text)


@pytest.mark.parametrize("minutes", [-1, 30, 60])
def test_a_platform_leaves_some_minute_of_each_half_hour(minutes: int) -> None:
    with pytest.raises(ValueError, match="no minute"):
        Limits(quiet_minutes=minutes)
    assert Limits(quiet_minutes=29).quiet_minutes == 29


PICTURE = Picture("offer.png")
YES = Button("要", "/remind")


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (Content("早"), 1),
        (Content("早", buttons=(YES,)), 1),
        (Content("早", (PICTURE,)), 2),
        (Content("", (PICTURE,)), 1),
        (Content("", (PICTURE, PICTURE)), 2),
        (Content("", (Picture("offer.png", "新品"), PICTURE)), 3),
        (Content("", (PICTURE,), (YES,)), 2),
        (Content("早", (PICTURE,) * 3, (YES,)), 4),
        (Content(""), 1),
    ],
)
def test_without_captions_words_and_pictures_are_a_message_each(
    content: Content, messages: int
) -> None:
    here = Address(group="1")
    assert messages_in(content, Limits(captions=False)) == messages
    assert weight_of(Post("k", here, content), Limits(captions=False)) == messages
    assert weight_of(Edit("k", here, "r", content), Limits(captions=False)) == 1
    assert weight_of(Delete("k", here, "r"), Limits(captions=False)) == 1
    assert weight_of(Post("k", here, content), Limits()) == 1, "an album is one"


def test_letting_somebody_in_keeps_no_pace_of_the_group() -> None:
    here, text = Address(group="1", topic="7"), Content("好")
    assert paced_at(Post("k", here, text)) == "group:1#7"
    assert paced_at(Invite("k", here, "小鱼")) == "group:1#7"
    assert paced_at(Admit("k", here, "9")) == "person:9"
