"""Events on their way into Kafka."""
