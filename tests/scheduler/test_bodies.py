from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from scheduler.bodies import (
    BodyBroken,
    SlotUnwritten,
    arms_of,
    content_of,
    is_literal,
    literal_body,
    personal_body,
    reworded,
    template_body,
    variants_of,
)
from scheduler.content import Button, Content, Mention, Picture
from scheduler.programme import shipped_programmes
from scheduler.templates import VariableUnknown
from tests.scheduler.test_content import contents

VARIABLES = {"shop": "暖群小店", "slogan": "懂你的肌肤"}


@pytest.mark.parametrize(
    "text", ["今晚 {{ shop }} 见", "{% if %}", "{{", "1 < 2 & {days}", "{# 不是注释 #}", "  两边  "]
)
def test_a_manager_s_own_words_are_never_read_as_a_template(text: str) -> None:
    assert content_of(literal_body(Content(text)), "once", "一群") == Content(text)


@given(contents)
def test_a_literal_body_says_exactly_its_content(content: Content) -> None:
    assert content_of(literal_body(content), "once", "一群") == content


def test_it_keeps_pictures_buttons_and_mentions() -> None:
    content = Content(
        "看图",
        (Picture("offer.png", "新品"),),
        (Button("想要", "/me"),),
        (Mention("p1", "小美"),),
    )
    assert content_of(literal_body(content), "d-6", "一群") == content


@pytest.mark.parametrize(
    ("template", "slot", "said"),
    [
        pytest.param("还有 {{ days }} 天", "d-6", "还有 6 天", id="the days left"),
        pytest.param("就是今天：{{ days }}", "d-0", "就是今天：0", id="the day itself"),
        pytest.param(
            "{{ shop }}，{{ slogan }}", "d-6", "暖群小店，懂你的肌肤", id="what was approved"
        ),
        pytest.param("{{ group }}的大家", "d-6", "一群的大家", id="the group"),
        pytest.param(
            "{{ festival }}：{{ greeting }}",
            "2026-09-25:mid-autumn",
            "中秋节：快乐",
            id="the festival",
        ),
    ],
)
def test_a_template_is_filled_in_for_its_slot(template: str, slot: str, said: str) -> None:
    topic = slot.rpartition(":")[2]
    body = template_body({topic: template}, VARIABLES, "zh")
    assert content_of(body, slot, "一群").text.startswith(said)


def test_a_festival_is_named_in_the_body_s_language() -> None:
    body = template_body({"mid-autumn": "{{ festival }}"}, {}, "en")
    assert content_of(body, "2026-09-25:mid-autumn", "一群").text.isascii()


def test_a_group_s_name_is_not_read_as_a_template() -> None:
    body = template_body({"d-6": "{{ group }}"}, VARIABLES, "zh")
    assert content_of(body, "d-6", "{{ shop }}").text == "{{ shop }}"


@pytest.mark.parametrize("key", ["double11", "festivals"])
def test_every_text_that_is_shipped_can_be_said(key: str) -> None:
    programme = shipped_programmes()[key]
    for language in ("zh", "en"):
        texts = {topic: told.get(language, told["zh"]) for topic, told in programme.texts.items()}
        body = template_body(texts, VARIABLES, language)
        for topic in texts:
            slot = topic if topic.startswith("d-") else f"2026-01-01:{topic}"
            assert content_of(body, slot, "一群").text


def test_a_slot_without_words_is_named() -> None:
    body = template_body({"d-6": "还有 {{ days }} 天"}, VARIABLES, "zh")
    with pytest.raises(SlotUnwritten, match="d-5"):
        content_of(body, "d-5", "一群")


def test_a_template_that_asks_for_the_unknown_says_so() -> None:
    body = template_body({"d-6": "{{ price }}"}, VARIABLES, "zh")
    with pytest.raises(VariableUnknown, match="price"):
        content_of(body, "d-6", "一群")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "你好"},
        {"content": "你好"},
        {"content": {}},
        {"content": {"text": "你好", "pictures": ["a.png"]}},
        {"templates": None},
        {"templates": {"d-6": "你好"}},
        {"templates": {"d-6": "你好"}, "variables": {}},
        {"templates": {"d-6": "你好"}, "variables": None, "language": "zh"},
        {"templates": {"d-6": "你好"}, "variables": 3, "language": "zh"},
    ],
)
def test_a_body_of_another_shape_is_broken(body: dict[str, Any]) -> None:
    with pytest.raises(BodyBroken):
        content_of(body, "d-6", "一群")


def test_a_literal_body_reworded_is_word_for_word_too() -> None:
    before = Content(
        "看图，@小美", (Picture("offer.png"),), (Button("想要", "/me"),), (Mention("p1", "小美"),)
    )
    body = reworded(literal_body(before), "{{ days }}？")
    assert is_literal(body)
    assert content_of(body, "once", "一群") == Content(
        "{{ days }}？", before.pictures, before.buttons
    )


def test_templates_reworded_say_the_new_one_at_every_slot() -> None:
    body = reworded(template_body({"d-2": "两天", "d-1": "一天"}, VARIABLES, "zh"), "{{ days }} 天")
    assert not is_literal(body)
    assert [content_of(body, slot, "一群").text for slot in ("d-2", "d-1")] == ["2 天", "1 天"]


@pytest.mark.parametrize("body", [{}, {"content": None}, {"templates": None}])
def test_a_broken_body_cannot_be_reworded(body: dict[str, Any]) -> None:
    with pytest.raises(BodyBroken):
        reworded(body, "今晚见")


def test_words_to_people_call_each_by_name_and_keep_their_pictures() -> None:
    content = Content("{{ fan }}，{{ shop }}想你了", pictures=(Picture("a.png"),))
    body = personal_body(content, {"shop": "暖群"})
    said = content_of(body, "once", "小鱼", in_private=True)
    assert said == Content("小鱼，暖群想你了", pictures=(Picture("a.png"),))
    again = content_of(reworded(body, "{{ fan }}早"), "once", "{{ shop }}", in_private=True)
    assert again == Content("{{ shop }}早", pictures=(Picture("a.png"),))


def test_words_to_people_cannot_name_a_group() -> None:
    body = personal_body(Content("{{ group }}"), {"shop": "暖群"})
    with pytest.raises(VariableUnknown):
        content_of(body, "once", "小鱼", in_private=True)


TWO_WAYS = template_body(
    {"d-2": ["两天", "还有两天呢"], "d-1": "就明天", "mid-autumn": ["中秋好", "月圆了", "团圆"]},
    VARIABLES,
    "zh",
)


@pytest.mark.parametrize(
    ("slot", "variant", "said"),
    [
        ("d-2", None, "两天"),
        ("d-2", "a", "两天"),
        ("d-2", "b", "还有两天呢"),
        ("d-2", "c", "两天"),
        ("d-2", "held-out", "两天"),
        ("d-1", "b", "就明天"),
        ("2026-09-25:mid-autumn", "c", "团圆"),
    ],
)
def test_a_variant_says_its_text_and_the_first_where_it_has_none(
    slot: str, variant: str | None, said: str
) -> None:
    assert content_of(TWO_WAYS, slot, "一群", variant=variant).text == said


def test_variants_are_named_by_their_place() -> None:
    assert variants_of(TWO_WAYS, "d-2") == ("a", "b")
    assert variants_of(TWO_WAYS, "d-1") == ("a",)
    assert variants_of(TWO_WAYS, "2026-09-25:mid-autumn") == ("a", "b", "c")
    assert arms_of(TWO_WAYS) == ("a", "b", "c")
    assert variants_of(literal_body(Content("早")), "once") == ("a",)
    with pytest.raises(SlotUnwritten):
        variants_of(TWO_WAYS, "d-9")
    with pytest.raises(BodyBroken):
        variants_of({"templates": 3}, "d-9")
    with pytest.raises(BodyBroken):
        arms_of({"templates": {}})


def test_a_manager_s_own_words_may_have_variants_with_pictures_of_their_own() -> None:
    picture = Content("看图", (Picture("b.png"),))
    body = {"contents": [Content("{{ shop }}").to_json(), picture.to_json()]}
    assert is_literal(body)
    assert arms_of(body) == variants_of(body, "once") == ("a", "b")
    assert content_of(body, "once", "一群") == Content("{{ shop }}")
    assert content_of(body, "once", "一群", variant="b") == picture
    to_people = {**body, "variables": {"shop": "暖群"}}
    assert content_of(to_people, "once", "小鱼", in_private=True).text == "暖群"


def test_what_is_said_of_a_slot_itself_goes_before_what_is_said_of_its_topic() -> None:
    slot = "2026-09-25:mid-autumn"
    body = {
        **template_body({"mid-autumn": "{{ gift }}", slot: "{{ gift }}！"}, {"gift": "礼"}, "zh"),
        "facts": {slot: {"gift": "月饼"}},
        "pictures": {"mid-autumn": [{"source": "moon.png", "caption": "月"}]},
        "buttons": {slot: [{"label": "想要", "says": "/wish 月饼"}]},
    }
    assert content_of(body, slot, "一群") == Content(
        "月饼！", (Picture("moon.png", "月"),), (Button("想要", "/wish 月饼"),)
    )
    assert content_of(body, "2025-10-06:mid-autumn", "一群") == Content(
        "礼", (Picture("moon.png", "月"),)
    )


def test_facts_of_a_slot_take_the_place_of_what_the_slot_tells() -> None:
    body = {**template_body({"d-2": "{{ days }}"}, {}, "zh"), "facts": {"d-2": {"days": "两"}}}
    assert content_of(body, "d-2", "一群").text == "两"


@pytest.mark.parametrize(
    "part",
    [
        {"facts": 3},
        {"pictures": {"d-2": ["a.png"]}},
        {"buttons": {"d-2": [{"says": "/me"}]}},
    ],
)
def test_a_broken_part_of_a_body_breaks_it(part: dict[str, Any]) -> None:
    with pytest.raises(BodyBroken):
        content_of({**TWO_WAYS, **part}, "d-2", "一群")


def test_other_words_leave_no_variants_and_nothing_that_was_let_pass() -> None:
    body = {
        "contents": [Content("一", (Picture("a.png"),)).to_json(), Content("二").to_json()],
        "overrides": ["superlative"],
    }
    after = reworded(body, "三")
    assert "overrides" not in after
    assert arms_of(after) == ("a",)
    assert content_of(after, "once", "一群") == Content("三", (Picture("a.png"),))
    assert arms_of(reworded(TWO_WAYS, "三")) == ("a",)
