"""Kafka: the stages count, watch and notify, the embedded broker, the command line and everything that reads files."""
