"""`make bench`: measures on an embedded broker of its own and writes what it found to `docs/benchmarks`."""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import time
from pathlib import Path

import msgspec

# Run as a file; the runs themselves are started as modules of this folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import backlog, count, latency, presses, receiver, recovery, shards, workers
from streams import broker

BENCHES = ("count", "latency", "presses", "receiver", "shards", "workers", "backlog", "recovery")


def main() -> int:
    """Run the benches; exit status 1 if a figure that is asked for was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=BENCHES, help="one of the benches")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each way to count")
    parser.add_argument(
        "--tickets", type=int, default=300_000, help="tickets that the product counts in a run"
    )
    parser.add_argument(
        "--spikes", type=int, default=60, help="quiet contact reasons that the latency bench floods"
    )
    parser.add_argument(
        "--rates", type=int, nargs="+", default=latency.RATES, help="tickets a second beside the floods"
    )
    parser.add_argument("--presses", type=int, default=200, help="presses in Slack")
    parser.add_argument("--seconds", type=float, default=6.0, help="of a run of the receiver at saturation")
    parser.add_argument(
        "--backlog", type=int, default=3_000_000, help="tickets of the day that is caught up with"
    )
    parser.add_argument("--remembered", type=float, default=1.0, help="part of the tickets to be remembered")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"), help="where the pages go")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    reached = True
    for name in BENCHES:
        if chosen.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory(prefix="ticketspike-bench-") as folder:
            data = Path(folder) / "kafka"
            try:
                # A broker for each: what one bench left behind must not slow the other.
                bootstrap = ",".join(broker.up(data, brokers=1, port=_free_port()))
                if name == "count":
                    result, page = count.bench(bootstrap, chosen.tickets, chosen.pairs, _say)
                    reached &= all(one.reached for one in result.comparisons)
                    written: object = result
                elif name == "backlog":
                    caught_up, page = backlog.bench(bootstrap, Path(folder), chosen.backlog, _say)
                    reached &= caught_up.reached
                    written = caught_up
                elif name == "recovery":
                    recovered, page = recovery.bench(bootstrap, Path(folder), chosen.remembered, _say)
                    reached &= recovered.reached
                    written = recovered
                elif name == "receiver":
                    received, page = receiver.bench(bootstrap, Path(folder), chosen.seconds, _say)
                    reached &= received.reached
                    written = received
                elif name == "workers":
                    shared, page = workers.bench(bootstrap, Path(folder), _say)
                    written = shared
                elif name == "shards":
                    sharded, page = shards.bench(bootstrap, Path(folder), _say)
                    reached &= sharded.reached
                    written = sharded
                elif name == "presses":
                    pressed, page = presses.bench(bootstrap, Path(folder), chosen.presses, _say)
                    reached &= pressed.reached
                    written = pressed
                else:
                    latencies, page = latency.bench(
                        bootstrap, Path(folder), chosen.spikes, chosen.rates, _say
                    )
                    reached &= latencies.reached
                    written = latencies
            finally:
                broker.down(data)
        (chosen.out / f"{name}.md").write_text(page, encoding="utf-8")
        (chosen.out / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(written)) + b"\n")
        print(page)
    return 0 if reached else 1


def _free_port() -> int:
    """A free port whose successor, the controller's, is free as well."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
