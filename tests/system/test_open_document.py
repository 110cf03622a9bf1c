#!/usr/bin/python3
"""The open document: exactly what is public, signed by the broker, at most once a minute"""

import json

import nacl.exceptions
import nacl.signing
import plek_pb2 as pb
import tap
from harness import Region, until_true
from tools import REFUSED, Tools

TAIL = len('\n,"signature":"') + 128 + len('"}\n')
ED = ("--location", "duin-ed")
OPEN = ("--audience", "OPEN")
SETTINGS = {"open-document": "open.json"}


def begin(region):
    region.enrol_agent("duin", {"duin-ed": "oost"}, name="Duinzicht")
    return Tools(region), region.directory / "open.json"


def written_anew(region, path):
    """The document as a broker that starts writes it: what is there, without waiting a minute."""
    region.daemon.stop()
    path.unlink()
    region.daemon.start()
    until_true(path.exists, what="the document")
    return json.loads(path.read_text())


def check(region, raw):
    """As PROTOCOL.md says; returns the document."""
    signature = bytes.fromhex(raw[-TAIL:].decode()[15:15 + 128])
    key = region.card.brokers[0].sign
    nacl.signing.VerifyKey(key).verify(b"plek.v1.open-document\0" + raw[:-TAIL], signature)
    document = json.loads(raw)
    assert document["format"] == "plek-open-1" and document["signed_by"] == key.hex()
    assert document["network"] == region.card.network.hex()
    return document


def test_it_is_there_at_once_whole_and_signed():
    with Region(settings=SETTINGS) as region:
        tools, path = begin(region)
        until_true(path.exists, what="the document")
        document = check(region, path.read_bytes())
        assert document["records"] == [] and document["accepting"]
        assert document["next_ms"] == document["time_ms"] + 60_000
        said = tools.plek("open-document", path).out
        assert "signed by a broker of oost-test" in said and "0 records" in said, said
        assert path.stat().st_mode & 0o777 == 0o644
        assert not list(region.directory.glob("open.json.*"))


def test_it_has_what_is_open_with_its_age_and_no_contacts():
    with Region(settings=SETTINGS) as region:
        tools, path = begin(region)
        tools.put("duin", "card", *ED, "--name", "Ziekenhuis Duinzicht", "--kind", "V6",
                  "--position", "52.95,4.02", "--phone", "SEH=088 000 0101", *OPEN)
        tools.put("duin", "counts", *ED, "--care", "ED", "staffed=9", "occupied=SUPPRESSED",
                  "--observed", "-2h", "--valid-for", "1h", *OPEN)
        tools.put("duin", "door", *ED, "--care", "ED", "STOP", "--except", "MULTITRAUMA", *OPEN)
        tools.put("duin", "counts", *ED, "--care", "WARD", "staffed=28")
        tools.put("duin", "counts", *ED, "--care", "ICU_ADULT", "staffed=12", "--audience", "COORD")
        tools.put("duin", "door", *ED, "OPEN", "--status", "EXERCISE", *OPEN)
        document = written_anew(region, path)
        check(region, path.read_bytes())
        records = {kind: record for record in document["records"]
                   for kind in ("card", "counts", "door") if kind in record}
        assert len(document["records"]) == 3, document
        assert records["card"]["card"]["name"] == "Ziekenhuis Duinzicht"
        assert records["card"]["party_name"] == "Duinzicht"
        assert b"088 000" not in path.read_bytes() and "contacts" not in records["card"]["card"]
        counts = records["counts"]
        assert counts["counts"] == {"care": "ED", "staffed": 9, "occupied": "SUPPRESSED"}
        assert counts["freshness"] == "STALE" and counts["age_ms"] >= 2 * 3600_000
        assert counts["source"] == "MANUAL" and counts["enrolled"] == "ENROLLED"
        assert records["door"]["door"]["exceptions"] == ["MULTITRAUMA"]
        assert records["door"]["freshness"] == "FRESH"


def test_a_change_of_mind_leaves_it_out_of_the_next():
    with Region(settings=SETTINGS) as region:
        tools, path = begin(region)
        tools.put("duin", "counts", *ED, "--care", "ED", "staffed=9", *OPEN)
        assert len(written_anew(region, path)["records"]) == 1
        tools.put("duin", "counts", *ED, "--care", "ED", "staffed=9", "--audience", "CARE")
        assert not written_anew(region, path)["records"]


def test_it_is_not_rewritten_within_a_minute():
    with Region(settings=SETTINGS) as region:
        _, path = begin(region)
        until_true(path.exists, what="the document")
        before = path.stat()
        agent, reader = region.agent("duin"), region.reader("meldkamer")
        beats = reader.wait(lambda: reader.last_beat.get("status"))[1].beat
        update = agent.counts("duin-ed", "a", pb.CARE_WARD, staffed=1)
        update.audience = pb.AUDIENCE_OPEN
        agent.state(update)
        reader.wait(lambda: reader.last_beat["status"][1].beat >= beats + 3)
        assert path.stat() == before


def test_one_byte_is_enough_to_refuse_it():
    with Region(settings=SETTINGS) as region:
        tools, path = begin(region)
        tools.put("duin", "counts", *ED, "--care", "ED", "staffed=9", *OPEN)
        written_anew(region, path)
        raw = path.read_bytes()
        altered = region.directory / "altered.json"
        altered.write_bytes(raw.replace(b'"staffed":9', b'"staffed":8'))
        assert altered.read_bytes() != raw
        said = tools.plek("open-document", altered, expect=REFUSED).err
        assert "was not signed by a broker on our region card, or was altered" in said
        try:
            check(region, altered.read_bytes())
            raise AssertionError("it verifies")
        except nacl.exceptions.BadSignatureError:
            pass
        altered.write_bytes(raw[:-2])
        assert "not whole" in tools.plek("open-document", altered, expect=REFUSED).err
        assert tools.plek("open-document", "--json", path).one()["records"] == 1


def test_where_it_cannot_be_written_is_said_once_and_nothing_else_suffers():
    with Region(settings={"open-document": "nowhere/open.json"}) as region:
        until_true(lambda: "was not written" in region.daemon.said(), what="the warning")
        agent = region.agent("duin", {"duin-ed": "oost"})
        assert agent.state(agent.counts("duin-ed", "a", pb.CARE_WARD, staffed=1))


if __name__ == "__main__":
    tap.run(globals())
