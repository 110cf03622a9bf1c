#!/usr/bin/python3
"""What an operator and the authority do with plek: admit, suspend, parties, status, confirm, whoami"""

import shutil

import plek_pb2 as pb
import tap
from harness import Region, until_true
from plekpy import keys
from plekpy.authority import DAY_MS, now_ms
from tools import DONE, FILE, REFUSED, UNREACHABLE, USAGE, Tools


def enrol(tools, party, *arguments):
    """Signs with plek; returns the file."""
    path = tools.region.directory / f"{party}.enrolment"
    tools.plek("enrol", "--authority", tools.authority(), "--network",
               tools.region.authority.network_name, "--party", party, "--public-key",
               keys.format_public(tools.region.key(party).public), "--output", path, *arguments)
    return path


def test_a_party_that_plek_enrolled_and_admitted_takes_part():
    with Region() as region:
        tools = Tools(region)
        agent = enrol(tools, "duin", "--role", "agent", "--location", "duin-ed=oost")
        reader = enrol(tools, "meldkamer", "--role", "subscriber", "--reads", "care")
        assert tools.control("admit", agent, reader).out.count("in force since revision") == 2
        tools.put("duin", "door", "--location", "duin-ed", "OPEN")
        assert [r["door"]["state"] for r in tools.get("meldkamer")] == ["OPEN"]
        # Once more changes nothing; an older one is refused, and does not stop the others.
        assert tools.control("admit", "--json", agent).one()["revision"] == 3
        older = enrol(tools, "duin", "--role", "operator", "--serial", "5")
        newer = enrol(tools, "meldkamer", "--role", "subscriber", "--reads", "coord", "--serial",
                      "2000000000")
        said = tools.control("admit", older, newer, expect=REFUSED)
        assert "duin.enrolment: refused (SERIAL)" in said.err and "meldkamer" in said.out


def test_what_is_no_enrolment_is_not_admitted():
    with Region() as region:
        tools = Tools(region)
        path = region.write_file("letter", "Dear broker")
        assert "letter" in tools.control("admit", path, expect=REFUSED).err
        assert "cannot be read" in tools.control("admit", "nothing", expect=FILE).err
        other = Region(start=False)
        foreign = Tools(other)
        path = enrol(foreign, "duin", "--role", "operator")
        assert "refused" in tools.control("admit", path, expect=REFUSED).err
        shutil.rmtree(other.directory)


def test_a_suspended_party_is_cut_off_and_comes_back():
    with Region() as region:
        tools = Tools(region)
        region.enrol_agent("duin", {"duin-ed": "oost"})
        tools.put("duin", "door", "--location", "duin-ed", "OPEN")
        assert tools.control("suspend", "duin", "--reason", "a stolen laptop").out == \
            "duin is suspended\n"
        state = tools.control("parties", "duin", "--json").one()
        assert state["state"] == "suspended" and state["records"] == 1
        said = tools.put("duin", "door", "--location", "duin-ed", "STOP", expect=REFUSED).err
        assert "suspended" in said, said
        said = tools.plek("whoami", "--timeout", "1s", party="duin", expect=REFUSED).err
        assert "suspended" in said, said
        tools.control("unsuspend", "duin")
        tools.put("duin", "door", "--location", "duin-ed", "STOP")
        assert "NOT_FOUND" in tools.control("suspend", "nobody", expect=REFUSED).err


def test_one_key_of_a_party_is_suspended():
    with Region() as region:
        tools = Tools(region)
        old, new = keys.SecretKey(), keys.SecretKey()
        region.keys |= {"duin": new, "old": old}
        region.enrol_agent("duin", {"duin-ed": "oost"}, public_keys=[old.public, new.public])
        ids = tools.plek("whoami", "--json", party="old").one()["transport_key_id"]
        tools.control("suspend", "duin", "--key-id", ids)
        tools.put("duin", "door", "--location", "duin-ed", "OPEN")
        assert "suspended" in tools.put("old", "door", "--location", "duin-ed", "OPEN",
                                        expect=REFUSED).err


def test_parties_says_how_each_of_them_is():
    with Region() as region:
        tools = Tools(region)
        region.enrol_agent("duin", {"duin-ed": "oost"}, name="Duinzicht")
        region.enrol_agent("weg", {"weg-1": "oost"})
        region.enrol_reader("oud", valid_from_ms=now_ms() - 9 * DAY_MS,
                            valid_until_ms=now_ms() - DAY_MS)
        region.enrol_reader("zaal")
        region.enrol_reader("zcc", coord=True)
        region.enrol_agent("ex", {"ex-1": "oost"})
        region.submit(region.authority.revoke("ex", [region.key("ex").public]))
        tools.put("duin", "counts", "--location", "duin-ed", "--care", "ED", "staffed=4")
        agent = region.agent("weg")

        def states():
            return {p["party"]: p["state"] for p in tools.control("parties", "--json").lines()}

        assert states() == {"duin": "never", "weg": "connected", "oud": "expired",
                            "ex": "revoked", "zaal": "reader", "zcc": "coordinator"}, states()
        assert "connected since " in tools.control("parties", "weg", "--lang", "en").out
        agent.close()
        until_true(lambda: states()["weg"] == "away", what="the agent away")

        assert "lost since " in tools.control("parties", "weg", "--lang", "en").out
        assert tools.control("parties", "weg", "--json").one()["since_ms"] > 0
        assert "never connected" in tools.control("parties", "duin", "--lang", "en").out
        table = tools.control("parties").out.splitlines()
        assert len(table) == 7 and table[0].split()[0] == "party"
        whole = tools.control("parties", "duin").out
        assert "Duinzicht" in whole and "duin-ed (oost)" in whole
        assert keys.format_public(region.key("duin").public) in whole
        assert "partij" in tools.control("parties", "--lang", "nl").out
        one = tools.control("parties", "duin", "--json").one()
        assert (one["records"], one["accepted"], one["refused"]) == (1, 1, 0)
        assert one["locations"] == ["duin-ed"] and one["roles"] == "AGENT"
        assert "refused" in tools.control("parties", "nobody", expect=REFUSED).err


def test_twins_are_seen_by_the_operator():
    with Region() as region:
        tools = Tools(region)
        region.agent("duin", {"duin-ed": "oost"})
        assert tools.control("parties", "duin", "--json").one()["state"] == "connected"
        assert not tools.control("status", "--json").one()["warnings"]
        twin = region.agent("duin")
        # A person beside a feed is no twin of it.
        region.agent("bos", {"bos-1": "oost"})
        region.agent("bos", kind=pb.PEER_HAND)

        states = {p["party"]: p["state"] for p in tools.control("parties", "--json").lines()}
        assert states == {"duin": "twins", "bos": "connected"}, states
        assert "dubbel" in tools.control("parties", "--lang", "nl").out
        warned = tools.control("status", "--json").one()["warnings"]
        assert len(warned) == 1 and "two agents use one key" in warned[0], warned
        assert "two agents use one key" in tools.control("status").out

        twin.close()
        until_true(lambda: not tools.control("status", "--json").one()["warnings"],
                   what="one of them gone")
        assert tools.control("parties", "duin", "--json").one()["state"] == "connected"


def test_whoami_says_what_the_broker_knows():
    with Region() as region:
        tools = Tools(region)
        region.enrol_agent("duin", {"duin-ed": "oost"})
        said = tools.plek("whoami", party="duin").out
        assert "is enrolled for duin" in said and "duin-ed (oost)" in said
        one = tools.plek("whoami", "--json", party="duin").one()
        assert one["enrolled"] and one["roles"] == "AGENT"
        assert one["locations"] == [{"location": "duin-ed", "region": "oost"}]
        assert "spreekt voor" in tools.plek("whoami", "--lang", "nl", party="duin").out


def test_a_guest_is_told_that_it_is_one_with_the_id_of_its_key():
    with Region() as region:
        tools = Tools(region)
        region.key("stranger")
        stranger = tools.plek("whoami", "--json", party="stranger", expect=REFUSED)
        one = stranger.one()
        assert not one["enrolled"] and one["transport_key_id"] in one["text"]
        # Without any key: a guest with a random one.
        assert "not enrolled here" in tools.plek("whoami", expect=REFUSED).out
        # What only parties may do is refused for that reason, not waited for in vain.
        for command in (("get", "--timeout", "2s"),
                        ("put", "door", "--location", "duin-ed", "OPEN"),
                        ("put", "--check", "door", "--location", "duin-ed", "OPEN"), ("status",)):
            said = tools.plek(*command, party="stranger", expect=REFUSED).err
            assert "not enrolled" in said, (command, said)


def test_roles_that_are_lacking_are_named():
    with Region() as region:
        tools = Tools(region)
        region.enrol_agent("duin", {"duin-ed": "oost"})
        region.enrol_reader("meldkamer")
        assert "SUBSCRIBER" in tools.plek("get", "--timeout", "2s", party="duin",
                                          expect=REFUSED).err
        assert "refused" in tools.plek("status", party="duin", expect=REFUSED).err
        said = tools.put("meldkamer", "door", "--location", "duin-ed", "OPEN", "--timeout", "2s",
                         expect=REFUSED).err
        assert "AGENT" in said or "ROLE" in said, said


def test_status_is_for_people_and_for_scripts():
    with Region() as region:
        tools = Tools(region)
        region.enrol("beheer", [pb.ROLE_OPERATOR])
        region.enrol_agent("duin", {"duin-ed": "oost"})
        tools.put("duin", "door", "--location", "duin-ed", "OPEN")
        tools.put("duin", "door", "--location", "elders", "OPEN", expect=REFUSED)
        for how in (lambda *a: tools.control("status", *a),
                    lambda *a: tools.plek("status", *a, party="beheer")):
            one = how("--json").one()
            assert one["network"] == "oost-test" and one["accepting"] and one["revision"] > 3
            assert one["metrics"]["plek_updates_accepted_total"] == 1
            assert one["metrics"]['plek_updates_refused_total{code="LOCATION"}'] == 1
            said = how().out
            for part in (one["epoch"], "parties     2", "connections updates", "/s received",
                         "since start 1 accepted, 1 refused", 'refused     1  code="LOCATION"',
                         "disk ", "last commit"):
                assert part in said, (part, said)
        assert "plek_rounds_total" in tools.control("status", "--all").out
        assert "aangenomen" in tools.control("status", "--lang", "nl").out


def test_status_without_an_authority_says_the_next_step():
    with Region(settings={"network": None, "authority": None}) as region:
        tools = Tools(region)
        said = tools.control("status").out
        assert "no authority is configured" in said and "NOT ACCEPTED since" in said
        assert not tools.control("status", "--json").one()["accepting"]


def test_a_broker_that_was_rolled_back_is_confirmed():
    with Region() as region:
        tools = Tools(region)
        agent = region.agent("duin", {"duin-ed": "oost"})
        region.daemon.stop()
        shutil.copytree(region.directory / "data", region.directory / "copy")
        region.daemon.start()
        agent.reconnect()
        agent.state(agent.door("duin-ed", pb.DOOR_OPEN))
        region.daemon.stop()
        shutil.rmtree(region.directory / "data")
        (region.directory / "copy").rename(region.directory / "data")
        region.daemon.start()
        agent.reconnect()
        warned = until_true(lambda: tools.control("status", "--json").one()["warnings"],
                            what="a warning")
        assert any("confirm" in warning for warning in warned), warned
        assert "warning" in tools.control("status").out
        tools.control("confirm", "epoch")
        assert not tools.control("status", "--json").one()["warnings"]


def test_the_control_socket_and_the_broker_gone_are_told_apart():
    with Region() as region:
        tools = Tools(region)
        region.daemon.stop()
        for command in (tools.control, tools.plek):
            done = command("status", "--timeout", "300ms", expect=UNREACHABLE,
                           **({} if command == tools.control else {"party": "x"}))
            assert region.address in done.err or "control" in done.err
        assert DONE == 0 and USAGE == 2


if __name__ == "__main__":
    tap.run(globals())
