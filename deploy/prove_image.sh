#!/bin/sh
# Builds the image and shows on this machine's Docker that each service runs from it with no right on its machine: as
# nobody's user, on a read-only root, without capabilities; that it becomes healthy, and ends in order when told to.
# SPM_KAFKA and SPM_MONGO name engines that are reached from the host's network. SPM_BASE_IMAGE stands in for the base.
set -eu
cd "$(dirname "$0")/.."
: "${SPM_KAFKA:?name a Kafka that runs}" "${SPM_MONGO:?name a MongoDB that runs}"
secrets=$(mktemp -d)
port=${SPM_FIRST_PORT:-18080}
names=""

end() {
    for name in $names; do docker rm --force "$name" >/dev/null; done
    rm -rf "$secrets"
}
trap end EXIT INT TERM

fail() {
    echo "NOT PROVEN: $*" >&2
    exit 1
}

docker build --network host --build-arg "BASE=${SPM_BASE_IMAGE:-python:3.11-slim-bookworm}" \
    --file deploy/Dockerfile --tag spm-awards . >/dev/null
python -m deploy.local.credentials "$secrets"
chmod 755 "$secrets"
chown 10001 "$secrets"/*.json

for service in intake validation scoring notify; do
    name="spm-prove-$$-$service"
    names="$names $name"
    docker run --detach --name "$name" --network host --read-only --tmpfs /tmp --cap-drop ALL \
        --security-opt no-new-privileges:true --health-interval 2s --stop-timeout 30 \
        --env SPM_KAFKA --env SPM_MONGO --env SPM_HTTP_HOST=127.0.0.1 --env "SPM_HTTP_PORT=$port" \
        --env SPM_API_KEYS=/run/secrets/keys.json --env SPM_RECEIPT_KEYS=/run/secrets/receipt-keys.json \
        --env SPM_WEBHOOK_SECRET=/run/secrets/webhook-secret.json --volume "$secrets:/run/secrets:ro" \
        spm-awards python -m "services.$service" >/dev/null
    port=$((port + 1))
done

for service in intake validation scoring notify; do
    name="spm-prove-$$-$service"
    tries=0
    until [ "$(docker inspect --format '{{.State.Health.Status}}' "$name")" = healthy ]; do
        tries=$((tries + 1))
        [ "$tries" -le 120 ] || { docker logs --tail 5 "$name" >&2; fail "$service is not healthy after 240 s"; }
        sleep 2
    done
    [ "$(docker exec "$name" id -u)" = 10001 ] || fail "$service runs as another user than 10001"
    docker exec "$name" sh -c ': > /opt/spm/written' 2>/dev/null && fail "$service can write to its root"
    docker exec "$name" grep -q '^CapEff:[[:space:]]*0*$' /proc/1/status || fail "$service has capabilities"
    docker stop "$name" >/dev/null
    code=$(docker inspect --format '{{.State.ExitCode}}' "$name")
    [ "$code" = 0 ] || fail "$service ended with $code when it was told to stop"
    echo "$service: healthy, uid 10001, root read-only, no capabilities, ended in order"
done
echo "PROVEN: the image runs every service with no right on its machine"
