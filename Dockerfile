# syntax=docker/dockerfile:1
FROM python:3.13-slim-bookworm AS build
WORKDIR /source
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /tools && /tools/bin/pip install --quiet --require-hashes -r requirements-build.txt \
    && python -m venv /app && /app/bin/pip install --quiet --require-hashes -r requirements.txt
COPY pyproject.toml LICENSE ./
COPY domain domain
COPY projections projections
COPY services services
RUN /tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /app/bin/pip install --quiet --no-deps --no-index /wheels/grundbok-*.whl

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home grundbok
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 GRUNDBOK_DATA=/data
USER grundbok
WORKDIR /data
VOLUME /data
ENTRYPOINT ["grundbok"]
CMD ["--help"]
