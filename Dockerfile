# syntax=docker/dockerfile:1

# The compiler that the project is tested with: `rust-version` in Cargo.toml is the same. Without default features the
# image has no `runner dev`, which would need PostgreSQL's server programs.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# Shown by `runner --version`: docker build --build-arg RUNNER_COMMIT=$(git rev-parse --short HEAD) .
ARG RUNNER_COMMIT
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package runner --no-default-features \
    && cp target/release/runner /usr/local/bin/runner

# Contains libc, libgcc and the CA certificates, but no shell and no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /usr/local/bin/runner /usr/local/bin/runner
COPY pipelines /etc/runner/pipelines
COPY schemas /etc/runner/schemas
WORKDIR /etc/runner
# The user `nonroot` as a number, so that Kubernetes can verify that it is not root.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/runner"]
CMD ["run", "pipelines"]
