"""How fast a channel is written to."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from alerts.pacing import BURST, EDIT_BURST, EDIT_SECONDS, SECONDS, Kind, Pace

KINDS = st.sampled_from(["root", "reply", "update"])


def send_all(pace: Pace, wanted: list[tuple[float, Kind]]) -> list[tuple[float, Kind]]:
    """Send each as soon as it may go: (earliest moment, kind) to (moment, kind)."""
    now, sent = 0.0, []
    for earliest, kind in wanted:
        now = max(now, earliest)
        now += pace.wait(kind, now)
        pace.took(kind, now)
        sent.append((now, kind))
    return sent


@given(st.lists(st.tuples(st.floats(0, 20), KINDS), max_size=60))
def test_no_minute_holds_more_than_a_message_a_second_and_a_small_burst(
    wanted: list[tuple[float, Kind]],
) -> None:
    sent = send_all(Pace(), wanted)
    for index, (begin, _) in enumerate(sent):
        within = [at for at, _ in sent[index:] if at < begin + 60]
        assert len(within) <= 60 / SECONDS + BURST
        edits = [at for at, kind in sent[index:] if at < begin + 60 and kind == "update"]
        assert len(edits) <= 60 / EDIT_SECONDS + EDIT_BURST


@given(st.lists(KINDS, min_size=2, max_size=40), st.floats(0, 100))
def test_after_trouble_no_two_messages_are_less_than_a_second_apart(kinds: list[Kind], calm: float) -> None:
    pace = Pace()
    pace.calm(calm)
    moments = [at for at, _ in send_all(pace, [(calm, kind) for kind in kinds])]
    assert all(later - earlier >= SECONDS - 1e-6 for earlier, later in itertools.pairwise(moments))


@given(st.integers(1, 100))
def test_a_root_never_waits_behind_edits(edits: int) -> None:
    pace = Pace()
    sent = send_all(pace, [(0.0, "update")] * edits)
    assert pace.wait("root", sent[-1][0]) < 1e-6


def test_what_slack_asks_to_wait_holds_its_own_method_only() -> None:
    pace = Pace()
    pace.hold("reply", 17.0, now=0.0)
    assert [pace.wait(kind, 0.0) for kind in ("root", "reply", "update")] == [17.0, 17.0, 0.0]
    pace = Pace()
    pace.hold("update", 9.0, now=0.0)
    pace.hold("update", 3.0, now=1.0)
    assert [pace.wait(kind, 1.0) for kind in ("root", "reply", "update")] == [0.0, 0.0, 8.0]
