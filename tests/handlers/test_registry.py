"""From a text to a command: the one place that decides whether somebody asks for something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.arguments import Groups, Nickname, Number, Rest, Word
from handlers.commands import REGISTRY
from handlers.insight_arguments import PeriodWords, SegmentWord
from handlers.registry import Call, Misread, Registry, Unknown
from handlers.roles import Role
from handlers.wording import wording
from storage.segment_language.questions import Tagged

FAN, MANAGER = Role.FAN, Role.MANAGER


def call(text: str, role: Role = MANAGER) -> Call:
    """The call that a text is."""
    parsed = REGISTRY.parse(text, role)
    assert isinstance(parsed, Call), parsed
    return parsed


@pytest.mark.parametrize(
    "text",
    [
        "/tag @小鱼 敏感肌",
        "/TAG @小鱼 敏感肌",
        "／tag @小鱼 敏感肌",
        "/标签 @小鱼 敏感肌",
        "标签 @小鱼 敏感肌",
        "  标签\t@小鱼　敏感肌 ",
        "/tag@nuanqun_bot @小鱼 敏感肌",
        "/tag@NuanqunBot @小鱼 敏感肌",
        "/标签@小鱼 敏感肌",
        "/tag ＠小鱼 敏感肌",
        "/tag 小鱼 敏感肌",
        "/tag\n@小鱼\n敏感肌",
    ],
)
def test_a_command_is_called_in_many_ways(text: str) -> None:
    found = call(text)
    assert found.command.name == "tag"
    assert found.arguments == {"member": Nickname("小鱼"), "tag": Word("敏感肌")}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('/who @"小 鱼"', "小 鱼"),
        ("/who @“小 鱼”", "小 鱼"),
        ("/who @「小 鱼」", "小 鱼"),
        ("/who @{name}", "{name}"),
        ("/who @🐟🐟", "🐟🐟"),
        ("/who @阿雯_wen", "阿雯_wen"),
    ],
)
def test_names_may_hold_blanks_braces_and_emoji(text: str, name: str) -> None:
    assert call(text).arguments == {"member": Nickname(name)}


@pytest.mark.parametrize("role", [FAN, MANAGER])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "//",
        "/ help",
        "/::)",
        "/:,@-D",
        "/(ㄒoㄒ)/~~",
        "/1",
        "这个面霜好用吗",
        "1/2 的人说好用",
        "help",
        "tag @小鱼 敏感肌",
        "帮助我一下",
        "帮助 大家选一下",
        "恢复得挺好",
        "恢复 得挺好的",
        "计划明天去",
        "计划 明天去专柜看看",
        "取消了",
        "取消 关注了那家店",
        "确认一下地址",
        "确认 一下地址哦",
        "急停 什么意思",
        "标签上写的啥",
        "标签 上面 写着无酒精",
        "是谁 在群里",
        "退订 怎么弄",
        "记录 一下",
        "问候 一下大家",
        "倒计时 开始啦",
        "撤回 了什么",
        "暂停 一下",
        "预览 图在哪",
        "进度 怎么样了",
        "修改 收货地址可以吗",
        "批准 了吗",
        "退回 运费谁出",
        "核实 一下地址",
        "存疑 的先放着",
        "时区 不一样",
        "待批 的有吗",
    ],
)
def test_talk_is_no_command(text: str, role: Role) -> None:
    assert REGISTRY.parse(text, role) is None


@pytest.mark.parametrize("text", ["标签 @小鱼 敏感肌", "取消 12", "恢复", "急停", "计划", "标签"])
def test_a_fan_who_begins_with_a_managers_word_is_just_talking(text: str) -> None:
    assert REGISTRY.parse(text, FAN) is None


@pytest.mark.parametrize("role", [FAN, MANAGER])
@pytest.mark.parametrize("text", ["/", " ／ "])
def test_a_slash_alone_asks_what_there_is(text: str, role: Role) -> None:
    assert REGISTRY.parse(text, role) == Unknown("", None)


@pytest.mark.parametrize("role", [FAN, MANAGER])
@pytest.mark.parametrize(
    "text", ["/coupon", "/redeem AAAA", "/optuot", "/otpin", "/recrd", "/norecor", "/不记", "/订"]
)
def test_how_somebody_is_treated_is_never_a_guess(text: str, role: Role) -> None:
    read = REGISTRY.parse(text, role)
    assert not isinstance(read, Unknown) or read.nearest is None or read.nearest.guessed
    treats = {one.name for one in REGISTRY if not one.guessed}
    assert treats == {"optin", "optout", "record", "norecord"}


@pytest.mark.parametrize("text", ["/halt", "/halt now", "/急停！", "急停", "急停！！", "急停。"])
def test_the_emergency_stop_is_understood_in_a_hurry(text: str) -> None:
    parsed = REGISTRY.parse(text, MANAGER)
    assert isinstance(parsed, Call)
    assert parsed.command.urgent


@pytest.mark.parametrize(
    "text",
    [
        "恢复",
        "急停",
        "计划",
        "计划 7",
        "标签表",
        "确认",
        "取消 #12",
        "暂停 12",
        "恢复 12",
        "记录",
        "待批",
    ],
)
def test_a_managers_bare_word_that_makes_sense_is_a_command(text: str) -> None:
    assert isinstance(REGISTRY.parse(text, MANAGER), Call)


@pytest.mark.parametrize("text", ["帮助", "我的信息", "退订", "订阅", "不记录", "恢复记录"])
def test_a_fans_word_alone_is_a_command(text: str) -> None:
    assert isinstance(REGISTRY.parse(text, FAN), Call)


@pytest.mark.parametrize(
    "text",
    [
        "/insights 本周 @一群 tag:老客",
        "/insights @一群 本周 tag:老客",
        "/insights tag:老客 @一群 本周",
        "洞察 标签:老客 本周 @一群",
    ],
)
def test_what_may_be_left_out_stands_in_any_order(text: str) -> None:
    parsed = REGISTRY.parse(text, MANAGER)
    assert isinstance(parsed, Call), parsed
    assert parsed.arguments == {
        "period": PeriodWords.read("本周")[0],
        "groups": Groups.read("@一群")[0],
        "segment": SegmentWord.asking(Tagged(("老客",))),
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/tag", "还没说是哪一位"),
        ("/tag @小鱼", "还少一个词"),
        ("标签 @小鱼", "还少一个词"),
        ("标签", "还没说是哪一位"),
        ("取消", "编号要写成数字"),
        ("/tag @小鱼 " + "长" * 31, "这个词太长了，最多 30 个字"),
        ("/cancel 十二", "编号要写成数字"),
        ("/cancel 12 13", "后面多写了几个字"),
        ("/optin 现在", "后面多写了几个字"),
        ("/plan 0", "天数要在 1 到 366 之间"),
        ("/plan 367", "天数要在 1 到 366 之间"),
        ("/insights 明天", "时间要写成 7、本周、上月 或 10-01..10-07"),
        ("/insights 367", "天数要在 1 到 366 之间"),
        ("/quotes 气味 讨压", "时间要写成 7、本周、上月 或 10-01..10-07"),
        ("/watch 补水", "要写成“词 = 标签”"),
        ("/watch = 兴趣", "要写成“词 = 标签”"),
        ("/countdown 明天 @一群", "日子要写成 双11、12-12 或 2026-12-12"),
        ("/countdown 1999-12-12 @一群", "日子要写成 双11、12-12 或 2026-12-12"),
        ("/greet 泼水节 @一群", "日历里没有这个节日"),
        ("/grouptag 福利群", "还没说发到哪些群"),
    ],
)
def test_what_is_missing_or_wrong_is_named(text: str, sentence: str) -> None:
    parsed = REGISTRY.parse(text, MANAGER)
    assert isinstance(parsed, Misread), parsed
    assert parsed.sentence == sentence


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted", "body"),
    [
        ("@福利群 -二群 今晚", ("福利群",), ("二群",), "今晚"),
        ("＠福利群 －二群 今晚", ("福利群",), ("二群",), "今晚"),
        ("@一群 @二群\n今晚", ("一群", "二群"), (), "今晚"),
        ('@"一 群" 今晚', ("一 群",), (), "今晚"),
        ("@所有群 -二群 今晚", (), ("二群",), "今晚"),
        ("@all tonight", (), (), "tonight"),
        ("-二群 今晚", (), ("二群",), "今晚"),
        ("@一群\n-20度也不怕", ("一群",), (), "-20度也不怕"),
        ("@一群\n@所有人 看过来", ("一群",), (), "@所有人 看过来"),
        ("@一群 - 保湿\n- 防晒", ("一群",), (), "- 保湿\n- 防晒"),
        ("@一群 今晚\n八点", ("一群",), (), "今晚\n八点"),
    ],
)
def test_a_choice_of_groups_ends_where_the_text_begins(
    text: str, wanted: tuple[str, ...], unwanted: tuple[str, ...], body: str
) -> None:
    arguments = call(f"/broadcast {text}").arguments
    groups, rest = arguments["groups"], arguments["text"]
    assert isinstance(groups, Groups)
    assert groups.audience is not None
    assert (groups.audience.wanted, groups.audience.unwanted) == (wanted, unwanted)
    assert rest == Rest(body)


@pytest.mark.parametrize(
    ("text", "added"), [("@上次", ""), ("@last", ""), ("@上次 -二群", "-二群")]
)
def test_the_last_choice_may_be_changed_a_little(text: str, added: str) -> None:
    assert call(f"/broadcast {text} 今晚").arguments["groups"] == Groups(added, None)


@given(st.lists(st.text(alphabet="ab 群二", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_a_choice_of_groups_reads_back_as_it_was_written(names: list[str]) -> None:
    written = " ".join(f'@"{name}"' for name in names)
    read, rest = Groups.read(written)
    again, _ = Groups.read(read.written)
    assert (again.audience, rest) == (read.audience, "")


@pytest.mark.parametrize("text", ["/cancel 12", "/cancel #12", "/cancel ＃12", "取消 12"])
def test_a_number_is_written_as_the_bot_shows_it(text: str) -> None:
    assert call(text).arguments == {"number": Number(12)}


MANAGERS_COMMANDS = [one for one in REGISTRY if one.role is MANAGER]


@pytest.mark.parametrize("word", [w for one in MANAGERS_COMMANDS for w in (one.name, one.alias)])
def test_a_fan_cannot_tell_a_managers_command_from_one_that_does_not_exist(word: str) -> None:
    """The nearest command that is offered is a fan's, whatever was asked."""
    parsed = REGISTRY.parse(f"/{word} @小鱼", FAN)
    assert isinstance(parsed, Unknown)
    assert parsed.nearest is None or parsed.nearest.role is FAN


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_example_can_be_sent_as_it_is(language: str) -> None:
    say = wording(language)
    for one in REGISTRY:
        assert call(say(one.example)).command is one


def test_every_usage_names_all_arguments() -> None:
    for one in REGISTRY:
        usage = one.usage(wording("zh"))
        assert usage.startswith(f"/{one.name}")
        assert all(parameter.kind.label in usage for parameter in one.parameters)


@pytest.mark.parametrize(
    ("text", "role", "insists"),
    [
        ("/me", Role.FAN, True),
        ("／群发 @一群 来", Role.MANAGER, True),
        ("/无此命令", Role.FAN, True),
        ("急停！！", Role.MANAGER, True),
        ("急停", Role.FAN, False),
        ("群发 @一群 来", Role.MANAGER, False),
        ("计划", Role.MANAGER, False),
        ("今晚8点", Role.MANAGER, False),
        ("", Role.MANAGER, False),
    ],
)
def test_a_slash_or_the_emergency_stop_is_obeyed_also_while_a_form_waits_for_words(
    text: str, role: Role, *, insists: bool
) -> None:
    assert REGISTRY.insists(text, role) is insists


def test_two_commands_cannot_share_a_word() -> None:
    registry = Registry()
    run = next(iter(REGISTRY)).run
    registry.command("one", "一", FAN, "", "/one")(run)
    with pytest.raises(ValueError, match="'一' is taken"):
        registry.command("two", "一", FAN, "", "/two")(run)
    assert [one.name for one in registry] == ["one"]


words = st.sampled_from([word for one in REGISTRY for word in (one.name, one.alias)])
texts = st.text() | st.builds("{}{}{}".format, st.sampled_from(["/", "／", ""]), words, st.text())


@given(texts, st.sampled_from(Role))
def test_no_text_breaks_the_parser(text: str, role: Role) -> None:
    parsed = REGISTRY.parse(text, role)
    if isinstance(parsed, Call | Misread):
        assert role >= parsed.command.role
    if isinstance(parsed, Call):
        required = {one.name for one in parsed.command.parameters if not one.optional}
        assert required <= parsed.arguments.keys()


@given(st.from_regex(r"[/／][^\W\d_]", fullmatch=True), st.text(), st.sampled_from(Role))
def test_a_slash_and_a_letter_are_always_answered(opening: str, rest: str, role: Role) -> None:
    assert REGISTRY.parse(opening + rest, role) is not None
