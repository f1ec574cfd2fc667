"""The procedures of the runbook: the key of pseudonyms is changed, what was taught is saved and put back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from counted_reasons import counted
from shop import burst, send, spikes_on
from worker_process import WorkerProcess, eventually

from alerts.records import Answer, Campaign
from streams import backup
from streams.compacted import read_compacted
from streams.errors import Failure
from streams.publish import publisher
from streams.settings import Settings
from streams.to_end import read_to_end

Environment = Callable[[Settings], dict[str, str]]
Run = Callable[..., subprocess.CompletedProcess[str]]
NOW = datetime.now(UTC).replace(microsecond=0)


def test_another_key_changes_no_count_and_tells_nothing_twice(
    make_settings: Callable[..., Settings],
    environment: Environment,
    executable: str,
    ticketspike: Run,
    tmp_path: Path,
) -> None:
    settings = make_settings()
    env = environment(settings)
    worker = WorkerProcess(executable, env, tmp_path / "worker.log").start()
    try:
        burst(settings)
        assert eventually(lambda: (tmp_path / "data/messages.jsonl").exists())
        assert worker.stop() == 0
        worker.environment["TICKETSPIKE_HMAC_KEY"] = "another-key"
        worker.start()
        burst(settings)  # the very same tickets: repeats, whatever the key
        with publisher(settings, "tickets") as outlet:
            later = {"id": "later", "created_at": datetime.now(UTC).isoformat(), "contact_reason": "delivery"}
            outlet.send("later", json.dumps(later).encode())
            outlet.flush()
        assert eventually(lambda: counted(settings).get("delivery") == 31)
        assert counted(settings)["voucher <!channel>"] == 40
    finally:
        assert worker.stop() == 0
    calls = [json.loads(line) for line in (tmp_path / "data/messages.jsonl").read_text().splitlines()]
    assert len([one for one in calls if one["method"] == "chat.postMessage" and "thread_ts" not in one]) == 1
    [spike] = spikes_on(settings).values()
    assert spike.customers == spike.observed
    done = ticketspike("counts", "--by", "day", env=env)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(one["customers"] for one in told if one["contact_reason"] == "voucher <!channel>") == 40


def test_who_writes_before_and_after_a_change_of_both_keys_is_one_customer(
    make_settings: Callable[..., Settings],
    environment: Environment,
    executable: str,
    ticketspike: Run,
    tmp_path: Path,
) -> None:
    settings = make_settings(ticketspike_clock="event")
    env = environment(settings)
    worker = WorkerProcess(executable, env, tmp_path / "worker.log").start()
    begin = NOW.replace(hour=9, minute=0, second=0) - timedelta(days=1)

    def ticket(reason: str, minute: float, customer: str) -> dict[str, str]:
        at = (begin + timedelta(minutes=minute)).isoformat()
        return {"id": f"{reason}-{minute}", "created_at": at, "contact_reason": reason, "customer": customer}

    def hour(first: int, flood: int) -> list[dict[str, str]]:
        """A ticket a minute, and within one of them each of forty customers writes about the voucher."""
        calm = [ticket("delivery", minute, f"d-{minute}") for minute in range(first, first + 40)]
        angry = [ticket("voucher", flood + each / 60, f"c-{each}") for each in range(40)]
        return sorted([*calm, *angry], key=lambda one: one["created_at"])

    def spike() -> tuple[int, int]:
        [held] = spikes_on(settings).values() or [None]
        return (held.observed, held.customers) if held else (0, 0)

    try:
        send(settings, hour(0, 30), 0)
        assert eventually(lambda: spike() == (40, 40))
        assert worker.stop() == 0
        worker.environment["TICKETSPIKE_HMAC_KEY_OLD"] = worker.environment["TICKETSPIKE_HMAC_KEY"]
        worker.environment["TICKETSPIKE_HMAC_KEY"] = "another-key"
        worker.start()
        send(settings, hour(40, 41), 0)
        assert eventually(lambda: spike()[0] == 80)
        assert spike() == (80, 40)
    finally:
        assert worker.stop() == 0
    done = ticketspike("counts", "--by", "day", env=env)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["customers"] for one in told if one["contact_reason"] == "voucher"] == [40]


def test_the_key_is_changed_worker_by_worker_and_nobody_is_counted_twice_or_told_of_it(
    make_settings: Callable[..., Settings], environment: Environment, executable: str, tmp_path: Path
) -> None:
    settings = make_settings(ticketspike_clock="event")
    env = environment(settings)
    begin = NOW.replace(hour=9, minute=0, second=0) - timedelta(days=2)
    first = WorkerProcess(executable, env, tmp_path / "first.log").start()
    aside = env | {"TICKETSPIKE_DATA_DIR": str(tmp_path / "second")}
    second = WorkerProcess(executable, aside, tmp_path / "second.log", "--only", "count").start()

    def flood(start: int, until: int) -> None:
        """A ticket a minute, and in the last of them each of forty customers writes about the voucher."""
        made = [("delivery", minute + 0.5, f"d-{minute}") for minute in range(start, until)]
        made += [("voucher", until - 1 + each / 60, f"c-{each}") for each in range(40)]
        tickets = [
            {
                "id": f"{reason}-{at}",
                "created_at": (begin + timedelta(minutes=at)).isoformat(),
                "contact_reason": reason,
                "customer": customer,
            }
            for reason, at, customer in sorted(made, key=lambda one: one[1])
        ]
        send(settings, tickets, 0)

    def told() -> list[tuple[int, int]]:
        """Tickets and customers of each spike of the voucher, in order."""
        found = sorted(spikes_on(settings).values(), key=lambda one: one.onset)
        return [(one.observed, one.customers) for one in found if one.contact_reason == "voucher"]

    def again(worker: WorkerProcess, **keys: str) -> None:
        """Restart a worker under these keys."""
        assert worker.stop() == 0
        worker.environment.pop("TICKETSPIKE_HMAC_KEY_OLD", None)
        worker.environment.update(keys)
        worker.start()

    both = {"TICKETSPIKE_HMAC_KEY": "another-key", "TICKETSPIKE_HMAC_KEY_OLD": env["TICKETSPIKE_HMAC_KEY"]}
    try:
        flood(0, 31)
        assert eventually(lambda: told() == [(40, 40)]), told()
        again(second, **both)
        flood(31, 33)  # half of the partitions state both pseudonyms, half the old one alone
        assert eventually(lambda: told() == [(80, 40)]), told()
        again(first, **both)
        flood(33, 35)
        assert eventually(lambda: told() == [(120, 40)]), told()
        assert first.metric("ticketspike_keys_differ") == 0
        # A day later the old key has had its day.
        again(first, TICKETSPIKE_HMAC_KEY="another-key")
        flood(1470, 1501)  # half of the partitions state both pseudonyms, half the new one alone
        assert eventually(lambda: told()[1:] == [(40, 40)]), told()
        again(second, TICKETSPIKE_HMAC_KEY="another-key")
        flood(1501, 1503)
        assert eventually(lambda: told()[1:] == [(80, 40)]), told()
        assert first.metric("ticketspike_keys_differ") == 0
    finally:
        second.stop()
        assert first.stop() == 0
    assert "under different TICKETSPIKE_HMAC_KEYs" not in first.said()


def test_a_worker_with_a_key_of_its_own_is_told_of(
    make_settings: Callable[..., Settings], environment: Environment, executable: str, tmp_path: Path
) -> None:
    settings = make_settings()
    env = environment(settings)
    first = WorkerProcess(executable, env, tmp_path / "first.log").start()
    second = WorkerProcess(
        executable,
        env | {"TICKETSPIKE_HMAC_KEY": "another-key", "TICKETSPIKE_DATA_DIR": str(tmp_path / "second")},
        tmp_path / "second.log",
        "--only",
        "count",
    )
    try:
        burst(settings)
        assert eventually(lambda: counted(settings).get("delivery") == 30)
        assert first.metric("ticketspike_keys_differ") == 0
        second.start()
        assert eventually(lambda: first.metric("ticketspike_keys_differ") == 1)
        assert "under different TICKETSPIKE_HMAC_KEYs" in first.said()
        # What it was given back of the partitions is stated under the right key again.
        assert second.stop() == 0
        assert eventually(lambda: first.metric("ticketspike_keys_differ") == 0)
    finally:
        second.stop()
        assert first.stop() == 0
    assert "another-key" not in first.said() + second.said()


def taught(settings: Settings, past: Path, run: Run, env: dict[str, str]) -> None:
    """A learnt history, a campaign that was changed and one that was withdrawn, answers."""
    done = run("learn", past, "--timezone", "UTC", env=env)
    assert done.returncode == 0, done.stderr
    campaign = Campaign(id="c", name="Sommer", starts_at=NOW, ends_at=NOW + timedelta(days=1))
    with publisher(settings, "campaigns") as outlet:
        for one in (campaign, msgspec.structs.replace(campaign, name="Sommer 25")):
            outlet.send("c", msgspec.json.encode(one))
        outlet.send("gone", msgspec.json.encode(campaign))
        outlet.send("gone", None)
        outlet.flush()
    with publisher(settings, "answers") as outlet:
        for by in ("U1", "U2", "U1"):
            said = Answer(incident_id="ts-1", kind="acknowledged", by=by, at=NOW)
            outlet.send("ts-1", msgspec.json.encode(said))
        outlet.flush()


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """Three days of two contact reasons, as counts by the hour."""
    begin = NOW.replace(minute=0, second=0) - timedelta(days=4)
    lines = ["bucket_start,contact_reason,count"]
    for hour in range(72):
        at = begin + timedelta(hours=hour)
        lines += [f"{at:%Y-%m-%d %H:%M},{reason},{3 + hour % 2}" for reason in ("delivery", "voucher")]
    path = tmp_path / "past.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_what_was_taught_is_saved_and_put_back_where_nothing_is_and_a_worker_takes_it_over(
    make_settings: Callable[..., Settings],
    environment: Environment,
    executable: str,
    ticketspike: Run,
    past: Path,
    tmp_path: Path,
) -> None:
    first, second = make_settings(), make_settings()
    file = tmp_path / "backup.jsonl"
    taught(first, past, ticketspike, environment(first))
    saved = ticketspike("backup", file, "--json", env=environment(first))
    assert json.loads(saved.stdout) == {"baselines": 2, "campaigns": 1, "answers": 2, "incidents": 0}
    assert file.stat().st_mode & 0o077 == 0

    for restored in (True, False):
        done = ticketspike("restore", file, "--json", env=environment(second))
        assert done.returncode == 0, done.stderr
        sent = {topic: told["restored"] for topic, told in json.loads(done.stdout).items()}
        assert sent == {
            topic: number if restored else 0 for topic, number in json.loads(saved.stdout).items()
        }
    for topic in ("baselines", "campaigns"):
        assert read_compacted(second, topic) == read_compacted(first, topic)
    assert {record.value for record in read_to_end(second, "answers")} == {
        record.value for record in read_to_end(first, "answers")
    }
    worker = WorkerProcess(
        executable, environment(second), tmp_path / "worker.log", "--only", "count,watch"
    ).start()
    try:
        burst(second)
        # Two that were learnt, one that nobody has seen before.
        assert eventually(lambda: worker.metric("ticketspike_contact_reasons") == 3)
    finally:
        assert worker.stop() == 0


def test_what_was_taught_since_is_kept_unless_the_backup_is_said_to_be_right(settings: Settings) -> None:
    old, new = (backup.Saved("campaigns", b"c", value) for value in (b"old", b"new"))
    with publisher(settings, "campaigns") as outlet:
        outlet.send("c", b"new")
        outlet.flush()
    assert backup.restore(settings, [old])["campaigns"] == (0, 1)
    assert backup.standing(settings, "campaigns") == [new]
    assert backup.restore(settings, [old], overwrite=True)["campaigns"] == (1, 0)
    assert backup.standing(settings, "campaigns") == [old]


def test_a_backup_that_was_cut_off_or_is_none_is_refused_as_a_whole(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backup.jsonl"
    with publisher(settings, "answers") as outlet:
        outlet.send("a", b"{}")
        outlet.flush()
    backup.write(settings, file)
    whole = file.read_bytes()
    assert len(backup.read(file)) == 1
    lines = whole.splitlines(keepends=True)
    for wrong, said in (
        (b"".join(lines[:-1]), "was cut off"),
        (whole[:-8], "is no line of a backup"),
        (b"".join(lines[1:]), "is no backup"),
        (b"", "is no backup"),
        (whole.replace(b'"format":1', b'"format":2'), "this version reads 1"),
    ):
        file.write_bytes(wrong)
        with pytest.raises(Failure, match=said):
            backup.read(file)
    with pytest.raises(Failure, match="cannot be read"):
        backup.read(tmp_path / "none")
