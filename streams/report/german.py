"""The sentences of the report in German."""

from __future__ import annotations

from streams.report.words import Words

GERMAN = Words(
    title="Was ticketspike gemeldet hätte",
    period="{begin} bis {end}",
    totals="In {weeks} mit {tickets} zu {reasons} hätte es {alerts} gegeben: {rate} pro Woche.",
    totals_none="In {weeks} mit {tickets} zu {reasons} hätte es keine einzige Meldung gegeben.",
    quiet={
        True: "Eine von {weeks} ganzen Wochen wäre ruhig geblieben.",
        False: "{quiet} von {weeks} ganzen Wochen wären ruhig geblieben.",
    },
    no_quiet="Keine der {weeks} ganzen Wochen wäre ruhig geblieben.",
    learnt="Aus den {days} davor wurde nur gelernt: Was dort liegt, wird nie gemeldet.",
    learnt_nothing=(
        "Vorher gab es keine Daten zum Lernen: In den ersten zwei Tagen meldet ein "
        "Kontaktgrund nur grobe Ausschläge, in den ersten Wochen wird er vorsichtig beurteilt."
    ),
    short=(
        "Das sind weniger als zwei Tage Daten: Was üblich ist, ist noch nicht bekannt, gemeldet "
        "würde nur ein grober Ausschlag."
    ),
    held_back=(
        "Gesehen, aber nicht gesendet, weil weniger als {customers} verschiedene Kundinnen und Kunden "
        "schrieben: {number}."
    ),
    refused="Zeilen, die nicht lesbar waren und hier fehlen: {number}.",
    figures={
        "alerts": "Meldungen",
        "rate": "pro Woche",
        "quiet": "ganze Wochen ruhig",
        "reasons": "Kontaktgründe",
    },
    contents={
        "weeks": "Woche für Woche",
        "incidents": "Die Meldungen",
        "budget": "Fehlalarme",
        "knobs": "Der Regler anders gestellt",
        "slow": "Langsame Veränderungen",
    },
    weeks_intro=(
        "Jedes Kästchen ist ein Tag, die Zahl darin die Zahl der Meldungen. Sie führt zur ersten davon."
    ),
    week="KW {number} · {begin} – {end}",
    week_alerts={True: "1 Meldung", False: "{number} Meldungen"},
    week_quiet="ruhig",
    week_learnt="gelernt",
    weeks_learnt="{number} Wochen Vorgeschichte, gelernt und nicht überwacht",
    days=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    legend_days={
        "watched": "überwacht, keine Meldung",
        "alert": "Meldungen",
        "learnt": "Vorgeschichte, gelernt",
    },
    incidents_intro=(
        "In der Reihenfolge, in der gemeldet worden wäre. Die ersten {open} sind "
        "aufgeklappt, die anderen öffnen sich mit einem Klick."
    ),
    no_incidents="Hier gibt es nichts zu zeigen: Es wäre nichts gemeldet worden.",
    unfold="Alle öffnen",
    fold="Alle schließen",
    instead="{observed} statt {expected} in {window}",
    alert="Meldung",
    open_end="am Ende noch offen",
    rule="Ausgelöst durch",
    message="Die Nachricht in Slack, wie sie am Ende dastand",
    no_message="Keine Nachricht: Es schrieben weniger als {customers} verschiedene Kundinnen und Kunden.",
    bucket="Tickets je {width}",
    chart="{reason}: Tickets je {width} vom {begin} bis {end}",
    chart_peak=(
        "Höchstens {peak} in einem Abschnitt, {at}; erwartet waren dort {expected}. Der "
        "Ausschlag begann {onset}, die Meldung kam {raised}."
    ),
    legend={
        "observed": "beobachtet",
        "expected": "erwartet",
        "interval": "95 % der Fälle ohne Ausschlag",
        "window": "der Ausschlag",
        "campaign": "Kampagne {letter}: {name}",
    },
    coincides="fällt zusammen mit {name}",
    budget=(
        (
            "ticketspike hat einen einzigen Regler: wie viele Fehlalarme pro Woche der Kanal verträgt, "
            "alle Kontaktgründe zusammen. Er stand auf {knob}."
        ),
        (
            "Ein Fehlalarm ist ein Anstieg, den allein der Zufall macht: Viele schreiben zufällig zur "
            "selben Zeit, kaputt ist nichts. Ansehen lässt sich ihm das nicht; sagen lässt sich nur, "
            "wie oft es vorkommt."
        ),
        (
            "In den {weeks}, die überwacht wurden, sind allein durch Zufall etwa {expected} Meldungen zu "
            "erwarten (zwischen {low} und {high} wäre nichts Besonderes). Es waren {alerts}."
        ),
    ),
    budget_reading=(
        "Hinter den meisten Meldungen oben stand also vermutlich etwas.",
        (
            "Ein guter Teil der Meldungen oben kann also Zufall sein: Ein kleinerer Wert des Reglers macht "
            "den Kanal ruhiger."
        ),
        "Die Meldungen oben sind also nicht mehr, als der Zufall allein bringen würde.",
    ),
    knobs_intro=(
        "Ein größerer Wert hört kleinere Anstiege, und öfter den Zufall. Mit dem halben, "
        "doppelten und fünffachen Wert hätte dieselbe Zeit so geklungen:"
    ),
    knobs_head=("Regler", "Fehlalarme pro Woche", "durch Zufall", "Meldungen", "pro Woche"),
    knob_names={0.5: "halb", 1.0: "wie eingestellt", 2.0: "doppelt", 5.0: "fünffach"},
    knob_asked="{number} pro Woche",
    knobs_gate=(
        "In allen Zeilen gezählt vor der Regel, dass {customers} verschiedene Kundinnen und "
        "Kunden geschrieben haben müssen."
    ),
    additional={True: "1 Meldung mehr, {name} gestellt", False: "{number} Meldungen mehr, {name} gestellt"},
    missing={
        True: "1 Meldung weniger, {name} gestellt",
        False: "{number} Meldungen weniger, {name} gestellt",
    },
    same="{name} gestellt: dieselben Meldungen.",
    more="und {number} weitere",
    slow_intro=(
        "Ein Niveau, das über Monate sinkt oder steigt, ist kein Vorfall und wird nie gemeldet. "
        "Verglichen werden die ersten und die letzten {weeks}, ohne das, was die Meldungen oben "
        "dazugebracht haben; aufgeführt ist, was sich um ein Fünftel oder mehr verändert hat, und das "
        "sicher."
    ),
    slow_head=("Kontaktgrund", "pro Woche anfangs", "zuletzt", "Veränderung", "95-%-Intervall"),
    slow_none="Kein Kontaktgrund hat sein Niveau so stark verändert.",
    slow_few="Es sind weniger als vier ganze Wochen: zu wenige zum Vergleichen.",
    slow_new="neu",
    slow_more="{number} kleinere sind nicht aufgeführt.",
    footer=(
        "Erstellt von ticketspike backtest {version} aus {rows}. Zeiten in {zone}. „Fällt zusammen "
        "mit“ sagt nichts über eine Ursache."
    ),
)
