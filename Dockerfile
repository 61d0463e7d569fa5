# A small image of graph-pstn, run by a user without rights.
#
#   docker build -t graph-pstn .
#   docker build -t graph-pstn:l4 --build-arg FEATURES=cloud-us-gov-l4 .      # for one cloud
#
# `bundled-roots` trusts Mozilla's list of certificate authorities as it was at build time. To trust your
# own as well (a proxy that inspects TLS), mount its PEM file and name it: GRAPH_PSTN_CA_CERTIFICATE=/etc/ca.pem.

FROM rust:1-slim-bookworm AS build
ARG FEATURES=all-clouds
# aws-lc-rs compiles C.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc g++ make cmake \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package graph-pstn-cli \
        --no-default-features --features "$FEATURES,bundled-roots" \
    && mkdir --mode=0700 /data

# glibc and libgcc, no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /source/target/release/graph-pstn /usr/local/bin/graph-pstn
COPY --from=build --chown=nonroot:nonroot /data /data
# The id and not the name, so that Kubernetes can see that it is not root.
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/graph-pstn"]
CMD ["--help"]
