"""Background jobs: what is done beside requests, by Django's own tasks API with the database as queue.

A job is a function that `registry.job` marks. `.enqueue(...)` puts it in the queue, in the caller's transaction: what
is rolled back leaves no job behind. `manage.py work` runs what waits, and enqueues what is due again (`schedule`).
A job that fails is tried again, later and later, and stays in the list as failed when its tries are used up
(`retries`); one whose worker died is taken up again (`lost`). Any job may therefore run twice, and must bear it.

With `HUBSSO_TASKS=inline` there is no queue: a job runs in the process that asked for it, right after its
transaction, and once. This package alone knows the library. Its table and ours hold no secret in the clear: what a
job is told is names and keys of rows, and letters are sealed.
"""
