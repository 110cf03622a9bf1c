"""A desk that plek alert is run at"""

import time

import plek_pb2 as pb
from tools import PLEK, Events, Tools


def alert(tools, party, *arguments):
    """plek alert --json, from where the picture was whole."""
    desk = tools.region.keep(Events(
        [PLEK, "alert", "--json", *tools.as_party(party), *map(str, arguments)], tools.env))
    desk.next(lambda e: e["event"] == "link" and e["link"] == "LIVE")
    return desk


def said(events, what, seconds=20):
    return events.next(lambda e: e["event"] == "alert" and e["alert"] == what, seconds)


def begin(region):
    agent = region.agent("duin", {"duin-1": "oost", "duin-2": "oost"})
    region.enrol_reader("meldkamer")
    region.enrol_reader("rav", name="RAV Oost")
    return agent, Tools(region)


def stop(agent, location="duin-1", state=pb.DOOR_STOP, **fields):
    door = agent.door(location, state, care=pb.CARE_ED, **fields)
    agent.state(door)
    return door


def program(region, name, text):
    return region.write_file(name, f"#!/bin/sh\n{text}\n", 0o755)


def show_environment(region):
    """A program that writes down what it was told, for env_of()."""
    out = region.directory / "told"
    out.mkdir()
    return out, program(region, "show", f"env > {out}/$$.new\nmv {out}/$$.new {out}/$$.told")


def env_of(desk, out, seconds=20, **wanted):
    """What the program was told when it was told what is wanted."""
    until = time.monotonic() + seconds
    while True:
        for path in out.glob("*.told"):
            told = dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines()
                        if "=" in line)
            if all(told.get(f"PLEK_ALERT_{name}") == value for name, value in wanted.items()):
                return told
        assert time.monotonic() < until, f"no program was told of {wanted}"
        desk.read(0.05)


def wait_for(desk, predicate, what, seconds=20):
    """Reads what the desk says until something else is so."""
    until = time.monotonic() + seconds
    while not predicate():
        assert time.monotonic() < until, f"nothing came of {what} in:\n{desk}"
        desk.read(0.05)


def ran(path):
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()
