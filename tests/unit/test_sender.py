"""What is due reaches the channel once, in its last state, at the pace Slack takes, whatever goes wrong."""

from __future__ import annotations

import itertools
import random

import pytest
from memory_slack import Office, at
from told_channel import spike

from alerts.delivery import DeliveryError
from alerts.records import Spike

OUTAGE = DeliveryError("Slack failed on its side (http_503)", code="http_503", ambiguous=True)
ARCHIVED = DeliveryError("channel C1 is archived", code="is_archived", permanent=True)
DROPPED = DeliveryError("Slack gave no answer", code="disconnected", ambiguous=True)
LATE = DeliveryError("Slack gave no answer", code="late", ambiguous=True)
BAD_LAYOUT = DeliveryError("Slack refused the message as too long", permanent=True, message_only=True)


def ids(office: Office) -> list[str]:
    """The incidents whose root messages stand, in order."""
    return [one["metadata"]["event_payload"]["incident_id"] for one in office.slack.roots()]


def in_last_state(office: Office) -> bool:
    """Whether each incident has one root message and it shows the last revision."""
    shown = sorted(
        (one["metadata"]["event_payload"]["incident_id"], one["metadata"]["event_payload"]["revision"])
        for one in office.slack.roots()
    )
    return shown == sorted((one.incident_id, one.incident.revision) for one in office.board.entries.values())


def spikes(count: int, first: int = 0) -> list[Spike]:
    """So many spikes, each of a reason of its own, one a minute."""
    return [
        spike("raised", 14, reason=f"matter {number:03}", onset=at(number))
        for number in range(first, first + count)
    ]


@pytest.mark.parametrize("known_before", [0, 20])
async def test_after_an_hour_without_slack_each_of_forty_incidents_is_told_once_in_its_last_state(
    known_before: int,
) -> None:
    office, rng = Office(), random.Random(5)
    raised = spikes(40)
    await office.hear(*raised[:known_before])
    await office.run(120)
    assert len(office.slack.roots()) == known_before
    office.slack.fault = lambda _: OUTAGE
    begun, told_before = office.clock.now, len(office.slack.calls)
    waiting = raised[known_before:]
    size = {one.contact_reason: 14 for one in raised}
    updates = 0
    for step in range(360):
        if waiting and step % 6 == 0:
            await office.hear(waiting.pop(0))
        heard = raised[: 40 - len(waiting)]
        if heard and updates < 300:
            one = rng.choice(heard)
            size[one.contact_reason] += rng.randint(1, 9)
            state = "cleared" if updates > 250 and rng.random() < 0.3 else "grown"
            seen = size[one.contact_reason]
            minutes = 10 + step
            await office.hear(spike(state, seen, minutes, reason=one.contact_reason, onset=one.onset))
            updates += 1
        await office.run(10)
    assert (updates, len(waiting)) == (300, 0)
    assert office.clock.now - begun >= 3600
    assert len(office.slack.calls) == told_before
    tries = [later for later, _ in office.slack.tries if later > begun]
    assert max(later - earlier for earlier, later in itertools.pairwise(tries)) <= 31
    office.slack.fault = lambda _: None
    await office.run(300)
    posted = [ts for _, method, ts in office.slack.calls if method == "post"]
    assert len(posted) == len(set(ids(office))) == 40
    ages = {key: one.incident.opened_at for key, one in office.board.entries.items()}
    assert [ages[one] for one in ids(office)] == sorted(ages.values())
    assert in_last_state(office)
    after = [one for one in office.slack.calls if one[0] > begun]
    assert min(later[0] - earlier[0] for earlier, later in itertools.pairwise(after)) > 0.999
    kinds = [method for _, method, _ in after]
    assert kinds == sorted(kinds, key=["post", "reply", "update"].index)
    assert office.metrics.outbox_depth._value.get() == 0


@pytest.mark.parametrize("lost", [DROPPED, LATE])
@pytest.mark.parametrize("method", ["post", "reply", "update"])
async def test_a_lost_answer_neither_doubles_nor_loses_a_message(method: str, lost: DeliveryError) -> None:
    office = Office()
    left = [2]

    def lose(called: str) -> DeliveryError | None:
        if called == method and left[0]:
            left[0] -= 1
            return lost
        return None

    office.slack.lost = lose
    await office.hear(spike("raised", 14))
    await office.run(30)
    await office.hear(spike("grown", 40, 20))
    await office.run(5)
    await office.hear(spike("cleared", 50, 40))
    await office.run(200)
    assert left[0] < 2
    assert in_last_state(office)
    assert len(office.slack.replies()) == 2


@pytest.mark.parametrize("method", ["post", "reply", "update"])
async def test_a_crash_between_slack_and_the_log_neither_doubles_nor_loses_a_message(method: str) -> None:
    office = Office()

    class Crash(Exception): ...

    def crash(called: str) -> None:
        if called == method:
            raise Crash

    await office.hear(spike("raised", 14))
    if method != "post":
        await office.run(10)
    await office.hear(spike("grown", 40, 20))
    # The call is carried out and the process dies before it hears of it.
    office.slack.lost = crash
    with pytest.raises(Crash):
        await office.run(10)
    office.slack.lost = lambda _: None
    office.begin_anew()
    await office.run(100)
    assert in_last_state(office)
    assert len(office.slack.replies()) == (0 if method == "post" else 1)


async def test_a_twin_that_another_worker_posted_late_is_taken_back() -> None:
    office = Office()
    await office.hear(spike())
    await office.run(5)
    office.begin_anew()
    (root,) = office.slack.roots()
    office.clock.now += 2
    office.slack.accept(root, None)
    await office.run(60)
    assert len(office.slack.roots()) == 1
    assert office.slack.calls[0][2] in office.slack.messages


async def test_nothing_is_sent_for_a_shard_that_went_elsewhere() -> None:
    office = Office()
    office.owner = False
    await office.hear(spike())
    await office.run(10)
    assert office.slack.tries == []


async def test_a_shard_that_goes_while_a_message_is_looked_up_is_left_alone() -> None:
    office = Office()
    office.slack.lost = lambda method: DROPPED if method == "post" else None
    await office.hear(spike())
    await office.run(0.05)
    office.slack.lost = lambda _: None
    (root,) = office.slack.messages
    del office.slack.messages[root]

    def gone(method: str) -> None:
        office.owner = method != "standing"

    office.slack.fault = gone
    await office.run(10)
    assert [method for _, method in office.slack.tries] == ["post", "standing"]


async def test_a_deleted_message_gets_a_successor_that_links_it() -> None:
    office = Office()
    await office.hear(spike())
    await office.run(5)
    (old,) = office.slack.messages
    del office.slack.messages[old]
    await office.hear(spike("grown", 40, 20))
    await office.run(20)
    assert in_last_state(office)
    (root,) = [ts for ts, (_, thread) in office.slack.messages.items() if thread is None]
    assert root != old
    assert [thread for _, thread in office.slack.messages.values() if thread] == [root]


async def test_what_a_person_must_mend_is_told_once_tried_each_half_minute_and_goes_on_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    office = Office()
    office.slack.fault = lambda _: ARCHIVED
    await office.hear(*spikes(3))
    await office.run(1800)
    assert office.sender.trouble.sentence == "channel C1 is archived"
    assert office.metrics.slack_trouble.labels("is_archived")._value.get() == 1
    posts = [when for when, method in office.slack.tries if method == "post"]
    assert max(later - earlier for earlier, later in itertools.pairwise(posts)) <= 31
    office.slack.fault = lambda _: None
    await office.run(60)
    assert office.sender.trouble.sentence is None
    assert office.metrics.slack_trouble.labels("is_archived")._value.get() == 0
    assert in_last_state(office)
    printed = capsys.readouterr()
    said = printed.out + printed.err
    assert said.count("messages do not get through") == 1
    assert said.count("messages get through again") == 1


async def test_a_trouble_shows_and_ends_without_any_message_to_send() -> None:
    office = Office()
    office.slack.fault = lambda _: ARCHIVED
    await office.run(5)
    assert office.sender.trouble.sentence == "channel C1 is archived"
    office.slack.fault = lambda _: None
    await office.run(40)
    assert office.sender.trouble.sentence is None


async def test_one_message_that_slack_refuses_keeps_no_other_waiting() -> None:
    office = Office()
    await office.hear(*spikes(3))
    first = office.board.due(office.context())[0].incident_id
    refusing = [True]
    posted = office.slack.post

    async def refuse(payload: dict[str, object]) -> object:
        if refusing[0] and first in str(payload["metadata"]):
            raise BAD_LAYOUT
        return await posted(payload)

    office.slack.post = refuse  # type: ignore[method-assign, assignment]
    await office.run(60)
    assert len(office.slack.roots()) == 2
    assert office.sender.trouble.sentence == str(BAD_LAYOUT)
    refusing[0] = False
    await office.run(60)
    assert in_last_state(office)
    assert office.sender.trouble.sentence is None


async def test_a_channel_that_may_not_be_read_holds_only_what_must_be_looked_up() -> None:
    office = Office()
    missing = DeliveryError("lacks the scope channels:history", code="missing_scope", permanent=True)
    office.slack.fault = lambda method: missing if method in ("standing", "thread", "check") else None
    losing = [True]

    def lose(method: str) -> DeliveryError | None:
        return DROPPED if method == "post" and losing and losing.pop() else None

    office.slack.lost = lose
    await office.hear(*spikes(3))
    await office.run(60)
    assert len(office.slack.roots()) == 3
    assert sum(entry.said is not None for entry in office.board.entries.values()) == 2
    assert office.sender.trouble.sentence == str(missing)
    office.slack.fault = lambda _: None
    await office.run(60)
    assert in_last_state(office)
    assert office.sender.trouble.sentence is None


async def test_a_limit_on_reading_holds_no_message() -> None:
    office = Office()
    limited = DeliveryError("wait", code="rate_limited", retry_after=60.0)
    office.slack.fault = lambda method: limited if method in ("standing", "check") else None
    await office.run(10)
    await office.hear(spike())
    await office.run(2)
    assert len(office.slack.roots()) == 1


async def test_a_rate_limit_is_waited_for_and_is_no_trouble() -> None:
    office = Office()
    asked = [DeliveryError("wait", code="rate_limited", retry_after=17.0)]
    office.slack.fault = lambda method: asked.pop() if method == "post" and asked else None
    await office.hear(*spikes(2))
    await office.run(40)
    posts = [when for when, method in office.slack.tries if method == "post"]
    assert posts[1] - posts[0] >= 17
    assert office.sender.trouble.sentence is None
    assert in_last_state(office)


async def test_a_limit_on_edits_does_not_hold_a_new_incident() -> None:
    office = Office()
    await office.hear(spike())
    await office.run(5)
    limited = DeliveryError("wait", code="rate_limited", retry_after=60.0)
    office.slack.fault = lambda method: limited if method == "update" else None
    await office.hear(spike("grown", 16, 12))
    await office.run(5)
    await office.hear(*spikes(1, first=30))
    await office.run(2)
    assert len(office.slack.roots()) == 2


async def test_an_incident_that_changes_each_second_leaves_room_for_the_others() -> None:
    office = Office()
    await office.hear(*spikes(5))
    await office.run(30)
    edits = len(office.slack.calls)
    for second in range(60):
        await office.hear(spike("grown", 15 + second // 10, 11 + second, reason="matter 000", onset=at(0)))
        if second == 20:
            await office.hear(
                *(spike("grown", 17, 12, reason=f"matter 00{n}", onset=at(n)) for n in range(1, 5))
            )
        await office.run(1)
    edited = [ts for _, method, ts in office.slack.calls[edits:] if method == "update"]
    assert len(set(edited)) == 5
    assert len(edited) <= 60
    await office.run(30)
    assert in_last_state(office)


async def test_how_much_waits_and_for_how_long_is_measured() -> None:
    office = Office()
    office.slack.fault = lambda _: OUTAGE
    await office.hear(*spikes(4))
    await office.run(90)
    assert office.metrics.outbox_depth._value.get() == 4
    assert 85 <= office.metrics.outbox_age._value.get() <= 91
