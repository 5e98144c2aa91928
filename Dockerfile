# One image for every Wattlog process: `docker run wattlog ocpp`, `docker run wattlog partner list`.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/venv
COPY deploy/requirements.lock /tmp/requirements.lock
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.lock

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 wattlog \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/wattlog --shell /usr/sbin/nologin wattlog \
    && install --directory --owner 10001 --group 10001 /var/lib/wattlog
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/wattlog
COPY LICENSE deploy/prepare.py ./
COPY schemas schemas
COPY services services
RUN /opt/venv/bin/python -m compileall -q services
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WATTLOG_DATA_DIR=/var/lib/wattlog \
    WATTLOG_METRICS_HOST=0.0.0.0 \
    WATTLOG_OCPP_HOST=0.0.0.0 \
    WATTLOG_OCPP_SOAP_HOST=0.0.0.0 \
    WATTLOG_OCPI_HOST=0.0.0.0 \
    WATTLOG_CONSOLE_HOST=0.0.0.0 \
    WATTLOG_PROOF_HOST=0.0.0.0 \
    WATTLOG_NAP_HOST=0.0.0.0 \
    WATTLOG_REGISTRY_HOST=0.0.0.0
USER 10001:10001
VOLUME /var/lib/wattlog
ENTRYPOINT ["python", "-m", "services"]
CMD ["--help"]
