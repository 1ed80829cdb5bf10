"""The way of events into Kafka."""
