"""What a log is: records, their hash chain, cuts; and Kafka as one."""
