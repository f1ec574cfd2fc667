"""The alert that the README shows: the demo's broken voucher, in Slack, with somebody on it.

PYTHONPATH=. python tests/support/readme_alert.py alert.html
chromium --headless --window-size=900,1000 --screenshot=docs/images/alert.png alert.html
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from message_states import LENA, answered

from alerts import message, preview
from alerts.context import Context
from alerts.incident import apply
from alerts.records import Answer, Campaign, CampaignLink, Course, Driver, Spike

ZONE = ZoneInfo("Europe/Berlin")
ONSET = datetime(2026, 7, 23, 8, 18, tzinfo=UTC)
NEWSLETTER = Campaign(
    id="n1",
    name="Summer newsletter",
    kind="newsletter",
    starts_at=ONSET - timedelta(minutes=78),
    ends_at=ONSET + timedelta(hours=13, minutes=42),
    owner="U0G9QF9C6",
    promise="25 % off everything until midnight",
    voucher_codes=["SOMMER25"],
)


def driver(facet: str, value: str, usual_share: float) -> Driver:
    return Driver(facet=facet, value=value, tickets=27, share=1.0, usual_share=usual_share, excess_share=1.0)


SPIKE = Spike(
    spike_id="readme",
    contact_reason="voucher not working",
    state="raised",
    onset=ONSET,
    raised_at=ONSET + timedelta(minutes=6),
    window_minutes=9,
    observed=27,
    expected=1.7,
    lower=0,
    upper=5,
    uplift=27 / 1.7,
    excess=25.3,
    customers=27,
    score=10.9,
    rule="27 tickets in 9 min where ~1.7 are expected (0–5 in 95 % of such windows without a spike); evidence "
    "for a rise to 10× or more: 24.1, bar 10.1; 9.0× as many as at the same time yesterday (~3)",
    drivers=[
        driver("voucher_code", "SOMMER25", 0.03),
        driver("browser", "Safari", 0.24),
        driver("voucher_code×browser", "SOMMER25 × Safari", 0.002),
    ],
    course=Course(
        begins_at=ONSET - timedelta(minutes=63),
        minutes=5,
        counts=[1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 12, 15],
        expected=[0.6] * 6 + [0.7] * 5 + [0.9] * 4,
    ),
)


def page() -> str:
    """The message as Slack shows it."""
    context = Context(
        now=ONSET + timedelta(minutes=9),
        language="en",
        timezone=ZONE,
        campaigns={NEWSLETTER.id: NEWSLETTER},
        tickets_url="https://help.example/tickets?reason={contact_reason}",
        answers_possible=True,
    )
    link = CampaignLink(id=NEWSLETTER.id, name=NEWSLETTER.name, evidence="voucher_code")
    one = apply(None, SPIKE, links=[link], now=context.now)
    at = ONSET + timedelta(minutes=8)
    taken = Answer(incident_id=one.incident_id, kind="acknowledged", by=LENA, at=at)
    payload = message.root(answered(one, taken), context)
    posted = f"{(ONSET + timedelta(minutes=6)).timestamp():.1f}"
    line = {"method": "chat.postMessage", "posted_ts": posted, **payload}
    people = {LENA: "Lena", "U0G9QF9C6": "Marta"}
    return preview.page(
        [line], "A made-up shop; the message as a person sees it in Slack", timezone=ZONE, people=people
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
