"""Where jobs run that have no queue: here, at once."""

from typing import Any

from django.db import transaction
from django_tasks import task_backends
from django_tasks.backends.immediate import ImmediateBackend
from django_tasks.base import TaskResult


class InlineBackend(ImmediateBackend):
    """Runs a job in the process that asked for it, once its transaction is through. Its failure fails nothing else."""

    def _execute_task(self, task_result: TaskResult[Any]) -> None:
        run = super()._execute_task
        transaction.on_commit(lambda: run(task_result), robust=True)


def runs_inline() -> bool:
    """Is there no queue?"""
    return isinstance(task_backends["default"], InlineBackend)
