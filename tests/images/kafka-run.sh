#!/bin/sh
# What the official image does: properties from the environment, storage formatted, broker in the place of this shell.
set -eu
export CLUSTER_ID="${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}"
java="/opt/java/bin/java -Xmx768m -XX:+UseSerialGC -cp /opt/kafka/libs/*"
set -f
told=$($java kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
    --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1) \
    || echo "$told" | grep "already formatted" \
    || { echo "$told"; exit 1; }
exec $java -Dlog4j2.configurationFile=/etc/kafka/docker/log4j2.properties kafka.Kafka /opt/kafka/config/server.properties
