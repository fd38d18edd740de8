"""The first words of a campaign that an insight suggests: warm, true as they stand, to be edited.

They promise nothing that the shop has not said, and never tell a fan what was noted of them: to be
thanked for what one spoke of is pleasant, to be counted is not.
"""

from __future__ import annotations

from collections.abc import Mapping

from handlers.insight_arguments import About
from handlers.wording import Say
from insights.bundles import Bundle
from insights.lexicon import DemandKind
from insights.opinions import Stance

_BY_STANCE: Mapping[Stance, str] = {
    Stance.DISLIKE: (
        "{fan}，谢谢你在群里说起{thing}。用着怎么样？哪里好、哪里不好、希望怎么改，"
        "都想听你说说，直接回我就行。{shop}"
    ),
    Stance.MIND: (
        "{fan}，关于{thing}，有什么放心不下的，直接问我就好，能说清楚的都给你说清楚，"
        "不合适也会老实告诉你。{shop}"
    ),
    Stance.LIKE: (
        "{fan}，谢谢你在群里说起{thing}！你是怎么用、怎么搭的？愿意的话说给我听听，"
        "也欢迎在群里讲讲。{shop}"
    ),
    Stance.CARE: ("{fan}，你关心的{thing}，想先了解哪一点？直接回我就好，我来给你讲。{shop}"),
}
_BY_DEMAND: Mapping[DemandKind, str] = {
    DemandKind.RESTOCK: (
        "{fan}，你问起的{thing}，还在等补货吗？想要哪一款、要几件，直接回我。{shop}"
    ),
    DemandKind.NEW_PRODUCT: (
        "{fan}，你说起过想要{thing}，最想要什么样的？直接回我，说得越细越好。{shop}"
    ),
    DemandKind.PRICE: (
        "{fan}，你问起{thing}的价格，是想自己用还是囤一些？心里什么价位合适，说给我听听。{shop}"
    ),
    DemandKind.USAGE: "{fan}，{thing}怎么用，直接问我就好，我一步一步讲给你听。{shop}",
    DemandKind.DELIVERY: "{fan}，{thing}的快递有什么要问的，直接回我，把情况说给我听。{shop}",
    DemandKind.AFTER_SALE: (
        "{fan}，你问起{thing}的售后，现在怎么样了？把情况告诉我，我先听你说。{shop}"
    ),
    DemandKind.GROUP_BUY: "{fan}，你问起的{thing}，要是开团你想参加吗？想要几件，直接回我。{shop}",
}
_OTHERWISE = "{fan}，谢谢你在群里说起{thing}。想了解什么、有什么想法，直接回我就好。{shop}"

_BUNDLE = (
    "聊到{others}的朋友，常常也会聊到{adds}。一起用过的来说说感受？"
    "还没试过、想知道怎么搭的，直接在群里问。"
)


def words_to_fans(say: Say, about: About) -> str:
    """A first text to those who spoke about a thing: a template that calls each by name."""
    sentence = _OTHERWISE
    if about.stance is not None:
        sentence = _BY_STANCE[about.stance]
    elif about.kind is not None:
        sentence = _BY_DEMAND[about.kind]
    thing = about.thing or say("东西")
    return say(sentence, fan="{{ fan }}", thing=thing, shop="——{{ shop }}")


def words_about(say: Say, bundle: Bundle) -> str:
    """A first post to groups about products that belong together, word for word."""
    return say(_BUNDLE, others=say("和").join(bundle.others), adds=bundle.adds)
