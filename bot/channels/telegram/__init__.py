"""Telegram through its Bot API, one bot account a channel; imported only when one is configured.

`channel.py` is the channel that the running bot holds. It says things through `rendering.py` (what
is said, as one method of the Bot API), `connection.py` (the calls) and `outcomes.py` (what an
answer means), and hears through `hearing.py`. Only this package knows aiogram.
"""
