"""The page `docs/benchmarks/detection.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.detection import events, fault, noufaily, prose, versus
from benchmarks.detection.poisson import Rate
from benchmarks.detection.result import UNTUNED, Result, asked, groups, pooled
from benchmarks.report import surroundings


def page(result: Result, plots: Sequence[str]) -> str:
    """The whole page."""
    first, seeds = result.seeds[0], result.seeds
    some = next(one.reasons for one in first.found if one.reasons < first.reasons)
    parts = [
        prose.ABOUT.format(
            reasons=first.reasons,
            learn=versus.LEARN,
            quiet=versus.QUIET,
            weeks=versus.WEEKS,
            asked=first.asked,
            tuned=prose.UNTUNED if {seed.seed for seed in seeds} <= set(UNTUNED) else prose.TUNED,
        ),
        _asked(result),
        prose.VERSUS.format(seeds=_list(seed.seed for seed in seeds), plot=plots[0]),
        _ways(result),
        prose.WAYS.format(some=some),
        prose.GROUPS.format(plot=plots[1]),
        _groups(result),
        prose.KNOB.format(plot=plots[2]),
        _knob(result),
        prose.KNOB_SEEDS.format(seeds=_list(sorted({seed for one in result.knob for seed in one.seeds}))),
        prose.EXPECTED.format(plot=plots[3]),
        *_calibration(result),
        _faults(result),
        prose.EVENTS.format(
            reasons=events.REASONS, asked=events.ASKED, learn=events.LEARN, seed=100 * first.seed
        ),
        _events(result),
        prose.OUTAGES.format(
            alarms=sum(seed.outage_alarms for seed in seeds), outages=sum(seed.outages for seed in seeds)
        ),
        prose.WEEKLY.format(current=noufaily.CURRENT, seed=first.seed),
        _weekly(result),
        _speed(result),
        f"- measured {result.measured_at} with `{result.command}`\n"
        + surroundings(["ticketspike", "numpy", "scipy", "statsmodels", "river"]),
    ]
    return "\n\n".join(parts) + "\n"


def _list(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _asked(result: Result) -> str:
    rows = [
        (one.what, one.asked, one.measured, "reached" if one.reached else "missed") for one in asked(result)
    ]
    return _table(("what", "asked", "measured", ""), rows)


def _number(value: float, digits: int = 2) -> str:
    return "-" if value != value else "inf" if value == float("inf") else f"{value:.{digits}f}"


def _ways(result: Result) -> str:
    kinds = list(result.seeds[0].found[0].by_kind)
    head = ("", "relative", "found", "/".join(kinds), ">= 10 extra", "delay, min", "delay ratio")
    rows = [
        (
            one.name,
            _number(one.relative),
            _number(one.detected),
            "/".join(_number(one.by_kind[kind]) for kind in kinds),
            _number(one.detected_large),
            _number(one.median_delay, 0),
            _number(one.delay_ratio),
            _number(one.alerts_per_incident),
            f"{_number(one.quiet_false_alarms, 1)} / {_number(one.false_alarms, 1)}",
            _number(one.usual_false_alarms, 0),
        )
        for one in pooled(result.seeds)
    ]
    return _table((*head, "alerts an incident", "false a week, calibration / test", "own bar"), rows)


def _groups(result: Result) -> str:
    rows = [
        (
            f"{kind} {uplift:g}x",
            str(one.incidents),
            _number(one.possible),
            _number(one.detected),
            _number(one.recall),
            _number(one.delay_ratio),
        )
        for (kind, uplift), one in groups(result.seeds).items()
    ]
    head = (
        "rate class, uplift",
        "incidents",
        "oracle",
        "ticketspike",
        "found of the oracle's",
        "delay ratio",
    )
    return _table(head, rows)


def _knob(result: Result) -> str:
    rows = [
        (
            str(one.reasons),
            f"{one.asked:g}",
            str(one.weeks),
            str(one.realised.counted),
            _rate(one.realised),
        )
        for one in result.knob
    ]
    return _table(("reasons", "asked a week", "weeks", "false alarms", "realised / asked"), rows)


def _calibration(result: Result) -> tuple[str, str]:
    parts = [seed.calibration for seed in result.seeds]
    rows = [
        (
            kind,
            " ".join(_number(one.minute_distance[kind], 3) for one in parts),
            " ".join(_number(one.hour_distance[kind], 3) for one in parts),
        )
        for kind in parts[0].minute_distance
    ]
    distances = _table(("Kolmogorov distance to uniform, seed by seed", "minutes", "hours"), rows)
    rows = [
        (
            span,
            " ".join(_number(one.coverage[span], 3) for one in parts),
            f"{sum(one.windows[span] for one in parts):,}",
        )
        for span in parts[0].coverage
    ]
    covered = _table(("windows with 20 expected or more", "inside the 95 % interval", "windows"), rows)
    return distances, covered


def _faults(result: Result) -> str:
    faults = result.faults
    pairs, inside, outside, alarms, rows = (
        sum(getattr(one, name) for one in faults)
        for name in ("pairs", "inside", "outside", "alarms_of_campaigns", "campaign_rows")
    )
    kinds = []
    for kind in faults[0].by_kind:
        number, found, apart = (sum(one.by_kind[kind][at] for one in faults) for at in range(3))
        kinds.append(f"{kind} {found} and {apart} of {number}")
    return prose.FAULTS.format(
        hours=fault.LENGTH // 60,
        seeds=_list(one.seed for one in faults),
        inside=inside,
        outside=outside,
        pairs=pairs,
        kinds=", ".join(kinds),
        alarms=alarms,
        rows=rows,
    )


def _events(result: Result) -> str:
    rows = [
        (
            one.kind,
            str(one.events),
            f"{one.years:.0f}",
            str(one.inside.counted),
            _rate(one.inside),
            _rate(one.elsewhere),
        )
        for one in result.events
    ]
    return _table(("", "how many", "years", "alarms", "realised / allowed in their time", "elsewhere"), rows)


def _rate(rate: Rate) -> str:
    return f"{rate.ratio:.2f} ({rate.low:.2f} - {rate.high:.2f})"


def _weekly(result: Result) -> str:
    sizes = (3, 5, 7, 10)
    rows = [
        (
            one.name,
            str(one.series),
            _number(one.power, 3),
            " / ".join(_number(one.by_size[k]) for k in sizes if k in one.by_size),
        )
        for one in result.weekly
    ]
    return _table(("", "series", "power", f"at k = {' / '.join(map(str, sizes))}"), rows)


def _speed(result: Result) -> str:
    two = result.closing
    backtests = [
        prose.BACKTEST.format(
            reasons=one.reasons,
            weeks=one.weeks,
            tickets=one.tickets,
            cpu=one.cpu_seconds,
            wall=one.wall_seconds,
            peak=one.peak_gigabytes,
        )
        for one in (result.backtest, result.year)
    ]
    return (
        "## Speed\n\n"
        + "\n".join(backtests)
        + prose.SPEED.format(
            many=two.reasons,
            median=two.median_seconds * 1000,
            worst=two.worst_seconds * 1000,
            state=two.state_bytes / 1024,
            seed=result.seeds[0].seed,
        )
    )
