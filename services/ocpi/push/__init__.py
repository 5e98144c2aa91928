"""Tells partners what changed: an outbox in Kafka, and a courier per partner."""
