"""What every service stands on: Kafka, MongoDB, HTTP, time, logs, metrics, errors. No word of the law."""
