"""Words that managers teach the bot: what they count as, and which of them are words at all."""

from __future__ import annotations

from handlers.arguments import PageNumber, quoted
from handlers.correcting import Corrected, Unteachable, decide, take_back, teach
from handlers.desk import Asked, Desk
from handlers.paging import page_of, page_reply
from handlers.registry import command
from handlers.replies import Replies, reply
from handlers.roles import Role
from handlers.staff import name_of
from handlers.word_arguments import COUNTS_AS, AspectWord, Teaching, WholeWord
from handlers.word_finding import word_buttons
from insights.lexicon import Taught
from scheduler.content import Button
from storage.taught_opinions import all_taught
from storage.word_proposals import Decision, decided_words, waiting_words

_WORDS = 6  # on a page: two buttons stand below for each

_UNTEACHABLE = {
    Unteachable.STEERS: "「{word}」只是句子里的虚词，教了会读错别的话。",
    Unteachable.PRODUCT: (
        "「{thing}」是商品，不是方面。方面是气味、质地、价格这样的；不写方面就是说什么都算。"
    ),
    Unteachable.NO_ASPECT: (
        "「{thing}」不是方面。方面是气味、质地、价格这样的；要教一整个词，中间不要空格。"
    ),
    Unteachable.NAMES: "「{word}」是商品或方面的名字，提到它不算看法。请教评价它的词。",
}


@command("opinion", "观点", Role.MANAGER, "教我一个词算什么看法", "/opinion 气味 刺鼻 = 讨厌")
async def opinion(desk: Desk, asked: Asked, teaching: Teaching) -> Replies:
    """Let a word count as liked, disliked, minded, cared for or nothing, from now on and before."""
    done = await teach(desk, asked.actor, teaching.said, teaching.taught)
    if isinstance(done, Unteachable):
        text = desk.say(_UNTEACHABLE[done], word=teaching.said.word, thing=teaching.said.aspect)
    else:
        back = Button(desk.say("收回"), f"/unopinion {done.said.written}")
        text = "\n".join(_corrected(desk, done))
        yield reply(text, back, Button(desk.say("看教过的"), "/opinions"), private=True)
        return
    yield reply(text, private=True)


def _corrected(desk: Desk, done: Corrected) -> list[str]:
    """What a word counts as now, what it counted as, and what comes of it."""
    say, counts_as = desk.say, desk.say(COUNTS_AS[done.taught])
    aspect, word = done.said.aspect, done.said.word
    if done.before is done.taught:
        return [
            say(
                "本来就是这么教的：{what}= {stance}。",
                what=_what(desk, done.said),
                stance=counts_as,
            )
        ]
    if aspect:
        lines = [
            say("好的，{aspect}「{word}」= {stance}。", aspect=aspect, word=word, stance=counts_as)
        ]
    else:
        lines = [say("好的，「{word}」= {stance}，不管说什么。", word=word, stance=counts_as)]
    if done.before is not None:
        lines.append(say("原来教的是 {stance}。", stance=say(COUNTS_AS[done.before])))
    if done.new_aspect:
        lines.append(say("「{aspect}」这个方面我以前不认识，也记住了。", aspect=aspect))
    return [*lines, _from_now_on(desk, done.days)]


def _what(desk: Desk, said: AspectWord) -> str:
    """A word as a list of what was taught shows it."""
    word = desk.say("「{word}」", word=said.word)
    return f"{said.aspect}{word}" if said.aspect else word


def _from_now_on(desk: Desk, days: int) -> str:
    """That it holds at once, and that past days will be read again."""
    if days:
        return desk.say("马上生效；以前的 {days} 天正在重读，进度看 /insights。", days=days)
    return desk.say("马上生效。")


@command(
    "unopinion", "收回观点", Role.MANAGER, "收回教过的看法", "/unopinion 气味 刺鼻", in_menu=False
)
async def unopinion(desk: Desk, asked: Asked, said: AspectWord) -> Replies:
    """Let a word count as it did before it was taught."""
    days = await take_back(desk, asked.actor, said)
    if days is None:
        none = desk.say("没有教过{what}。发 /opinions 看教过的。", what=_what(desk, said))
        yield reply(none, private=True)
        return
    done = desk.say("好的，{what}不再按教的算。", what=_what(desk, said))
    yield reply("\n".join([done, _from_now_on(desk, days)]), private=True)


@command("opinions", "观点表", Role.MANAGER, "看教过的看法", "/opinions")
async def opinions(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    page: PageNumber | None = None,
) -> Replies:
    """What managers taught of words, by aspect."""
    async with desk.database.reading() as connection:
        taught = await all_taught(connection, desk.shop_id)
        part = page_of(taught, page)
        rows = [
            desk.say(
                "{what}= {stance}（{who} {time}）",
                what=_what(desk, AspectWord(one.aspect, one.word)),
                stance=desk.say(COUNTS_AS[Taught(one.stance)]),
                who=await name_of(desk, connection, one.set_by),
                time=desk.show_time(one.set_at),
            )
            for one in part.rows
        ]
    lines = [
        desk.say("教过 {count} 个看法：", count=len(taught)),
        *rows,
        desk.say("要收回，发 {example}", example=desk.say("/unopinion 气味 刺鼻")),
    ]
    empty = desk.say(
        "还没有教过。我读错了就教我，例如：{example}", example=desk.say("/opinion 气味 刺鼻 = 讨厌")
    )
    yield page_reply(desk, part, lines, opening="/opinions", empty=empty, wanted=page)


@command("words", "生词", Role.MANAGER, "看粉丝常说的生词，和学过的词", "/words")
async def words(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    page: PageNumber | None = None,
) -> Replies:
    """The words that wait for a manager's yes or no, and those that were learnt."""
    async with desk.database.reading() as connection:
        waiting = await waiting_words(connection, desk.shop_id)
        learnt = await decided_words(connection, desk.shop_id, Decision.LEARNT)
        part = page_of([*waiting, *learnt], page, _WORDS)
        rows = []
        for one in part.rows:
            if one.decided_by is None or one.decided_at is None:
                rows.append(
                    desk.say(
                        "「{word}」{speakers} 位说了 {mentions} 次，学吗？",
                        word=one.word,
                        speakers=one.speakers,
                        mentions=one.mentions,
                    )
                )
            else:
                who = await name_of(desk, connection, one.decided_by)
                rows.append(
                    desk.say(
                        "「{word}」学过了（{who} {time}）",
                        word=one.word,
                        who=who,
                        time=desk.show_time(one.decided_at),
                    )
                )
    title = desk.say(
        "生词：{waiting} 个等你定，{learnt} 个学过了。", waiting=len(waiting), learnt=len(learnt)
    )
    empty = desk.say(
        "还没有生词。每天夜里找一次；也可以自己教：{example}", example=desk.say("/learn 云絮霜")
    )
    buttons = word_buttons(desk, [one.word for one in part.rows if one.decided is None])
    yield page_reply(
        desk, part, [title, *rows], *buttons, opening="/words", empty=empty, wanted=page
    )


@command("learn", "学词", Role.MANAGER, "让我把一个词当整词看", "/learn 云絮霜")
async def learn(desk: Desk, asked: Asked, word: WholeWord) -> Replies:
    """Keep a word whole from now on, and in past days."""
    days = await decide(desk, asked.actor, word.text, Decision.LEARNT)
    if days is None:
        yield reply(desk.say("「{word}」已经学过了。", word=word.text), private=True)
        return
    done = desk.say("学会了「{word}」，以后当一个词看。", word=word.text)
    back = Button(desk.say("不学了"), f"/unlearn {quoted(word.text)}")
    yield reply("\n".join([done, _from_now_on(desk, days)]), back, private=True)


@command(
    "unlearn", "不学词", Role.MANAGER, "不学一个词，以后也不再提", "/unlearn 绝绝子", in_menu=False
)
async def unlearn(desk: Desk, asked: Asked, word: WholeWord) -> Replies:
    """Refuse a word, or let go of one that was learnt."""
    days = await decide(desk, asked.actor, word.text, Decision.REFUSED)
    if word.text in desk.vocabulary.whole_words:
        text = desk.say("「{word}」写在配置里，改了配置我才不当一个词看。", word=word.text)
    elif days is None:
        text = desk.say("「{word}」本来就不学。", word=word.text)
    else:
        text = desk.say("好的，不学「{word}」，也不再提它。", word=word.text)
    yield reply(text, private=True)
