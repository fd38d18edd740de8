"""The segment language: `tag:敏感肌 and last_active < 30d`, read, written and compiled to SQL.

`grammar.lark` is the language, `questions.py` what is asked, `reading.py` (with `parsing.py`) and
`writing.py` go from text to a question and back, and `compiling.py` makes it a condition of SQL.
What is wrong with a text is a value of `trouble.py`, with one of the `examples.py` that is right.
Everybody else uses `storage/segments.py`.
"""
