# One image for the three roles: `docker run paramedic worker|detector|server --config F`.
# Debian, not Alpine: the Temporal SDK's native core is built for glibc.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
# The manifests alone first: a change of the sources then costs no new installation.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY scripts ./scripts
COPY src ./src
COPY fleet ./fleet
COPY bin ./bin
RUN node scripts/build.mjs && npm prune --omit=dev --ignore-scripts

FROM node:20.20.2-bookworm-slim
# The SDK's core takes the system's authorities for TLS; the slim image has none.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production PARAMEDIC_DATA_DIR=/data
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/bin ./bin
COPY package.json LICENSE ./
# A new volume takes the owner of the folder that it is mounted on.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
ENTRYPOINT ["node", "/app/bin/paramedic"]
CMD ["--help"]
