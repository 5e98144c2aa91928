"""Runs processors' folds on Kafka: nothing lost, states right, whatever is killed and when.

A processor is a pure `fold` (services.domain.folding). This package reads its inputs, keeps its states, delivers
what it publishes, and owns the order in which those become durable:

    outputs delivered -> changelog delivered -> local store -> source offsets committed
"""
