"""Detectors: what count of tickets was to be expected, and is this more? Pure: no I/O, no clock."""
