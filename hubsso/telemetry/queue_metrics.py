"""How many background jobs wait, run or have failed: asked of the database whenever the metrics are read."""

from collections.abc import Iterator

from django.db import Error
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hubsso.jobs.state import queue_state


class QueueCollector(Collector):
    """Every node tells the same numbers, those of the one queue; none while the database does not answer."""

    def collect(self) -> Iterator[Metric]:
        try:
            state = queue_state(now=timezone.now())
        except Error:
            return
        jobs = GaugeMetricFamily("hubsso_jobs", "Background jobs, up to 10,000.", labels=["state"])
        for name in ("waiting", "running", "failed"):
            jobs.add_metric([name], getattr(state, name))
        yield jobs
        yield GaugeMetricFamily(
            "hubsso_jobs_oldest_seconds", "How long a job has waited at most.", value=state.oldest_seconds
        )


QUEUE = CollectorRegistry()
QUEUE.register(QueueCollector())
