"""Pictures that the bot draws, sized for a phone: the demand report at a glance, and countdowns.

`picture.py` and `countdown.py` are the ways in: they say in words what is to be seen (`sheet.py`,
plain values) and have a process of its own draw it (`drawing.py` starts and ends it,
`drawing_process.py` is what it runs), so that the bot never imports matplotlib. In that process
`page.py` is the paper; `quadrants.py` and `trend_lines.py` are what is drawn of a report, and
`countdown_page.py` is a countdown's. `brand.py` works out what can be read on the shop's colour,
and `fonts.py` finds a font with Chinese characters.
"""
