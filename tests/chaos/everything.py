"""Breaks workers and brokers under load and says what was lost, doubled or wrong: `make chaos`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from chaos import Chaos


def main() -> int:
    """Run, report, and return 0 if all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="workers killed in all (default: 100)")
    parser.add_argument("--others", type=int, default=2, help="times each other fault, per seed (default: 2)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument("--seeds", type=int, default=4, help="how many seeds, one run each (default: 4)")
    parser.add_argument("--port", type=int, default=19492, help="of the embedded Kafka (default: 19492)")
    options = parser.parse_args()
    # Brokers and workers are processes of their own: whoever ends this one wants them ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wrong = False
    lines = []
    for number in range(options.seeds):
        seed = options.seed + number
        kills = options.kills // options.seeds + (number < options.kills % options.seeds)
        folder = Path(tempfile.mkdtemp(prefix=f"ticketspike-chaos-{seed}-"))
        _say(f"seed {seed}: {kills} kills; logs in {folder}")
        chaos = Chaos(folder, options.port, seed=seed, kills=kills, others=options.others, say=_say)
        report = chaos.run()
        wrong = wrong or report.wrong
        lines += report.lines()
        for line in report.lines():
            _say(line)
    _say("the report:")
    for line in lines:
        _say(line)
    return 1 if wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
