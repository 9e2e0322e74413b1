# syntax=docker/dockerfile:1

FROM swift:6.3-bookworm AS build
WORKDIR /build
COPY .ci/install-packages .ci/
RUN .ci/install-packages runtime && rm -rf /var/lib/apt/lists/*
# The dependencies have a layer of their own, which lasts until one of them changes.
COPY Package.* ./
RUN swift package resolve
COPY . .
RUN swift build --configuration release --product quran --static-swift-stdlib \
    && install -D "$(swift build --configuration release --product quran --static-swift-stdlib --show-bin-path)/quran" \
        /out/quran

FROM debian:bookworm-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates libbrotli1 libhiredis0.14 libpq5 libsqlite3-0 libstdc++6 libxxhash0 tzdata zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/quran --create-home --shell /usr/sbin/nologin quran
COPY --from=build /out/quran /usr/local/bin/quran
COPY migrations /usr/share/quran-backend/migrations
COPY seed-data /usr/share/quran-backend/seed-data
# A library that is missing shall fail the build, not the first start.
RUN ! ldd /usr/local/bin/quran | grep 'not found'

ENV QURAN_RESOURCES=/usr/share/quran-backend \
    DATABASE_URL=sqlite:/var/lib/quran/quran.sqlite \
    HOST=0.0.0.0 \
    PORT=8080
USER quran
WORKDIR /var/lib/quran
VOLUME /var/lib/quran
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD quran health --url "http://127.0.0.1:$PORT"
ENTRYPOINT ["quran"]
CMD ["serve", "--migrate", "--seed"]
