"""Sockets and waiting: CURVE, deadlines, no sleeps (PROTOCOL.md, chapter 5)"""

import time

import zmq
import zmq.utils.monitor
import zmq.utils.z85

CONTEXT = zmq.Context()
CONTEXT.linger = 0
CONTEXT.max_sockets = 4096

DEFAULT_S = 10.0


class TimedOut(AssertionError):
    """What was waited for did not come by its deadline."""


def deadline(seconds=DEFAULT_S):
    return time.monotonic() + seconds


def left_ms(until):
    return max(0, int((until - time.monotonic()) * 1000))


def curve_socket(kind, secret, broker_transport):
    """A client's socket; what makes it safe to use is all here."""
    socket = CONTEXT.socket(kind)
    socket.linger = 0
    socket.reconnect_ivl = 100
    socket.reconnect_ivl_max = 1000
    if secret is not None:
        socket.curve_publickey, socket.curve_secretkey = secret.curve()
        socket.curve_serverkey = zmq.utils.z85.encode(broker_transport)
    return socket


def receive(socket, until, what="a message"):
    """All parts of the next message."""
    if not socket.poll(left_ms(until)):
        raise TimedOut(f"{what} did not come")
    return socket.recv_multipart()


def wait_any(sockets, until, what):
    """The sockets that have something; at least one."""
    poller = zmq.Poller()
    for socket in sockets:
        poller.register(socket, zmq.POLLIN)
    ready = dict(poller.poll(left_ms(until)))
    if not ready:
        raise TimedOut(f"{what} did not come")
    return [socket for socket in sockets if socket in ready]


class Monitor:
    """What happens to a socket's connection: handshakes, refusals, disconnects."""

    def __init__(self, socket):
        self.socket = socket
        self.pipe = socket.get_monitor_socket()

    def wait(self, events, until=None):
        """Waits for one of @events (zmq.EVENT_*) and returns it with its value."""
        until = until or deadline()
        while True:
            if not self.pipe.poll(left_ms(until)):
                raise TimedOut(f"none of the events {events} came")
            event = zmq.utils.monitor.recv_monitor_message(self.pipe)
            if event["event"] in events:
                return event["event"], event["value"]

    def close(self):
        self.socket.disable_monitor()
        self.pipe.close(0)
