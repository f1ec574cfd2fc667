"""`make fuzz`: everything that parses from outside, under atheris, which sees which mutations reach new code.

    make fuzz                          # every target for its share of 10 minutes
    make fuzz RUNS=100000 TARGET=ticket SEED=3

Each target runs in a process of its own, since libFuzzer never returns. A crash is a failed promise: its input is
kept under out/fuzz/TARGET, and the same command with it as the last argument runs it again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OUT = Path("out/fuzz")


def one(name: str, arguments: list[str]) -> None:
    """Fuzz one target until libFuzzer ends the process."""
    import atheris

    # What is instrumented tells libFuzzer that a mutation got further.
    with atheris.instrument_imports(include=["streams", "alerts"]):
        import structlog
        from fuzz_targets import TARGETS, TOKENS

    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    target, samples = TARGETS[name]
    corpus, words = OUT / name / "corpus", OUT / name / "words.dict"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(samples):
        (corpus / f"sample-{number}").write_bytes(sample)
    short = [token for token in TOKENS if len(token) <= 60]
    words.write_text(
        "".join('"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in short), "ascii"
    )
    switches = [f"-dict={words}", f"-artifact_prefix={OUT / name}/", "-timeout=20", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *switches, *arguments, str(corpus)], target)
    atheris.Fuzz()


def main() -> int:
    """Run the chosen targets one after the other; 1 if one of them broke a promise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", action="append")
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together")
    parser.add_argument("--runs", type=int, help="inputs for each target, instead of a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.one:
        one(options.one[0], options.one[1:])
        return 0
    from fuzz_targets import TARGETS

    names = options.target or list(TARGETS)
    unknown = set(names) - set(TARGETS)
    if unknown:
        sys.stderr.write(f"There is no target {min(unknown)}; there are: {', '.join(TARGETS)}\n")
        return 2
    scratch = OUT / "files"
    scratch.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "TICKETSPIKE_FUZZ_DIR": str(scratch)}
    length = (
        f"-runs={options.runs}"
        if options.runs
        else f"-max_total_time={max(1, options.seconds // len(names))}"
    )
    broken = []
    for name in names:
        begun = time.monotonic()
        command = [
            sys.executable,
            __file__,
            "--one",
            name,
            length,
            f"-seed={options.seed}",
            "-print_final_stats=1",
        ]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
        said = done.stderr.splitlines()
        inputs = next(
            (line.split()[-1] for line in said if line.startswith("stat::number_of_executed_units")), "0"
        )
        state = "kept every promise" if done.returncode == 0 else "BROKE ONE"
        sys.stdout.write(
            f"{name:<14} {int(inputs):>9,} inputs in {time.monotonic() - begun:5.0f} s: {state}\n"
        )
        sys.stdout.flush()
        if done.returncode:
            broken.append(name)
            sys.stdout.write("\n".join(said[-60:]) + "\n")
    shutil.rmtree(scratch, ignore_errors=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
