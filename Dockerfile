# The service and the command, without the tools that build them; as the user node, never as root.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.base.json LICENSE ./
COPY bin bin
COPY examples examples
COPY graph-schema graph-schema
COPY src src
COPY console console
RUN npx tsc -b src && npx vite build console && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20-slim
ENV NODE_ENV=production RINGFENCE_STORE=/data/ringfence.duckdb
RUN mkdir /data && chown node:node /data
WORKDIR /app
COPY --from=build /app ./
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/ringfence.js"]
# It does not start on this address before the store has an API key: see docs/neo4j.md.
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
