# syntax=docker/dockerfile:1
FROM node:24-bookworm AS build
WORKDIR /footpath
COPY package.json package-lock.json tsconfig.json LICENSE ./
COPY scripts scripts
COPY src src
COPY collectors collectors
COPY migrations migrations
# Builds, then leaves only what runs.
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production FOOTPATH_DB=/data/footpath.db
WORKDIR /footpath
COPY --from=build /footpath/package.json /footpath/LICENSE ./
COPY --from=build /footpath/node_modules node_modules
COPY --from=build /footpath/dist dist
COPY --from=build /footpath/migrations migrations
# The root may be read-only: only /data is written. Whoever execs into the container finds the program by its name.
RUN mkdir /data && chown 65532:65532 /data && ln -s /footpath/dist/src/main.js /usr/local/bin/footpath
VOLUME /data
# A number: Kubernetes can tell that it is not root.
USER 65532:65532
WORKDIR /data
EXPOSE 8470
ENTRYPOINT ["node", "/footpath/dist/src/main.js"]
CMD ["serve", "--config", "/etc/footpath/footpath.yaml"]
