"""Holt-Winters: how far an hour is from what exponential smoothing forecast for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from benchmarks.detection.peer import WEEK_HOURS, Hourly
from detectors.rows import FloatArray

_FADING = 1.0 / (2 * WEEK_HOURS)


class Forecaster(Protocol):
    """What is used of a forecaster of river."""

    def learn_one(self, y: float) -> object:
        """Take in one value."""
        ...

    def forecast(self, horizon: int) -> list[float]:
        """Forecast the next values."""
        ...


def holt_winters() -> Forecaster:
    """Additive Holt-Winters of river with a season of a week of hours."""
    from river import time_series  # in the bench's environment only

    return time_series.HoltWinters(alpha=0.3, beta=0.001, gamma=0.2, seasonality=WEEK_HOURS)


class Residual(Hourly):
    """z of an hour's forecast residual: (x - f) / sd, its scale faded over two weeks.

    The scale is that of the residuals or, where it is more, a Poisson count's, which a series that sleeps by
    night needs.

    Args:
        reasons: how many.
        forecaster: makes a forecaster for one reason.

    Example:
        >>> peer = Residual(1, holt_winters)
        >>> for hour in range(4 * 168):
        ...     z = peer.hour(hour, np.array([10.0 + hour % 2]), np.ones(1))
        >>> peer.hour(4 * 168, np.array([30.0]), np.ones(1)).round(0)
        array([6.])
    """

    name = "Holt-Winters of river, residual z"
    usual = 3.0

    def __init__(self, reasons: int, forecaster: Callable[[], Forecaster] = holt_winters) -> None:
        super().__init__(reasons)
        self._models = [forecaster() for _ in range(reasons)]
        self._square = np.zeros(reasons)

    def hour(self, hour: int, counts: FloatArray, announced: FloatArray) -> FloatArray:  # noqa: ARG002
        """The residual's z; 0 in the first two weeks, of which the first one only starts the season."""
        expected = counts
        if hour > WEEK_HOURS:
            expected = np.array([model.forecast(1)[0] for model in self._models])
        for model, count in zip(self._models, counts.tolist(), strict=True):
            model.learn_one(count)
        residual = counts - expected
        scale = np.sqrt(np.maximum(self._square, np.maximum(expected, 0.25)))
        self._square += _FADING * (np.minimum(residual, 5.0 * scale) ** 2 - self._square)
        return residual / scale if hour >= 2 * WEEK_HOURS else np.zeros_like(residual)
