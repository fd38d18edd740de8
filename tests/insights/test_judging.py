"""Which way a judging word goes in its clause: negation, comparison, rhetoric and irony."""

from __future__ import annotations

import pytest

from insights.clauses import read_clauses
from insights.judging import read_judgements
from insights.lexicon import Lexicon
from insights.opinions import Stance
from insights.words import Segmenter
from tests.insights.conftest import Read


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        # negation
        ("好用", {"好用": 1}),
        ("不好用", {"不好用": -1}),
        ("没有不好", {"没有不好": 1}),
        ("不显白", {"不显白": -1}),  # jieba joins 不显
        ("不好闻", {"不好闻": -1}),  # 不好 is a word too, and not meant
        # comparison
        ("比隔壁家的香多了", {"香": 1}),
        ("比旧版更刺鼻", {"刺鼻": -1}),
        ("不如老款滋润", {"不如老款滋润": -1}),
        ("远不如老款", {"远不如": -1}),
        ("没有老款滋润", {"没有老款滋润": -1}),
        ("不如这个", {"不如这个": 1}),
        ("老款比这个好用", {"比这个好用": -1}),
        ("还是老款好用", {"老款好用": -1}),
        ("隔壁家的更香", {"隔壁家的更香": -1}),
        ("隔壁家的也香", {"香": 1}),
        ("跟图片差太多", {"差太多": -1}),
        ("两个差太多", {}),  # of two things, and of no promise
        ("跟老款差不多", {}),
        # questions that mean their opposite
        ("谁说不好用", {"谁说不好用": 1}),
        ("谁说好用", {"谁说好用": -1}),
        ("难道不好闻吗", {"难道不好闻": 1}),
        ("这也叫清爽？", {"也叫清爽": -1}),
        ("也好意思说实惠", {"也好意思说实惠": -1}),
        ("一百块就这？", {"就这？": -1}),
        # irony
        ("真是“实惠”极了", {"实惠": -1}),
        ("“好用”", {"好用": 1}),  # quoted, and not laid on
        ("真是“难用”", {"难用": -1}),
    ],
)
def test_a_word_goes_the_way_that_its_clause_gives_it(
    text: str, judged: dict[str, int], lexicon: Lexicon, segmenter: Segmenter
) -> None:
    found = [
        one
        for clause in read_clauses(text, segmenter.tag(text), lexicon)
        for one in read_judgements(text, clause)
    ]
    assert {text[one.start : one.mark.end]: one.polarity for one in found} == judged


def test_praise_beside_a_mark_of_irony_is_meant_badly(
    lexicon: Lexicon, segmenter: Segmenter
) -> None:
    text = "包装真严实，难闻"
    first, second = read_clauses(text, segmenter.tag(text), lexicon)
    assert [one.polarity for one in read_judgements(text, first, ironic=True)] == [-1]
    assert [one.polarity for one in read_judgements(text, second, ironic=True)] == [-1]


@pytest.mark.parametrize(
    ("text", "aspect", "stance"),
    [
        ("呵呵，客服真热情", "服务", Stance.DISLIKE),
        ("说好的赠品呢", "活动", Stance.DISLIKE),
        ("怎么又缺货了", "库存", Stance.DISLIKE),
        ("怎么老不发货", "物流", Stance.DISLIKE),
        ("要是瓶身再大点就完美了", "包装", Stance.MIND),
        ("味道跟老款差不多", "气味", Stance.CARE),
        ("味道大不大", "气味", Stance.CARE),
        ("瓶盖坏了能退吗", "包装", Stance.DISLIKE),
        ("不合适能退吗", "整体", None),
    ],
)
def test_the_stance_follows_what_is_meant(
    text: str, aspect: str, stance: Stance | None, read: Read
) -> None:
    found = {opinion.aspect: opinion.stance for opinion in read(text).opinions}
    assert found.get(aspect) == stance


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("绝绝子", 1),
        ("yyds", 1),
        ("已经回购三次了", 1),
        ("被种草了", 0),
        ("又种草了一个新色号", 1),
        ("拔草了", -1),
        ("大踩雷", -1),
        ("智商税", -1),
        ("翻车了", -1),
        ("栓Q", -1),
        ("emo了", -1),
        ("👎", -1),
        ("🥰", 1),
    ],
)
def test_slang_and_emoji_have_their_feeling(text: str, sign: int, read: Read) -> None:
    sentiment = read(text).sentiment
    assert (sentiment > 0) - (sentiment < 0) == sign
