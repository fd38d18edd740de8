from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.courier import Address, Limits

identities = st.text(min_size=1)


@given(st.builds(Address, group=identities) | st.builds(Address, person=identities))
def test_every_address_comes_back_from_its_text(address: Address) -> None:
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize("parts", [{}, {"group": "g1", "person": "p1"}])
def test_an_address_is_a_group_or_a_person(parts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a group or a person"):
        Address(**parts)


@pytest.mark.parametrize("text", ["", "g1", "group", "group:", "person:", "chat:g1", ":g1"])
def test_any_other_text_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        Address.parse(text)


@pytest.mark.parametrize("minutes", [-1, 30, 60])
def test_a_platform_leaves_some_minute_of_each_half_hour(minutes: int) -> None:
    with pytest.raises(ValueError, match="no minute"):
        Limits(quiet_minutes=minutes)
    assert Limits(quiet_minutes=29).quiet_minutes == 29
