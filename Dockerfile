# The portal's image: locked dependencies, no compiler, not root, nothing written but below /run/hubsso and /tmp.
FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements/prod.lock requirements/prod.lock
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/prod.lock
COPY manage.py ./
COPY hubsso hubsso
COPY accounts accounts
COPY orgs orgs
COPY sso sso
COPY templates templates
COPY locale locale
# Production's settings want keys; those of the build are made here and thrown away.
RUN HUBSSO_ENV=prod HUBSSO_STATIC_DIR=/app/static HUBSSO_BASE_URL=https://build.invalid HUBSSO_SMTP_HOST=build.invalid \
    HUBSSO_SECRET_KEY="$(/venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    HUBSSO_ENCRYPTION_KEYS="$(/venv/bin/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
    /venv/bin/python manage.py collectstatic --noinput && /venv/bin/python -m compileall -q hubsso accounts orgs sso

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home hubsso && install -d -o hubsso -m 0700 /run/hubsso
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HUBSSO_ENV=prod HUBSSO_DATA_DIR=/run/hubsso \
    HUBSSO_STATIC_DIR=/app/static PROMETHEUS_MULTIPROC_DIR=/run/hubsso
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
# HTTP/1 alone, whose heads are bounded; of 24 threads at most 22 wait for IdPs and slow clients.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "24", "--http", "1", "--http1-buffer-size", "65536", "--http1-header-read-timeout", "10000", "--no-ws", "hubsso.wsgi:application"]
