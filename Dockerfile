# One image for the router, the subgraphs and the worker; the command says which.

FROM node:24-slim AS graphiql
WORKDIR /build/web/graphiql
COPY web/graphiql/package.json web/graphiql/package-lock.json web/graphiql/.npmrc ./
RUN npm ci --ignore-scripts
COPY web/graphiql/ ./
RUN node bundle.mjs /build/graphiql

FROM python:3.11-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements-production.lock /tmp/
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/requirements-production.lock \
    && /opt/venv/bin/python -m compileall -q /opt/venv

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/studium studium
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY router/ router/
COPY shared/ shared/
COPY subgraphs/ subgraphs/
COPY studium/ studium/
COPY schema/ schema/
COPY --from=graphiql /build/graphiql/ router/serve/dist/graphiql/
USER 10001
ENV STUDIUM_DATA=/var/lib/studium
EXPOSE 8000
ENTRYPOINT ["python", "-m", "studium"]
CMD ["router"]
