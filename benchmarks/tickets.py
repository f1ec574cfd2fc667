"""Seeded tickets as a webshop's helpdesk writes them: about 350 bytes of JSON each."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate

import msgspec

REASONS = 50
REPEATS = 0.02
"""Helpdesks deliver a webhook twice now and then."""
SPAN_SECONDS = 3600.0

TOPICS = (
    "voucher",
    "delivery",
    "payment",
    "refund",
    "account",
    "size",
    "quality",
    "invoice",
    "app",
    "address",
)
DETAILS = ("not accepted", "late", "missing", "unclear", "changed")
CHANNELS = ("e-mail", "e-mail", "e-mail", "chat", "chat", "phone", "contact form")
MARKETS = ("de", "de", "de", "de", "at", "ch", "nl")
CLIENTS = (
    ("iPhone", "Safari 19", "web 8.14.0"),
    ("iPhone", "Safari 19", "web 8.14.1"),
    ("iPhone", "Safari 18", "web 8.14.0"),
    ("iPhone", "app", "app 5.3.0"),
    ("iPhone", "app", "app 5.2.3"),
    ("Android", "Chrome 142", "web 8.14.0"),
    ("Android", "Chrome 142", "web 8.14.1"),
    ("Android", "Samsung Internet 29", "web 8.14.0"),
    ("Android", "app", "app 5.3.0"),
    ("desktop", "Chrome 142", "web 8.14.0"),
    ("desktop", "Chrome 142", "web 8.14.1"),
    ("desktop", "Edge 142", "web 8.14.0"),
    ("desktop", "Firefox 145", "web 8.14.0"),
    ("tablet", "Safari 19", "web 8.14.0"),
)
"""Device, browser and version go together."""
PAYMENTS = ("invoice", "credit card", "PayPal", "PayPal", "direct debit", "Klarna")
VOUCHERS = (None, None, None, None, "SUMMER25", "SUMMER25", "WELCOME10", "FREESHIP")


def reasons() -> list[str]:
    """Fifty contact reasons, the commonest first."""
    return [f"{topic} {detail}" for detail in DETAILS for topic in TOPICS][:REASONS]


def many_reasons(number: int) -> list[str]:
    """More contact reasons than the fifty, the commonest first."""
    return [f"{name} {round_}" for round_ in range(-(-number // REASONS)) for name in reasons()][:number]


def weights(number: int) -> list[float]:
    """How often each of so many contact reasons comes, relative to the others: it falls with the rank."""
    return [1.0 / (rank + 3) for rank in range(number)]


def tickets(
    number: int,
    *,
    seed: int,
    until: float,
    span: float = SPAN_SECONDS,
    names: Sequence[str] | None = None,
    hot: float = 0.0,
) -> Iterator[tuple[str, str, float, bytes]]:
    """Tickets of the `span` seconds before `until` (epoch seconds), in order: (id, contact reason, time, JSON).

    Two in a hundred are repeats of one of the last thousand. How often a contact reason comes falls with its
    rank, as in any inbox; with `hot`, the first has that part of all.
    """
    rng = random.Random(seed)
    names = names or reasons()
    weighed = weights(len(names))
    if hot:
        weighed[0] = hot / (1.0 - hot) * sum(weighed[1:])
    cumulated = list(accumulate(weighed))
    encode = msgspec.json.Encoder().encode
    recent: list[tuple[str, str, float, bytes]] = []
    choice, uniform = rng.choice, rng.random
    customers = max(1, int(number * 0.8))
    for index in range(number):
        if recent and uniform() < REPEATS:
            yield choice(recent)
            continue
        time = until - span + index * span / number
        at = datetime.fromtimestamp(time, UTC)
        device, browser, version = choice(CLIENTS)
        name = rng.choices(names, cum_weights=cumulated)[0]
        one = {
            "id": f"zd-{70_000_000 + index}",
            "created_at": at.isoformat(timespec="milliseconds"),
            "contact_reason": name,
            "customer": f"customer-{rng.randrange(customers):07d}@example.org",
            "channel": choice(CHANNELS),
            "market": choice(MARKETS),
            "voucher_code": choice(VOUCHERS),
            "attributes": {
                "browser": browser,
                "device": device,
                "app_version": version,
                "payment": choice(PAYMENTS),
            },
            "text": "My code is not taken at the checkout."
            if index % 2
            else "Where is my parcel? Thank you.",
        }
        written = (str(one["id"]), name, time, encode(one))
        if len(recent) < 1000:
            recent.append(written)
        else:
            recent[index % 1000] = written
        yield written


def fill(
    bootstrap: str,
    topic: str,
    number: int,
    *,
    partitions: int,
    seed: int,
    until: float,
    by_reason: bool = False,
    hot: float = 0.0,
) -> float:
    """Publish tickets keyed by id (or by contact reason); their mean size in bytes, once all are acknowledged.

    With `hot`, one contact reason has that part of them.
    """
    made = tickets(number, seed=seed, until=until, hot=hot)
    return publish(
        bootstrap,
        topic,
        ((name if by_reason else ticket_id, None, value) for ticket_id, name, _, value in made),
        partitions,
    )


def publish(
    bootstrap: str, topic: str, records: Iterable[tuple[str, float | None, bytes]], partitions: int
) -> float:
    """Publish (key, time of the record or None for now, value); their mean size, once all are acknowledged.

    Raises:
        RuntimeError: some were refused, or not acknowledged within two minutes.
    """
    # Only here: the workers' own clients are not what fills the topic, and the rest of this file needs none.
    from confluent_kafka import Producer

    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "linger.ms": 50,
            "queue.buffering.max.messages": 200_000,
        }
    )
    refused: list[str] = []

    def acknowledged(error: object, _message: object) -> None:
        if error is not None:
            refused.append(str(error))

    size = sent = 0
    for name, at, value in records:
        key = name.encode()
        size, sent = size + len(value), sent + 1
        stamp = 0 if at is None else int(at * 1000)
        # The partition is named, so that all clients' partitioners agree.
        producer.produce(
            topic, value, key, zlib.crc32(key) % partitions, timestamp=stamp, on_delivery=acknowledged
        )
        if sent % 1000 == 0:
            producer.poll(0.05 if len(producer) > 100_000 else 0)
    producer.flush(120)
    if refused or len(producer):
        raise RuntimeError(
            f"{len(refused)} tickets were refused, {len(producer)} not acknowledged: {refused[:1]}"
        )
    return size / max(sent, 1)
