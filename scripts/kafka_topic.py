"""Creates a topic. For scripts/catch-up: kcat creates none, and Kafka's own tool is not among the jars of scripts/servers."""

import socket
import struct

from measured import Failed

CREATE_TOPICS, VERSION = 19, 4
TIMEOUT = 30


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def create_topic(brokers, topic, partitions):
    """Creates `topic` at the first of `brokers`, which must be without protection."""
    host, _, port = brokers.split(",")[0].rpartition(":")
    header = struct.pack(">hhi", CREATE_TOPICS, VERSION, 1) + text("catch-up")
    # One topic of one replica, with no assignments and no configuration of its own; it is created, not only validated.
    body = struct.pack(">i", 1) + text(topic) + struct.pack(">ihii", partitions, 1, 0, 0) + struct.pack(">i?", TIMEOUT * 1000, False)
    with socket.create_connection((host, int(port)), TIMEOUT) as broker, broker.makefile("rb") as answers:
        broker.sendall(struct.pack(">i", len(header + body)) + header + body)
        answer = answers.read(struct.unpack(">i", answers.read(4))[0])
    # Correlation id, time of throttling, number of topics, the name, the error.
    (error,) = struct.unpack_from(">h", answer, 12 + 2 + len(topic))
    if error:
        raise Failed(f"Kafka does not create the topic: error {error}")
