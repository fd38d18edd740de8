"""Pictures that the bot draws: the demand report at a glance, sized for a phone.

`picture.py` is the way in: it says in words what is to be seen (`sheet.py`, plain values) and has a
process of its own draw it (`drawing.py` starts and ends it, `drawing_process.py` is what it runs),
so that the bot never imports matplotlib. In that process `page.py` is the paper, and `quadrants.py`
and `trend_lines.py` are what is drawn on it. `fonts.py` finds a font with Chinese characters.
"""
