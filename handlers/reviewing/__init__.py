"""Looking back on a campaign, or on a whole year of a programme, once it is over.

`reading.py` gathers what was planned, what went out, what fans did and what they said; the values
are in `figures.py`. `advice.py` says by rules what to keep and what to change. `text.py` puts it
in words for a chat, `picture.py` and `page.py` make a picture and an HTML file of it. `telling.py`
tells the staff by itself, once. Orders will be one more metric of what fans did.
"""
