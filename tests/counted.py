"""What Prometheus would read of a metric of this process."""

from prometheus_client import REGISTRY


def value(name: str, **labels: str) -> float:
    """Of the series with exactly these labels; 0 where nothing was counted yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
