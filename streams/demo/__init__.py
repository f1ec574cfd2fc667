"""The demo: a seeded webshop's day on real Kafka, told as it happens."""
