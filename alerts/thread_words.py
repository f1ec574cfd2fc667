"""What is said in an incident's thread, and to one person alone; German and English."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.language import Language


@dataclass(frozen=True, slots=True)
class ThreadWords:
    """Replies and whispers; `{}` places take escaped or numeric values only."""

    reopened: str
    reminder: str
    reminder_untold: str
    escalated: str
    escalated_for: str
    on_duty: str
    replaced: str
    earlier: str
    extra: str
    peak: str
    silent_over: str
    silent_missing: str
    was_first: str
    was_first_at: str
    somebody: str
    stale: str
    unknown: str
    too_late: str
    too_late_at: str


ENGLISH = ThreadWords(
    reopened="Rises again",
    reminder="Nobody has answered for {duration}",
    reminder_untold="Nobody has answered yet",
    escalated="Snooze ended early: it has grown well beyond what it was",
    escalated_for="Snoozed by ",
    on_duty="On duty: ",
    replaced="The earlier message about this incident was deleted; this one goes on from it",
    earlier="Earlier thread",
    extra="about {extra} more tickets than without the spike (95 %: {bounds})",
    peak="peak {count} in {step} at {at}",
    silent_over="Tickets arrive again after {duration}",
    silent_missing="{expected} were expected meanwhile; what comes late is counted",
    was_first="{person} has already taken this over. Nothing changed.",
    was_first_at="{person} has already taken this over ({at}). Nothing changed.",
    somebody="Somebody else",
    stale="This button belongs to an older state of the message. Nothing changed; the message shows how "
    "things stand now.",
    unknown="ticketspike does not know this incident, or no longer. Nothing changed.",
    too_late="This incident is over. Nothing changed; you can still say whether the alert was useful.",
    too_late_at="This incident was over at {at}. Nothing changed; you can still say whether the alert was "
    "useful.",
)

GERMAN = ThreadWords(
    reopened="Steigt wieder",
    reminder="Seit {duration} hat niemand reagiert",
    reminder_untold="Noch hat niemand reagiert",
    escalated="Zurückstellung vorzeitig beendet: deutlich weiter gewachsen",
    escalated_for="Zurückgestellt von ",
    on_duty="Im Dienst: ",
    replaced="Die frühere Nachricht zu diesem Vorfall wurde gelöscht; hier geht es weiter",
    earlier="Früherer Thread",
    extra="etwa {extra} Tickets mehr als ohne den Ausschlag (95 %: {bounds})",
    peak="Spitze {count} in {step} um {at}",
    silent_over="Nach {duration} kommen wieder Tickets an",
    silent_missing="{expected} waren in der Zeit erwartet; was spät kommt, wird gezählt",
    was_first="{person} hat das schon übernommen. Es ändert sich nichts.",
    was_first_at="{person} hat das schon übernommen ({at}). Es ändert sich nichts.",
    somebody="Jemand anderes",
    stale="Dieser Knopf gehört zu einem älteren Stand der Nachricht. Es ändert sich nichts; die Nachricht "
    "zeigt, was jetzt gilt.",
    unknown="ticketspike kennt diesen Vorfall nicht oder nicht mehr. Es ändert sich nichts.",
    too_late="Dieser Vorfall ist vorbei. Es ändert sich nichts; ob der Alarm nützlich war, lässt sich noch "
    "sagen.",
    too_late_at="Dieser Vorfall war {at} vorbei. Es ändert sich nichts; ob der Alarm nützlich war, lässt sich "
    "noch sagen.",
)


def thread_words(language: Language) -> ThreadWords:
    """The sentences of a language.

    >>> thread_words("de").reopened
    'Steigt wieder'
    """
    return GERMAN if language == "de" else ENGLISH
