"""Tells the channel of campaigns ahead: one message each, edited when the campaign changes before it begins.

Of all that is said the least urgent, so the sender asks for it when nothing else is due. What was said is kept in
rows of the stage; a post that a crash, a lost answer or lost rows left in doubt is looked up before it is made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from alerts import campaign_notice
from alerts.campaign_notice import EVENT_TYPE, Due, NoticeSaid, due_notices, notice_id
from alerts.context import Context
from alerts.delivery import Delivery, DeliveryError
from alerts.pacing import Kind
from alerts.records import SlackPost

LOOK_SECONDS = 5.0
"""How often the calendar is gone through: a notice has hours."""
SETTLE_SECONDS = 2.0
"""How long Slack's history may take to show what was just accepted."""
_CLOCK_SKEW = timedelta(minutes=5)
_KEPT = timedelta(days=1)

log = structlog.get_logger("slack")


class Notices:
    """What was said of campaigns to come, and what is due.

    Args:
        delivery: takes the messages.
        hours: how far ahead; 0 is off.
        context: time, language, campaigns.
        keep: stores the rows that `changed`; returns when they are safe.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        delivery: Delivery,
        hours: float,
        *,
        context: Callable[[], Context],
        keep: Callable[[], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.said: dict[str, NoticeSaid] = {}
        """By campaign id."""
        self.changed: set[str] = set()
        """Ids whose row must be stored, and removed where `said` holds none; the caller clears it."""
        self._delivery = delivery
        self._hours = hours
        self._context = context
        self._keep = keep
        self._sleep = sleep
        self._looked_at = float("-inf")
        self._due: list[Due] = []
        self._lost = False

    def take_over(self, said: Mapping[str, NoticeSaid], *, lost: bool = False) -> None:
        """Go on with what was stored; `lost` says that there may have been more, as after a restored backup."""
        self.said, self.changed, self._due = dict(said), set(), []
        self._lost = lost
        self._looked_at = float("-inf")

    async def say_next(
        self, now: float, about_to_send: Callable[[Kind], None], still_mine: Callable[[], None]
    ) -> bool:
        """Say the next one that is due; False where none is.

        Args:
            now: seconds that never go back.
            about_to_send: told right before a message leaves; raises when the shard is gone.
            still_mine: raises when the shard is gone.

        Raises:
            DeliveryError: it did not get through, or nobody knows; it stays due.
        """
        if self._hours <= 0:
            return False
        if not self._due and now - self._looked_at >= LOOK_SECONDS:
            self._look()
            self._looked_at = now
        if not self._due:
            return False
        await self._say(self._due[0], about_to_send, still_mine)
        # Whatever became of it: the rest is seen anew, as it stands then.
        self._due, self._looked_at = [], float("-inf")
        return True

    def _look(self) -> None:
        context = self._context()
        for name in [name for name, one in self.said.items() if one.campaign.starts_at < context.now - _KEPT]:
            del self.said[name]
            self.changed.add(name)
        self._due = due_notices(context.campaigns, self.said, context.now, self._hours)

    async def _say(
        self, due: Due, about_to_send: Callable[[Kind], None], still_mine: Callable[[], None]
    ) -> None:
        context = self._context()
        post = due.post
        held = self.said.get(due.campaign.id)
        if post is None and held is not None and held.attempted_at is not None:
            await self._sleep(SETTLE_SECONDS)
            post = await self._look_up(due, held.attempted_at)
        elif held is None and self._lost:
            post = await self._look_up(due, context.wall - timedelta(hours=self._hours))
        still_mine()
        if post is None and due.why == "withdrawn":
            await self._put(campaign_notice.log(due, None))
            return
        payload = campaign_notice.notice(due, context)
        try:
            if post is None:
                under_way = NoticeSaid(campaign=due.campaign, attempted_at=context.wall)
                await self._put(replace(held, campaign=due.campaign) if held is not None else under_way)
                about_to_send("root")
                post = await self._delivery.post(payload)
            else:
                about_to_send("update")
                await self._delivery.update(post, payload)
        except DeliveryError as error:
            if not (error.missing or error.message_only):
                raise
            # Deleted by a person, or never to be taken: a notice is not worth more than a try.
            log.warning("a campaign to come is not told of", why=str(error))
            post = None
        await self._put(campaign_notice.log(due, post))
        log.info("sent", kind="notice", notice_id=notice_id(due.campaign), reason=due.why)

    async def _look_up(self, due: Due, attempted_at: datetime) -> SlackPost | None:
        standing = await self._delivery.standing(attempted_at - _CLOCK_SKEW, EVENT_TYPE)
        wanted = notice_id(due.campaign)
        return next((one.post for one in standing if one.incident_id == wanted), None)

    async def _put(self, said: NoticeSaid) -> None:
        self.said[said.campaign.id] = said
        self.changed.add(said.campaign.id)
        await self._keep()
