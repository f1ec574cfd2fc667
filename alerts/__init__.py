"""Alerts: from a spike to an incident, its campaign context, its message, and Slack.

A spike (`records`) is joined into an incident (`incident`) on the `board`, gets the campaigns that coincide with
it (`campaign`), passes the stages that decide whether anything is said (`pipeline`: `grouping`, `inhibition`,
`silence`, `notification_log`; people's `answers` change what they decide), becomes a Slack payload
(`message`, with Slack's limits in `blocks` and `limits` and the words in `language`), passes the guard that
lets nothing personal out (`redact`), and leaves through a `delivery`: `slack`, or `outbox` where there is no
token.

Everything but `slack` and `outbox` is pure: time, settings and campaigns are arguments.
"""
