# syntax=docker/dockerfile:1
# One static binary in an image with nothing else: no shell, no root, nothing to write to but /data.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /nuanju ./cmd/nuanju \
    && mkdir -p /data && chown 65532:65532 /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /nuanju /usr/local/bin/nuanju
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /data
VOLUME ["/data"]
ENV NUANJU_DATA=/data NUANJU_LISTEN=:8080 NUANJU_METRICS=:9090
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["/usr/local/bin/nuanju", "health"]
ENTRYPOINT ["/usr/local/bin/nuanju"]
CMD ["serve"]
