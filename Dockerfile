# The portal's image: locked dependencies, no compiler, not root.
FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements/prod.lock requirements/prod.lock
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/prod.lock

FROM python:3.11-slim
RUN useradd --system --create-home hubsso && install -d -o hubsso /var/lib/hubsso /var/lib/hubsso/metrics
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY hubsso hubsso
COPY accounts accounts
COPY orgs orgs
COPY sso sso
COPY templates templates
COPY locale locale
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HUBSSO_ENV=prod HUBSSO_DATA_DIR=/var/lib/hubsso PROMETHEUS_MULTIPROC_DIR=/var/lib/hubsso/metrics
USER hubsso
EXPOSE 8000
# HTTP/1 alone, whose heads are bounded; of 24 threads at most 22 wait for IdPs and slow clients.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "24", "--http", "1", "--http1-buffer-size", "65536", "--http1-header-read-timeout", "10000", "--no-ws", "hubsso.wsgi:application"]
