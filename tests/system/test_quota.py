#!/usr/bin/python3
"""A party that holds or sends too much is told so, and takes nothing from others."""

import signal

import plek_pb2 as pb
import tap
from harness import Region, until_true
from tools import Tools, write_aside

N_RECORDS = 10


def ward(agent, number, staffed=1):
    return agent.counts(f"{agent.party}-1", f"w{number}", pb.CARE_WARD, staffed=staffed)


def test_a_party_holds_no_more_records_than_it_may():
    with Region(settings={"party-records-max": N_RECORDS}) as region:
        agent, other = (region.agent(party, {f"{party}-1": "oost"}) for party in ("duin", "bos"))
        reader = region.reader("meldkamer")
        for number in range(N_RECORDS):
            agent.state(ward(agent, number))
        refused = agent.refused(ward(agent, N_RECORDS))
        assert refused.code == pb.REFUSED_QUOTA, refused
        assert "duin holds 10 records" in refused.refusal.text, refused
        assert "withdraw what no longer exists" in refused.refusal.text

        # What it holds it may still say, and others hold as many.
        agent.state(ward(agent, 3, staffed=7))
        agent.state(agent.affirm("duin-1", pb.LANE_COUNTS))
        for number in range(N_RECORDS):
            other.state(ward(other, number))
        # Also after a restart: it is counted from what is kept.
        region.daemon.kill()
        region.daemon.start()
        agent.reconnect()
        assert agent.refused(ward(agent, N_RECORDS)).code == pb.REFUSED_QUOTA

        agent.state(agent.withdraw(ward(agent, 0)))
        last = ward(agent, N_RECORDS)
        agent.state(last)
        reader.greet()
        assert reader.find(last) and len(reader.records()) == 2 * N_RECORDS


def test_an_agent_whose_party_may_hold_more_by_now_says_it_again():
    with Region(settings={"party-records-max": N_RECORDS}) as region:
        tools = Tools(region)
        region.enrol_agent("duin", {"duin-1": "oost"})
        mapping = region.write_file(
            "beds.map", "[feed]\nfile = beds.csv\n[report r]\nkind = counts\nlocation = duin-1\n"
            "unit = {ward}\ncare = WARD\nstaffed = {open}\n")
        write_aside(region.directory / "beds.csv",
                    "ward,open\n" + "".join(f"w{n},30\n" for n in range(N_RECORDS + 1)))
        reader = region.reader("meldkamer")
        tools.agent("duin", mapping)
        reader.wait(lambda: len(reader.records()) == N_RECORDS)
        until_true(lambda: region.metrics()["plek_updates_refused_total", 'code="QUOTA"'],
                   what="a refusal")
        region.write_config(**{"party-records-max": 100})
        region.daemon.process.send_signal(signal.SIGHUP)
        until_true(lambda: "was reloaded" in region.daemon.said(), what="the reload")
        reader.wait(lambda: len(reader.records()) == N_RECORDS + 1, what="the eleventh")


def test_a_party_that_sends_too_much_is_told_and_others_are_not_held_up():
    with Region(settings={"updates-per-second": 1, "updates-at-once": 5}) as region:
        agent, other = (region.agent(party, {f"{party}-1": "oost"}) for party in ("duin", "bos"))
        for number in range(30):
            agent.send(ward(agent, number))
        # What comes too fast is not even read, so it has no number of its own.
        outcome = agent.outcome(0)
        assert outcome.refusal.code == pb.REFUSED_QUOTA, outcome
        other.state(ward(other, 1))

        def party(name):
            return next(p for p in region.operator().ask(parties=pb.PartiesRequest())
                        .parties.parties if p.party == name)
        until_true(lambda: party("duin").n_accepted + party("duin").n_refused == 30,
                   what="all of them counted")
        assert 5 <= party("duin").n_accepted < 10, party("duin")
        assert (party("bos").n_accepted, party("bos").n_refused) == (1, 0)


if __name__ == "__main__":
    tap.run(globals())
