"""Floor 2: what the bot understands. It knows nothing of clocks and chat.

From one text upwards: `words` cuts it, `normalise` evens it out, `lexicon` knows what the words
mean, `clauses` puts both together, `opinions` and `demands` read the clauses, `understanding`
is the whole reading of one text. From many texts upwards: `terms` and `phrases` say what is talked
about, `days` tallies who said what, `keywords` finds what stands out, `report` is what a shop
reads. Over time: `trends` tells what grows and fades, `spikes` what suddenly is on everybody's
lips, `new_words` what no dictionary knows, `bundles` what belongs together, `people` who plays
which part; `chance` keeps all of them from taking an accident for news. `masking` keeps people out
of quotes, `authorship` tells fans' own words from what they pass on.
"""
