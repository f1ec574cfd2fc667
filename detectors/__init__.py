"""Spike detection in tickets per contact reason and minute: statistics only.

`Detector` holds all contact reasons of a shard. It expects (`baseline`, `level`), weighs evidence
(`cusum`), compares it with what the channel can stand (`threshold`) and keeps the alarms (`standing`).
Nothing here does input or output or reads a clock: time, randomness and delivery are arguments.
"""

from __future__ import annotations

from detectors.alarm import AlarmChange, Verdict
from detectors.detector import Detector, DetectorSettings
from detectors.drivers import drivers
from detectors.facet_sets import FacetDriver
from detectors.rows import FloatArray

__all__ = ["AlarmChange", "Detector", "DetectorSettings", "FacetDriver", "FloatArray", "Verdict", "drivers"]
