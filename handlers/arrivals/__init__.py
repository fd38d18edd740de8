"""New arrivals: product feeds are read, judged, remembered, and what is new is announced once.

    watching   who looks when: every feed on its own, each host in peace
    looking    one look at a feed: its pages, fetched (`fetching`) and read (`formats`)
    judging    what of it is new, cheaper, or not to be believed: a pure decision
    taking     what was judged is written down
    announcing new products become a campaign, for the groups they fit (`fitting`)
    cheaper    who asked for a lower price is told in private
    telling    what the staff hear of feeds that break or lie

What is pushed to the door (`bot/arrivals_door.py`) is judged and taken the same way.
"""
