"""Files in: tickets, counts and campaigns from .jsonl, .csv, .parquet and .ics, a bad row named with its line."""
