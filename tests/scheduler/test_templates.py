from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.templates import (
    LONGEST_TEMPLATE,
    LONGEST_TEXT,
    TemplateBroken,
    TemplateFailed,
    TemplateForbidden,
    TextTooLong,
    VariableUnknown,
    check,
    render,
    variables_of,
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ shop }}祝大家{{ festival }}{{ greeting }}！", "小店祝大家端午节安康！"),
        ("还有{{ days }}天", "还有3天"),
        ("{% if days == 1 %}明天{% elif days > 1 %}{{ days }}天后{% endif %}", "3天后"),
        ("{% for p in products %}{{ loop.index }}.{{ p.name }} {% endfor %}", "1.面霜 2.精华"),
        ("省{{ price - coupon }}元", "省79.5元"),
        ("{{ slogan | default('慢慢来') }}", "慢慢来"),
        ("<b>{{ shop }}</b> & co", "<b>小店</b> & co"),
        ("\n  {{ shop }}\n", "小店"),
    ],
)
def test_a_template_is_filled_in(template: str, text: str) -> None:
    variables = {
        "shop": "小店",
        "festival": "端午节",
        "greeting": "安康",
        "days": 3,
        "products": [{"name": "面霜"}, {"name": "精华"}],
        "price": Decimal("99.5"),
        "coupon": 20,
    }
    assert render(template, **variables) == text


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ shp }}", "'shp' is undefined"),
        ("{{ shop.owner }}", "has no attribute 'owner'"),
        ("{% if coupon %}券{% endif %}", "'coupon' is undefined"),
        ("{{ range }}", "'range' is undefined"),
    ],
)
def test_an_unknown_variable_is_named_with_the_known_ones(template: str, reason: str) -> None:
    with pytest.raises(VariableUnknown, match=reason) as caught:
        render(template, shop="小店", days=3)
    assert "days, shop" in caught.value.advice


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("{{ shop", 1),
        ("好\n\n{{ a b }}", 3),
        ("好\n{% if a %}", 2),
        ("{{ a | }}", 1),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", 1),
    ],
)
def test_a_broken_template_is_told_by_its_line(template: str, line: int) -> None:
    with pytest.raises(TemplateBroken, match=f"in line {line}"):
        check(template)


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("{{ range(10) }}", "call"),
        ("{{ shop.format('x') }}", "call"),
        ("{{ 9 ** 9 ** 9 }}", "pow"),
        ("{{ '好' * 10 ** 9 }}", "mul"),
        ("{{ '%9999999s' % shop }}", "mod"),
        ("{{ shop | center(999999999) }}", "the filter 'center'"),
        ("{{ shop | attr('__class__') }}", "the filter 'attr'"),
        ("{{ a | replace('', a) }}", "the filter 'replace'"),
        ("{% set a = shop %}", "assign"),
        ("{% macro m() %}{{ m() }}{% endmacro %}", "macro"),
        ("{% include 'secrets' %}", "include"),
        ("{% import 'os' as os %}", "import"),
        ("{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}", "a loop within a loop"),
        ("{% for a in x %}{% else %}{% for b in x %}{% endfor %}{% endfor %}", "a loop within"),
        ("{% for a in x recursive %}{% endfor %}", "a loop within a loop"),
    ],
)
def test_a_template_that_could_run_on_or_reach_out_is_refused_unread(
    template: str, what: str
) -> None:
    started = time.perf_counter()
    with pytest.raises(TemplateForbidden) as caught:
        check(template)
    assert what in str(caught.value)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ shop.__class__ }}", "unsafe"),
        ("{{ shop.__class__.__mro__ }}", "unsafe"),
        ("{{ shop.upper }}", "cannot be part of a text"),
        ("{{ self }}", "cannot be part of a text"),
        ("{{ days + shop }}", "unsupported operand"),
        ("{% for a in days %}{% endfor %}", "not iterable"),
        ("{% if days is divisibleby(0) %}{% endif %}", "zero"),
        ("{{ shop | truncate(shop) }}", "not supported"),
    ],
)
def test_a_misused_variable_is_one_clear_error(template: str, reason: str) -> None:
    with pytest.raises(TemplateFailed, match=reason):
        render(template, shop="小店", days=3)


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("你好", set()),
        ("{{ shop }}{% if offer %}{{ offer }}{% endif %}", {"shop", "offer"}),
        ("{% for p in products %}{{ loop.index }}{{ p.name }}{% endfor %}", {"products"}),
        ("{{ slogan | default(fan) }}", {"slogan", "fan"}),
    ],
)
def test_the_variables_that_a_template_asks_for_are_known_before(
    template: str, names: set[str]
) -> None:
    assert variables_of(template) == names


def test_length_is_bounded_before_and_after() -> None:
    with pytest.raises(TextTooLong, match=f"template has more than {LONGEST_TEMPLATE}"):
        check("好" * (LONGEST_TEMPLATE + 1))
    loop = "{% for a in names %}{{ a }}{% endfor %}"
    assert len(render(loop, names=["好"] * LONGEST_TEXT)) == LONGEST_TEXT
    with pytest.raises(TextTooLong, match=f"text has more than {LONGEST_TEXT}"):
        render(loop, names=["好"] * (LONGEST_TEXT + 1))


@given(st.text(st.characters(exclude_characters="{#%", exclude_categories=["Cs"]), max_size=200))
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    hostile = "{{ shop }}{% for %}" + value
    assert render("{{ name }}", name=hostile, shop="小店") == hostile.strip()
