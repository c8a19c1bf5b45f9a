"""Jobs in Django's admin, for operators: to look at, and to run again. Nothing is added, changed or deleted."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_tasks_db import admin as _library_admin  # noqa: F401 - registers what is taken back below
from django_tasks_db.models import DBTaskResult, get_date_max

from hubsso.jobs import retries, schedule
from hubsso.jobs.models import PeriodicJob, QueuedJob
from hubsso.jobs.registry import JOBS

# The library's shows the same, and has no way to run a job again.
admin.site.unregister(DBTaskResult)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What may be seen may be run, by those who may change it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_run_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)


class NameFilter(admin.SimpleListFilter):
    """By the jobs that there are: to ask the table for their names would read all of it."""

    title = _("job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in sorted(JOBS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(task_path=self.value()) if self.value() else queryset


@admin.register(QueuedJob)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("task_path", "status", "tries", "enqueued_at", "finished_at", "due_at")
    list_filter = ("status", NameFilter)
    search_fields = ("=id", "task_path")
    ordering = ("-enqueued_at",)
    show_full_result_count = False
    actions = ("run_again",)
    fields = (
        "id",
        "task_path",
        "args_kwargs",
        "status",
        "tries",
        "priority",
        "enqueued_at",
        "due_at",
        "started_at",
        "finished_at",
        "return_value",
        "exception_class_path",
        "traceback",
    )

    @admin.display(description=_("tries"))
    def tries(self, job: Any) -> int:
        return len(job.worker_ids)

    @admin.display(description=_("due"), ordering="run_after")
    def due_at(self, job: Any) -> datetime | None:
        """When one that was put off comes again."""
        return None if job.finished_at or job.run_after == get_date_max() else job.run_after

    @admin.action(description=_("Run again what has failed"), permissions=("run",))
    def run_again(self, request: HttpRequest, jobs: QuerySet[Any]) -> None:
        count = sum(retries.run_again(job) for job in jobs)
        said = ngettext("%(count)d job will run again.", "%(count)d jobs will run again.", count)
        messages.info(request, said % {"count": count})


@admin.register(PeriodicJob)
class PeriodicJobAdmin(ReadOnlyAdmin):
    list_display = ("name", "last_run_at", "next_run_at")
    actions = ("run_soon",)

    @admin.action(description=_("Run soon"), permissions=("run",))
    def run_soon(self, request: HttpRequest, jobs: QuerySet[PeriodicJob]) -> None:
        for job in jobs:
            schedule.run_soon(job.name, now=timezone.now())
        messages.info(request, _("A worker takes them up within a minute."))
