"""The words of the page, apart from its figures."""

from __future__ import annotations

ABOUT = """# Detection, measured

Product, oracle and peers on the same simulated channels (`detectors/simulate.py`): {reasons} contact reasons, {learn}
weeks of warm-up, {quiet} weeks to calibrate on, {weeks} weeks with incidents; campaigns and holidays throughout,
outages in the last weeks. {tuned}

- The **oracle** knows the true rate, the dispersion and the uplift of the next incident, but not its onset. Nobody
  can find more with as many false alarms; each way is measured by the oracle *with as many false alarms as it
  really had*.
- The **product** is told its knob ({asked:g} a week) and nothing else. The **peers** have their bar set
  afterwards to as many alerts in the calibration weeks, which nobody could do for them in life.
- An incident is *found* by an alarm between its onset and half an hour after its end. *False* is an alarm outside of
  the reason's incidents and the nine hours after them. Alarms in outages, their bursts and the hour after count
  neither way here.
- A miss is an infinite delay; the *delay ratio* is the median over the incidents that the oracle found."""

UNTUNED = "Nothing was tuned on these seeds."
TUNED = "Seeds that are looked at while tuning: no figures to report."

VERSUS = """## Beside the oracle and others

Seeds {seeds}; `benchmarks/detection/run.py --only versus`. Means over the seeds, in the plot each seed a dot.

![found, relative to the oracle]({plot})"""

WAYS = """*Relative*: found / found by the oracle with as many false alarms. *Own bar*: alerts a week in the calibration
weeks at the bar that comes with the method. Farrington is given one reason in eight ({some}), being a regression
per reason and hour; its false alarms are of these. Where more than half of what the oracle found was missed, the
delay ratio is infinite."""

GROUPS = """![found by rate class and uplift]({plot})"""

KNOB = """## The knob

Quiet channels with campaigns and holidays: false alarms realised / asked, with the 95 % interval of a Poisson
count; `--only knob`.

![realised over asked]({plot})"""

KNOB_SEEDS = """Seeds {seeds}, each together with the number of reasons."""

EXPECTED = """## What is expected

Minutes, hours and windows of the calibration weeks of the channels above, campaigns and holidays included, beside
what the product expected of them before they came (randomised probability integral transform, uniform if the
expectation is true); `--only versus`. In the plot the hours' density, flat at 1 being right.

![transform of the hours]({plot})"""

FAULTS = """## What life does

**Faults inside campaigns**: three times what was announced, for {hours} hours; each has a twin, three times the
usual, at the same hour of another week of the same reason (`--only fault`, seeds {seeds}). Found {inside} inside
and {outside} outside, of {pairs} each; by class:
{kinds}.
Alarms of campaigns that no fault explains: {alarms} in {rows} campaigns of a reason. More tickets make a fault in a
campaign the easier one, if the campaign does not hide it."""

EVENTS = """**Outages, holidays, clock changes** without any incident: {reasons} reasons, {asked:g} false alarms a week
asked, {learn} weeks of warm-up (`--only events`, seeds from {seed} on). The time of an outage ends an hour after its
burst, that of a clock change a day after it. A year is taken to have 12 outages, 10 holidays on workdays and 2 clock
changes; they are simulated closer together. *Elsewhere* is the other time of the same channels: what an event
leaves behind."""

OUTAGES = """In the channels with incidents above: {alarms} alarms that no incident explains in {outages} outages, their
bursts and the hour after."""

WEEKLY = """## Noufaily's weekly design

42 scenarios of 624 weeks, one outbreak in the last {current}; power at a false-positive rate of 0.01, one bar for all
series; `--only weekly`, seed {seed}. The product's parts are its dispersion, doubt and tail on a log-linear
regression: a week has no hours to learn. The oracle of a single week is a mark, not a bound."""

BACKTEST = """- `ticketspike backtest` of {reasons} reasons x {weeks} weeks ({tickets:,} tickets by minute, parquet):
  {cpu:.0f} s CPU, {wall:.0f} s wall, {peak:.2f} GB at most"""

SPEED = """
- closing one minute of {many:,} reasons: {median:.1f} ms median, {worst:.0f} ms the worst of ten hours (CPU);
  state {state:.1f} KB a reason at most
- `--only speed`, seed {seed}; nothing else of the bench runs beside it"""
