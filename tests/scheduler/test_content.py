from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.content import Button, Content, Mention, Picture

contents = st.builds(
    Content,
    st.text(),
    st.lists(st.builds(Picture, st.text(), st.text()), max_size=3).map(tuple),
    st.lists(st.builds(Button, st.text(), st.text()), max_size=3).map(tuple),
    st.lists(st.builds(Mention, st.text(), st.text()), max_size=3).map(tuple),
)


@given(contents)
def test_every_content_comes_back_from_its_json(content: Content) -> None:
    assert Content.from_json(json.loads(json.dumps(content.to_json()))) == content


def test_empty_parts_are_left_out_of_the_json() -> None:
    assert Content("你好").to_json() == {"text": "你好"}


@pytest.mark.parametrize(
    ("document", "error"),
    [
        pytest.param({}, KeyError, id="no text"),
        pytest.param({"text": "", "buttons": [{"label": "好"}]}, TypeError, id="half a button"),
        pytest.param({"text": "", "pictures": ["a.png"]}, TypeError, id="a bare picture"),
        pytest.param({"text": "", "mentions": [{"who": "p1"}]}, TypeError, id="an unknown part"),
    ],
)
def test_a_broken_document_is_no_content(document: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Content.from_json(document)
