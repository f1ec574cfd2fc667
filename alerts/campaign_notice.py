"""The notice ahead of a campaign: what customers are told, when, and how many more contacts to expect.

Off unless asked for. One message a campaign, edited when the campaign changes or is withdrawn before it begins.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from alerts import blocks, language
from alerts.blocks import Block, Part, clean, escape, fit, one_line
from alerts.campaign_section import endless
from alerts.campaign_words import campaign_words
from alerts.context import Context
from alerts.expected_contacts import ExpectedContacts, expected_contacts
from alerts.limits import HEADER, TEXT, Payload
from alerts.records import Campaign, SlackPost
from alerts.words import words

EVENT_TYPE = "ticketspike_campaign_notice"
MOST = 20
"""Campaigns that are announced at one time: whoever imports ten thousand for tomorrow does not want as many
messages."""
_NAME = 150
_PROMISE = 600
_CODES, _REASONS = 5, 5

Why = Literal["ahead", "changed", "withdrawn"]


class NoticeSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What the channel was told of a campaign to come.

    Attributes:
        campaign: as it was then.
        withdrawn: whether that it was withdrawn is what was told last.
        post: where the message stands; None while a post is under way, or where none could be made.
        attempted_at: since when the post has been under way, on wall time.
    """

    campaign: Campaign
    withdrawn: bool = False
    post: SlackPost | None = None
    attempted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A notice to post (`ahead`) or to edit; `campaign` as it stands, or as it was last when it was withdrawn."""

    campaign: Campaign
    why: Why
    post: SlackPost | None = None


def due_notices(
    campaigns: Mapping[str, Campaign], said: Mapping[str, NoticeSaid], now: datetime, hours: float
) -> list[Due]:
    """The notices that are due, the campaign that begins first coming first.

    Due are campaigns that begin within so many hours and were not told of, and those told of that changed or were
    withdrawn before they began. One that has begun is no news: a stage that was down over its beginning says nothing.

    Args:
        campaigns: the calendar as it stands, by id.
        said: what was said, by campaign id; a post that was under way is due again.
        now: the present.
        hours: how far ahead; 0 is off.
    """
    if hours <= 0:
        return []
    ahead = now + timedelta(hours=hours)
    told = {name for name, one in said.items() if one.campaign.starts_at > now and not one.withdrawn}
    due = []
    for name, one in said.items():
        current = campaigns.get(name)
        if one.campaign.starts_at <= now or (one.withdrawn and one.post is None):
            continue
        if one.post is None and current is not None:
            due.append(Due(current, "ahead"))
        elif current is None and not one.withdrawn:
            due.append(Due(one.campaign, "withdrawn", one.post))
        elif current is not None and (one.withdrawn or current != one.campaign):
            due.append(Due(current, "changed", one.post))
    new = [one for one in campaigns.values() if now < one.starts_at <= ahead and one.id not in said]
    new.sort(key=lambda one: (one.starts_at, one.id))
    due.extend(Due(one, "ahead") for one in new[: max(MOST - len(told), 0)])
    return sorted(due, key=lambda one: (one.campaign.starts_at, one.campaign.id))


def log(due: Due, post: SlackPost | None) -> NoticeSaid:
    """What to keep under the campaign's id after a notice was sent; without a post it is not tried again."""
    return NoticeSaid(campaign=due.campaign, withdrawn=due.why == "withdrawn" or post is None, post=post)


def notice_id(campaign: Campaign) -> str:
    """The id by which a notice is found in the channel again; the campaign's own could hold anything.

    >>> day = datetime.fromisoformat("2026-11-20T00:00Z")
    >>> notice_id(Campaign(id="sale", name="Sale", starts_at=day, ends_at=day))
    'cn-d5yqd7trae'
    """
    return "cn-" + base64.b32encode(hashlib.sha256(campaign.id.encode()).digest()).decode()[:10].lower()


def notice(due: Due, context: Context, *, learnt: float | None = None, usual: float | None = None) -> Payload:
    """The notice as a Slack message; the same call makes the edited one.

    Args:
        due: the campaign, and why it is told of.
        context: language, time zone.
        learnt: as for `expected_contacts`.
        usual: as there.
    """
    campaign, tongue = due.campaign, context.language
    say, more = words(tongue), campaign_words(tongue)
    title = {"ahead": more.ahead, "changed": more.changed, "withdrawn": more.called_off}[due.why]
    emoji = "🚫" if due.why == "withdrawn" else "📅"
    name = one_line(campaign.name)
    head = f"{emoji} {title}: {fit(name, HEADER - len(title) - 5, tongue)}"
    expected = expected_contacts(campaign, learnt=learnt, usual=usual)
    body: list[Block] = [blocks.header(head, tongue)]
    when: list[Part] = [
        blocks.words(f"{say.kinds[campaign.kind]} · {more.begins} "),
        blocks.date(campaign.starts_at, context.timezone, tongue),
    ]
    if endless(campaign.ends_at):
        when.append(blocks.words("," + more.endless))
    else:
        when.extend(
            [blocks.words(f" · {more.ends} "), blocks.date(campaign.ends_at, context.timezone, tongue)]
        )
    elements = [
        blocks.line(*when, *_codes(campaign, say.code, context), *_owner(campaign, say.owner, context))
    ]
    if due.why != "withdrawn":
        if campaign.promise and one_line(campaign.promise):
            elements.append(blocks.line(blocks.words(more.promised, "bold")))
            elements.append(
                blocks.quoted(blocks.words(fit(clean(campaign.promise.strip()), _PROMISE, tongue)))
            )
        elements.append(blocks.line(*_expected(campaign, expected, context)))
    body.append(blocks.rich(*elements))
    if expected is not None and due.why != "withdrawn":
        basis = more.basis_learnt if expected.learnt else more.basis
        uplift = language.times(campaign.expected_uplift, tongue)
        body.append(blocks.context([("mrkdwn", basis.format(uplift=uplift))], tongue))
    spoken = f"{emoji} {title}: {fit(escape(name), 200, tongue) or '–'}"
    if due.why != "withdrawn":
        begins = language.moment(campaign.starts_at, context.timezone, tongue)
        spoken += more.spoken.format(begins=begins, more=_more(campaign, expected, context))
    return {
        "text": fit(spoken, TEXT, tongue),
        "blocks": body,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"notice_id": notice_id(campaign)}},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _expected(campaign: Campaign, expected: ExpectedContacts | None, context: Context) -> list[Part]:
    tongue, more = context.language, campaign_words(context.language)
    names = [fit(one_line(name), 80, tongue) for name in campaign.contact_reasons if one_line(name)]
    listed = ", ".join(names[:_REASONS]) + (f" +{len(names) - _REASONS}" if len(names) > _REASONS else "")
    parts = [blocks.words(_more(campaign, expected, context), "bold")]
    if expected is None and not names:
        return parts
    if expected is not None and expected.more is not None and expected.more[1] > 0:
        low, high = (language.number(max(one, 0), tongue) for one in expected.more)
        parts.append(blocks.words(" · " + more.more_tickets.format(low=low, high=high)))
    return [*parts, blocks.words(f" · {more.reasons}: {listed or more.all_reasons}")]


def _more(campaign: Campaign, expected: ExpectedContacts | None, context: Context) -> str:
    more = campaign_words(context.language)
    if expected is None:
        return more.none_announced
    if campaign.expected_uplift < 1.0:
        return more.fewer_announced
    low, high = (language.times(one, context.language) for one in (expected.low, expected.high))
    return more.more.format(low=low, high=high)


def _codes(campaign: Campaign, word: str, context: Context) -> list[Part]:
    codes: Collection[str] = [one_line(code) for code in campaign.voucher_codes if one_line(code)]
    parts: list[Part] = []
    for index, code in enumerate([*codes][:_CODES]):
        parts.append(blocks.words(" · " + word if index == 0 else ", "))
        parts.append(blocks.words(fit(code, 80, context.language), "code"))
    if len(codes) > _CODES:
        parts.append(blocks.words(f" +{len(codes) - _CODES}"))
    return parts


def _owner(campaign: Campaign, word: str, context: Context) -> list[Part]:
    if not campaign.owner or not campaign.owner.strip():
        return []
    return [blocks.words(" · " + word), blocks.owner(campaign.owner.strip(), context.language)]
