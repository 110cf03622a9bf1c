#!/usr/bin/python3
"""A broker that lies, or whoever has its key: what is signed well and is not the truth"""

import threading

import plek_pb2 as pb
import tap
import zmq
import zmq.utils.z85
from harness import Region
from plekpy.authority import Card
from tools import DONE, PLEK, REFUSED, Tools, run


class Liar:
    """Between a reader and the broker, with the broker's key: @change may make a request another."""

    def __init__(self, region, party, change):
        self.region, self.party, self.change = region, party, change
        endpoints = region.endpoints | {"query": f"ipc://{region.directory}/liar"}
        whole = region.authority.card(region.broker_key.public, endpoints, serial=2)
        self.card = region.directory / "liar.card"
        self.card.write_bytes(Card(whole, region.authority.key.public.sign).whole)
        self.context = zmq.Context()
        self.context.linger = 0
        self.front = self.context.socket(zmq.ROUTER)
        self.front.curve_server = True
        self.front.curve_publickey, self.front.curve_secretkey = region.broker_key.curve()
        self.front.bind(endpoints["query"])
        self.ends = self.context.socket(zmq.PAIR)
        self.ends.bind("inproc://ends")
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        end = self.context.socket(zmq.PAIR)
        end.connect("inproc://ends")
        end.send(b"")
        self.thread.join()
        self.context.destroy()

    def back(self):
        socket = self.context.socket(zmq.DEALER)
        socket.curve_publickey, socket.curve_secretkey = self.region.key(self.party).curve()
        socket.curve_serverkey = zmq.utils.z85.encode(self.region.broker_key.public.transport)
        socket.connect(self.region.endpoints["query"])
        return socket

    def run(self):
        backs = {}  # by the reader's routing id
        while True:
            poller = zmq.Poller()
            for socket in (self.front, self.ends, *backs.values()):
                poller.register(socket, zmq.POLLIN)
            ready = dict(poller.poll())
            if self.ends in ready:
                return
            if self.front in ready:
                peer, body = self.front.recv_multipart()
                if peer not in backs:
                    backs[peer] = self.back()
                request = pb.Request.FromString(body)
                self.change(request)
                backs[peer].send(request.SerializeToString())
            for peer, socket in list(backs.items()):
                if socket in ready:
                    self.front.send_multipart([peer, socket.recv()])

    def plek(self, tools, *command, expect=DONE):
        return run(PLEK, *command, *tools.as_party(self.party),
                   env=tools.env | {"PLEK_CARD": str(self.card)}, expect=expect)


def test_the_history_of_another_hospital_is_not_taken_for_that_of_the_one_asked():
    def ask_of_another(request):
        if request.WhichOneof("request") == "history":
            request.history.location = "strand-1"

    with Region() as region:
        for party in ("duin", "strand"):
            agent = region.agent(party, {f"{party}-1": "oost"})
            agent.state(agent.door(f"{party}-1", pb.DOOR_STOP, care=pb.CARE_ED))
        agent.state(agent.door("strand-1", pb.DOOR_OPEN, care=pb.CARE_ED))
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        with Liar(region, "meldkamer", lambda request: None) as honest:
            done = honest.plek(tools, "history", "duin-1", "--json")
            assert [line["door"]["state"] for line in done.lines() if "door" in line] == ["STOP"]
        with Liar(region, "meldkamer", ask_of_another) as liar:
            done = liar.plek(tools, "history", "duin-1", "--json", expect=REFUSED)
            assert "door" not in done.out, done.out
            assert "not what was asked for" in done.err, done.err


if __name__ == "__main__":
    tap.run(globals())
