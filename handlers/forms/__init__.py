"""Forms that a manager fills in by chat, a step at a time.

`filling.py` leads from step to step; `draft.py` is how far a form has got, and keeps it in
storage. `steps.py` is the table of the steps, `choices.py` what they offer, `answers.py` how an
answer is read, with `moments.py` for a time as people say it; `moves.py` are 返回 and its like.
`ending.py` makes of the answers the proposal that a command would have made. `listening.py` tells
which messages are answers.
"""
