"""The page that says what would have alerted: figures kept during a replay, and what is drawn from them.

`figures` and `other_knobs` watch the replay; `course`, `weeks` and `slow_changes` are pure arithmetic over what they
kept; `chart`, `incident`, `sections` and `page` make HTML of it, in the words of `words` and `german`.
"""
