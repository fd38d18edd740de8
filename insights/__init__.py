"""Floor 2: what the bot understands. It knows nothing of clocks and chat.

From one text upwards: `words` cuts it, `normalise` evens it out, `lexicon` knows what the words
mean, `clauses` puts both together, `opinions` and `demands` read the clauses, `understanding`
is the whole reading of one text. From many texts upwards: `days` tallies who said what,
`keywords` finds what stands out, `report` is what a shop reads. `masking` keeps people out of
quotes, `authorship` tells fans' own words from what they pass on.
"""
