"""libplek against the real broker, by its two example programs"""

import shutil
import subprocess

import plek_pb2 as pb
import programs
import tap
from harness import BUILD, Region, until_true


def pair(region):
    """A publisher and a subscriber, both connected."""
    region.enrol_agent("duin", {"duin-ed": "oost"})
    region.enrol_reader("meldkamer")
    reader = programs.subscriber(region, "meldkamer")
    reader.expect("^link live in-sync")
    agent = programs.publisher(region, "duin", "duin-ed")
    agent.expect("^link connected")
    return agent, reader


def test_what_is_put_arrives_checked_and_what_ends_is_withdrawn():
    with Region() as region:
        agent, reader = pair(region)
        agent.tell("counts ic ICU_ADULT 12 11", "door STOP")
        agent.expect("^accepted door")
        reader.expect_all(
            "^new EXERCISE/duin/duin-ed/door/-/- fresh STOP",
            "^new .*counts/ic/ICU_ADULT fresh staffed 12 occupied 11 free 1 .computed.")
        agent.tell("counts ic ICU_ADULT 12 12")
        reader.expect("^changed .*occupied 12 free 0")
        agent.tell("withdraw ic ICU_ADULT")
        reader.expect("^withdrawn .*counts/ic/ICU_ADULT withdrawn because of BY_PARTY")
        assert agent.end() == 0
        reader.expect("^presence duin lost")
        assert reader.end() == 0


def test_a_subscriber_that_comes_late_has_the_whole_picture():
    with Region() as region:
        agent = region.agent("duin", {"duin-ed": "oost", "duin-west": "west"})
        for n in range(300):
            agent.send(agent.counts("duin-ed", f"w{n}", pb.CARE_WARD, staffed=n))
        last = agent.state(agent.counts("duin-west", "w", pb.CARE_WARD, staffed=1))
        assert last
        region.enrol_reader("meldkamer")
        reader = programs.subscriber(region, "meldkamer")
        reader.expect("^link .* in-sync")
        assert len([line for line in reader.lines if line.startswith("new ")]) == 301
        assert reader.has_said("^new ACTUAL/duin/duin-ed/counts/w299/WARD")


def test_a_location_of_another_is_refused_with_its_reason():
    with Region() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        agent = programs.publisher(region, "duin", "somewhere")
        agent.tell("door OPEN")
        assert "LOCATION" in agent.expect("^refused door")
        assert agent.end() == 1


def test_a_broker_that_is_away_only_delays():
    with Region() as region:
        agent, reader = pair(region)
        agent.tell("door OPEN")
        reader.expect("^new .*door.* OPEN")
        region.daemon.kill()
        reader.expect("^link not-fed", seconds=6)
        agent.expect("^link offline")
        agent.tell("door RESTRICTED", "door STOP", "counts ic ICU_ADULT 4 4")
        region.daemon.start()
        agent.expect("^accepted door")
        reader.expect_all("^link live in-sync", "^changed .*door.* STOP", "^new .*counts/ic")
        assert not reader.has_said("RESTRICTED")
        assert not reader.has_said("^dropped")
        assert not reader.has_said("^alarm")


def test_a_stranger_is_told_that_its_key_is_not_enrolled():
    with Region() as region:
        agent = programs.publisher(region, "nobody", "duin-ed")
        agent.expect("^link barred: .*not (enrolled|admitted)")
        reader = programs.subscriber(region, "nobody")
        reader.expect("^link not-fed .*not (enrolled|admitted)")
        # Enrolled at last: it needs nobody to come by.
        region.enrol_agent("nobody", {"duin-ed": "oost"})
        agent.tell("door OPEN")
        agent.expect("^accepted door", seconds=40)


def test_a_party_that_is_suspended_comes_back_by_itself():
    with Region() as region:
        agent, reader = pair(region)
        agent.tell("door OPEN")
        reader.expect("^new .*door")
        operator = region.operator()
        operator.ask(suspend=pb.Suspend(party="duin", suspended=True))
        reader.expect("^enrolment .*no-longer-enrolled")
        agent.expect("^link (offline|barred)")
        agent.tell("door STOP")
        operator.ask(suspend=pb.Suspend(party="duin", suspended=False))
        reader.expect("^enrolment .*door/-/- fresh OPEN")
        agent.expect("^accepted door", seconds=60)
        reader.expect("^changed .*STOP", seconds=40)


def test_a_suspended_reader_is_not_fed_and_says_why():
    with Region() as region:
        _, reader = pair(region)
        region.operator().ask(suspend=pb.Suspend(party="meldkamer", suspended=True))
        reader.expect("^link not-fed", seconds=6)
        reader.expect("^link not-fed .*(refuse|suspended|admitted)", seconds=30)


def test_reconciling_withdraws_what_an_agent_no_longer_has():
    with Region() as region:
        agent, reader = pair(region)
        agent.tell("counts old WARD 5 5", "counts kept WARD 6 6")
        reader.expect("^new .*counts/old")
        assert agent.end() == 0
        again = programs.publisher(region, "duin", "duin-ed")
        again.tell("counts kept WARD 6 6", "reconcile")
        again.expect("^accepted counts old")
        reader.expect("^withdrawn .*counts/old")
        assert not reader.has_said("^withdrawn .*counts/kept")
        assert again.end() == 0


def test_two_feeds_with_one_key_are_told():
    with Region() as region:
        agent, _ = pair(region)
        twin = programs.publisher(region, "duin", "duin-ed")
        twin.expect("^link connected")
        twin.tell("door OPEN")
        twin.expect("^twins")
        agent.tell("door STOP")
        agent.expect("^twins")


def test_a_newer_region_card_is_taken_and_stored():
    with Region() as region:
        agent, reader = pair(region)
        card = region.new_card(serial=2)
        region.submit(card.whole)
        agent.tell("door OPEN")
        reader.expect("^new .*door")
        for party in ("duin", "meldkamer"):
            path = region.directory / f"{party}.card"
            until_true(lambda stored=path: stored.read_bytes().startswith(b"plek card 1"),
                       what=f"the newer card of {party} stored")
        # What was stored is a card that works.
        assert agent.end() == 0 and reader.end() == 0
        again = programs.publisher(region, "duin", "duin-ed")
        again.expect("^link connected")


def test_a_card_that_its_authority_did_not_sign_is_not_taken():
    with Region() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        whole = bytearray(region.card.whole)
        whole[-1] ^= 1
        (region.directory / "duin.card").write_bytes(whole)
        agent = programs.publisher(region, "duin", "duin-ed")
        assert agent.end() == 1
        assert agent.has_said("not a region card, or not signed by its authority")


def test_a_broker_that_was_rolled_back_is_noticed_and_followed():
    with Region() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        region.enrol_reader("meldkamer")
        agent = programs.publisher(region, "duin", "duin-ed")
        agent.tell("door OPEN")
        agent.expect("^accepted door")
        region.daemon.stop()
        shutil.copytree(region.directory / "data", region.directory / "copy")
        region.daemon.start()
        agent.expect("^link connected")
        agent.tell("counts ic ICU_ADULT 1 1", "door STOP")
        agent.expect("^accepted counts")
        reader = programs.subscriber(region, "meldkamer", with_head=True)
        reader.expect("^new .*door.* STOP")
        reader.expect("^link live in-sync")

        region.daemon.stop()
        shutil.rmtree(region.directory / "data")
        (region.directory / "copy").rename(region.directory / "data")
        region.daemon.start()
        # Whoever comes first shows the head that the copy does not have.
        reader.expect("^alarm rolled-back")
        reader.expect_all("^(new|changed) .*door.* STOP", "^new .*counts/ic", seconds=40)


def test_a_picture_stays_known_where_its_party_is_revoked():
    with Region() as region:
        agent, reader = pair(region)
        agent.tell("door OPEN")
        reader.expect("^new .*door")
        key = region.key("duin").public
        region.submit(region.authority.revoke("duin", [key]))
        reader.expect("^enrolment .*no-longer-enrolled OPEN")
        agent.expect("^link barred", seconds=30)


def test_only_what_is_public_is_exported():
    library = BUILD / "clients" / "lib" / "libplek.so.0"
    symbols = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                             capture_output=True, text=True).stdout.split("\n")
    names = [line.split()[-1] for line in symbols if line]
    assert len(names) > 50
    # The sanitizers export what they need.
    ours = [name for name in names if not name.startswith(("__", "_ZTI", "_ZTS", "plek_"))]
    assert not ours, ours
    dynamic = subprocess.run(["readelf", "-d", library], check=True, capture_output=True,
                             text=True).stdout
    assert "soname: [libplek.so.0]" in dynamic.lower()


if __name__ == "__main__":
    tap.run(globals())
