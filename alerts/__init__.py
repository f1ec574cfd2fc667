"""Alerts: from a spike to an incident, its campaign context, its message, and Slack."""
