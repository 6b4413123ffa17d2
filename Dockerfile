# Torhaus in a container. deploy/README.md says how to run it.
#
# The Node of the base image runs it, so it must be 24.9 or later; name a digest here for builds that can be repeated.
ARG NODE_IMAGE=node:26-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without scripts: nothing of a package runs while it is installed.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY bin bin
COPY config config
COPY deploy/roll-out deploy/roll-out
COPY devkit/build devkit/build
COPY middleware middleware
COPY src src
RUN npm run build

FROM ${NODE_IMAGE}
# Nothing is installed at run time.
RUN rm -rf /usr/local/lib/node_modules/npm /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/lib/node_modules/corepack /opt/yarn* /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && ln -s /app/bin/torhaus.mjs /usr/local/bin/torhaus \
 && install -d -m 0700 -o node -g node /data
COPY --from=build /app/dist /app/dist
COPY package.json /app/
COPY bin /app/bin
# The store is made there, where the configuration names no other place; the only folder it writes to.
ENV NODE_ENV=production STATE_DIRECTORY=/data
USER node
WORKDIR /data
VOLUME /data
EXPOSE 8080
# Whether workers answer requests, as the supervisor last saw; a worker that stands still it replaces by itself.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ADMIN_PORT || 9090}/livez`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "/app/dist/main.js", "--config", "/etc/torhaus/torhaus.yaml"]
