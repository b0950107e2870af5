# Build: everything, then the bundled JavaScript in dist/ and the compiled definitions in build/.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts ./scripts
COPY src ./src
RUN npm ci --omit=optional
COPY . .
RUN npm run build

# Run: production dependencies only, as an unprivileged user, data in a volume.
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY --from=build /app/dist ./dist
COPY --from=build /app/build ./build
COPY bin ./bin
RUN mkdir -p /data && chown node:node /data
USER node
VOLUME /data
ENV HANDOFF_CONFIG=/etc/handoff/handoff.yaml HANDOFF_DATABASE=sqlite:/data HANDOFF_HTTP=0.0.0.0:8080 HANDOFF_MLLP=0.0.0.0:2575 HANDOFF_KEY_FILE=/data/hub.key
EXPOSE 8080 2575
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "bin/handoff.mjs", "start"]
