#!/usr/bin/python3
"""What is not for a reader reaches it in no frame, chunk, document or answer

Values that occur nowhere else are planted in reports of each audience: labels, units, texts, phone
numbers, and numbers whose bytes on the wire are long enough to be no coincidence. Then every byte
that anybody received, on whatever socket, is searched for what is not theirs; and for what is
theirs, so that the search is known to find.
"""

import json
import struct
import subprocess
import urllib.request
from collections import defaultdict

import plek_pb2 as pb
import tap
import zmq
from harness import Region, until_true
from plekpy import keys, wire
from plekpy.call import Caller
from plekpy.session import Refused
from tools import DONE, PLEK, REFUSED, Tools

DAY_MS = 86_400_000
LEVELS = ("OPEN", "CARE", "COORD")
NUMBERS = {"OPEN": (71113, 61117), "CARE": (72119, 62129), "COORD": (73133, 63139)}
SCORES = {"OPEN": 171.015625, "CARE": 172.015625, "COORD": 173.015625}


class Ears:
    """Every byte that a socket of ours received, by the key that it was made with."""

    def __init__(self, region):
        self.region = region
        self.keys = {}
        self.heard = defaultdict(bytearray)
        self.make, self.receive = wire.curve_socket, zmq.Socket.recv_multipart

    def __enter__(self):
        def curve_socket(kind, secret, broker_transport):
            socket = self.make(kind, secret, broker_transport)
            if secret is not None:
                self.keys[socket] = secret.curve()[0]
            return socket

        def recv_multipart(socket, *arguments, **options):
            parts = self.receive(socket, *arguments, **options)
            self.heard[self.keys.get(socket)] += b"\xff".join(parts) + b"\xff"
            return parts

        wire.curve_socket, zmq.Socket.recv_multipart = curve_socket, recv_multipart
        return self

    def __exit__(self, *_):
        wire.curve_socket, zmq.Socket.recv_multipart = self.make, self.receive

    def of(self, party):
        return bytes(self.heard[self.region.key(party).curve()[0]])


def planted(level):
    """What is searched for, as text and as it travels."""
    staffed, occupied = NUMBERS[level]
    texts = {name: f"planted-{name}-{level}" for name in
             ("unit", "label", "definition", "text", "by", "name")}
    found = {name: text.encode() for name, text in texts.items() if name != "definition"}
    found["counts"] = pb.Counts(care=pb.CARE_ICU_ADULT, staffed=staffed,
                                occupied=occupied).SerializeToString()[2:]
    found["score"] = struct.pack("<d", SCORES[level])
    found["phone"] = f"0800 {staffed}".encode()
    return found


def in_json(level):
    """The same where it is written out for people and scripts; a number as it stands there."""
    found = {name: value for name, value in planted(level).items() if name not in ("counts", "score")}
    found |= {f"number {n}": str(n).encode() for n in NUMBERS[level]}
    found["score"] = str(SCORES[level]).encode()
    return found


def plant(agent, level):
    """One report of each kind for @level, at a location of its own."""
    location = f"duin-{level.lower()}"
    staffed, occupied = NUMBERS[level]
    audience = getattr(pb, f"AUDIENCE_{level}")
    unit, label = f"planted-unit-{level}", f"planted-label-{level}"
    for fields in (
            {"counts": pb.Counts(care=pb.CARE_ICU_ADULT, staffed=staffed, occupied=occupied)},
            {"door": pb.Door(state=pb.DOOR_STOP, care=pb.CARE_ED, text=f"planted-text-{level}",
                             authorised_by=f"planted-by-{level}")},
            {"pressure": pb.Pressure(method="nedocs", score=SCORES[level])}):
        agent.state(agent.make(location, unit=unit, label=label, audience=audience, **fields))
    agent.state(agent.make(location, audience=audience, card=pb.LocationCard(
        name=f"planted-name-{level}", kind="V6", latitude_e7=520000000, longitude_e7=50000000,
        contacts=[pb.Contact(function="SEH", phone=f"0800 {staffed}")])))


def assert_none(where, data, values):
    found = [name for name, value in values.items() if value in data]
    assert not found, f"{where} has {found}"


def assert_all(where, data, values):
    missing = [name for name, value in values.items() if value not in data]
    assert not missing, f"{where} has no {missing}: the search finds nothing, or it was withheld"


def begin(region):
    region.enrol_agent("duin", {f"duin-{level.lower()}": "oost" for level in LEVELS})
    region.enrol_agent("strand", {"strand": "oost"})
    region.enrol_reader("meldkamer")
    region.enrol_reader("zcc", coord=True)


def ask_for_more(region, reader):
    """What a reader might try."""
    for topic in ("pic/oost/status/", "pic/oost/counts/", "reg/"):
        for audience in (pb.AUDIENCE_COORD, pb.AUDIENCE_OPEN):
            try:
                reader.session.since(topic, reader.epoch, 0, audience=audience)
            except (Refused, AssertionError):
                pass
    for body in ({"own": pb.OwnRequest(credit=64)}, {"parties": pb.PartiesRequest()},
                 {"parties": pb.PartiesRequest(party="duin")}, {"status": pb.StatusRequest()},
                 {"presence": pb.PresenceRequest()}, {"card": pb.CardRequest()},
                 {"whoami": pb.Whoami()}):
        try:
            reader.session.ask(**body)
        except Refused:
            pass
    reader.session.clock()


def guest(region):
    """A key that nobody enrolled."""
    region.keys["stranger"] = keys.SecretKey()
    session = region.session("stranger")
    session.ask(whoami=pb.Whoami())
    for body in ({"since": pb.Since(topic="pic/oost/counts/", epoch=0, revision=0, credit=1,
                                    audience=pb.AUDIENCE_COORD)},
                 {"presence": pb.PresenceRequest()}):
        try:
            session.ask(**body)
        except Refused:
            pass


def test_no_byte_of_a_stricter_audience_reaches_a_reader():
    with Region() as region, Ears(region) as ears:
        begin(region)
        agent = region.agent("duin")
        other = region.agent("strand")
        care, coord = region.reader("meldkamer"), region.reader("zcc", coord=True)
        for level in LEVELS:
            plant(agent, level)
        last = agent.state(agent.counts("duin-care", "last", pb.CARE_WARD, staffed=1))
        other.state(other.counts("strand", "a", pb.CARE_WARD, staffed=1))
        for reader in (care, coord):
            reader.wait(lambda: any(r.revision == last for r in reader.records().values()))
        late = region.reader("meldkamer")  # the whole answer, beside the blocks
        for reader in (care, late):
            ask_for_more(region, reader)
        other.session.own()
        guest(region)

        assert_all("what the centre heard", ears.of("zcc"),
                   planted("COORD") | {f"{k} of care": v for k, v in planted("CARE").items()})
        assert_all("what the control room heard", ears.of("meldkamer"), planted("CARE"))
        assert_all("what the control room heard", ears.of("meldkamer"), planted("OPEN"))
        assert_none("what the control room heard", ears.of("meldkamer"), planted("COORD"))
        for party in ("strand", "stranger"):
            assert len(ears.of(party)) > 100 or party == "stranger" and ears.of(party)
            for level in LEVELS:
                assert_none(f"what {party} heard", ears.of(party), planted(level))


def test_no_flow_or_refusal_of_a_stricter_audience_reaches_a_reader():
    with Region(settings={"open-document": "open.json"}) as region, Ears(region) as ears:
        begin(region)
        agent = region.agent("duin")
        day = agent.session.time_ms() // DAY_MS * DAY_MS

        def say(level, days_ago, other, count):
            body = {"from": pb.CHAIN_AMBULANCE, "to": pb.CHAIN_ED, "care": pb.CARE_ED,
                    "other": other, "count": count, "from_ms": day - days_ago * DAY_MS,
                    "until_ms": day - (days_ago - 1) * DAY_MS}
            return agent.state(agent.make("duin-care", flow=pb.Flow(**body),
                                          audience=getattr(pb, f"AUDIENCE_{level}")))

        for i, level in enumerate(LEVELS):
            say(level, 2 + i, f"planted-flow-{level}", NUMBERS[level][0])
        say("CARE", 9, "planted-mind", 71)
        say("COORD", 9, "planted-mind", 3)  # taken back, and corrected
        agent.state(agent.make("duin-care", unit="planted-refusal", audience=pb.AUDIENCE_COORD,
                               refusal=pb.CareRefusal(id=b"planted-refusal!", care=pb.CARE_ED,
                                                      at_ms=day - DAY_MS)))
        care, coord = region.reader("meldkamer"), region.reader("zcc", coord=True)
        for reader in (care, coord):
            ask_for_more(region, reader)
            for location in (None, "duin-care"):
                reader.session.history(day - 30 * DAY_MS, reader.session.time_ms(), location,
                                       reports=[28, 29])
        secret = {"a": b"planted-flow-COORD", "b": b"planted-mind", "c": b"planted-refusal"}
        assert_all("what the centre heard", ears.of("zcc"), secret | {"d": b"planted-flow-OPEN"})
        assert_all("what the control room heard", ears.of("meldkamer"),
                   {"a": b"planted-flow-CARE", "b": b"planted-flow-OPEN"})
        assert_none("what the control room heard", ears.of("meldkamer"), secret)

        tools = Tools(region)
        numbers = {level: str(NUMBERS[level][0]).encode() for level in LEVELS}
        for party, levels in (("meldkamer", LEVELS[:2]), ("zcc", LEVELS)):
            for more in (("--json",), ("--by", "location"), ("--json", "--by", "location")):
                said = tools.plek("flows", "--from", "30d", "--location", "duin-care", *more,
                                  party=party).out.encode()
                if "location" in more:
                    assert_all(f"flows for {party}", said, {n: numbers[n] for n in levels})
                assert_none(f"flows for {party}", said,
                            {} if party == "zcc" else secret | {"n": numbers["COORD"]})
        path = region.directory / "open.json"
        region.daemon.stop()
        path.unlink()
        region.daemon.start()
        until_true(path.exists, what="the document")
        assert_all("the open document", path.read_bytes(),
                   {"d": b"planted-flow-OPEN", "n": numbers.pop("OPEN")})
        assert_none("the open document", path.read_bytes(), secret | numbers
                    | {"e": b"planted-flow-CARE"})


def test_no_acknowledgement_or_call_reaches_whom_it_is_not_for():
    with Region() as region, Ears(region) as ears:
        begin(region)
        agent, other = region.agent("duin"), region.agent("strand")
        care, coord = region.reader("meldkamer"), region.reader("zcc", coord=True)
        for level in LEVELS:
            plant(agent, level)
        region.enrol_agent("ver", {"ver": "west"})
        far = region.agent("ver")

        for level in ("CARE", "COORD"):
            stop = agent.door(f"duin-{level.lower()}", pb.DOOR_STOP, f"planted-unit-{level}",
                              care=pb.CARE_ED)
            ack = coord.make_ack(coord.wait(lambda stop=stop: coord.find(stop)), "zcc")
            ack.ack.function = f"planted-seen-{level}"
            coord.hand_in(ack)
            coord.wait(lambda stop=stop: coord.acks_of(stop))
        caller = Caller(coord.session, "zcc")
        caller.call("oost", text="planted-call", triage=True)
        for peer in (agent, other, far):
            peer.session.clock()  # what was sent to it before has been heard by now
            peer.session.pump_ready()
        other.state(other.counts("strand", "a", pb.CARE_WARD, staffed=1))
        last = agent.state(agent.counts("duin-care", "last", pb.CARE_WARD, staffed=1))
        for reader in (care, coord):
            reader.wait(lambda: any(r.revision == last for r in reader.records().values()))
        for reader in (care, region.reader("meldkamer")):
            ask_for_more(region, reader)

        seen = {level: f"planted-seen-{level}".encode() for level in ("CARE", "COORD")}
        assert_all("what the centre heard", ears.of("zcc"), seen)
        assert_all("what the control room heard", ears.of("meldkamer"), {"CARE": seen["CARE"]})
        # How a call stands names every party, and whom to call there: for who called.
        assert_none("what the control room heard", ears.of("meldkamer"),
                    {"COORD": seen["COORD"], "call": b"planted-call"})
        for party in ("duin", "strand"):
            assert_all(f"what {party} heard", ears.of(party), {"call": b"planted-call"})
            assert_none(f"what {party} heard", ears.of(party), seen)
        assert_none("what an agent of strand heard", ears.of("strand"),
                    {level: f"0800 {NUMBERS[level][0]}".encode() for level in LEVELS})
        assert_none("what who is not called on heard", ears.of("ver"),
                    seen | {"call": b"planted-call"})

        # People are told the same.
        tools = Tools(region)
        for command in (("get",), ("get", "--json"), ("history", "--json", "duin-coord"),
                        ("history", "--json", "duin-care"), ("door", "duin-care", "--json")):
            assert_none(f"{command[0]} for the control room", answer(tools, "meldkamer", command),
                        {"COORD": seen["COORD"]})
        assert_all("get for the centre", answer(tools, "zcc", ("get", "--json")),
                   {"COORD": seen["COORD"]})


def test_who_changes_their_mind_is_not_heard_of_again():
    with Region() as region, Ears(region) as ears:
        begin(region)
        agent = region.agent("duin")
        care, coord = region.reader("meldkamer"), region.reader("zcc", coord=True)

        def say(label, audience, unit="mind"):
            update = agent.counts("duin-care", unit, pb.CARE_WARD, staffed=7)
            update.label, update.audience = label, audience
            return agent.state(update)

        say("planted-before", pb.AUDIENCE_CARE)
        say("planted-after", pb.AUDIENCE_COORD)
        assert care.wait_event("withdrawn")[2] == pb.WITHDRAWN_AUDIENCE
        # Nor of what was never theirs: said and withdrawn, for coordination centres.
        revision = say("planted-secret", pb.AUDIENCE_COORD, unit="planted-hidden-unit")
        coord.wait(lambda: any(r.revision == revision for r in coord.records().values()))
        hidden = agent.counts("duin-care", "planted-hidden-unit", pb.CARE_WARD)
        hidden.audience = pb.AUDIENCE_COORD
        agent.state(agent.withdraw(hidden))
        last = agent.state(agent.counts("duin-care", "last", pb.CARE_WARD, staffed=1))
        for reader in (care, coord):
            reader.wait(lambda: any(r.revision == last for r in reader.records().values()))
        assert_all("what the control room heard", ears.of("meldkamer"), {"x": b"planted-before"})
        assert_all("what the centre heard", ears.of("zcc"),
                   {"x": b"planted-after", "y": b"planted-secret", "z": b"planted-hidden-unit"})
        assert_none("what the control room heard", ears.of("meldkamer"),
                    {"x": b"planted-after", "y": b"planted-secret", "z": b"planted-hidden-unit"})

        region.enrol_reader("laat")
        ask_for_more(region, region.reader("laat"))
        assert_none("who came later", ears.of("laat"),
                    {"w": b"planted-before", "x": b"planted-after", "y": b"planted-secret",
                     "z": b"planted-hidden-unit"})


def test_a_program_is_told_at_once_that_a_record_is_no_longer_for_it():
    with Region() as region:
        begin(region)
        tools = Tools(region)
        ward = ("duin", "counts", "--location", "duin-care", "--care", "WARD", "--unit", "b2")
        events = tools.watch_json("meldkamer")
        tools.put(*ward, "staffed=28", "--label", "planted-before")
        events.record(unit="b2", change="NEW")
        tools.put(*ward, "staffed=29", "--label", "planted-after", "--audience", "COORD")
        gone = events.record(unit="b2")
        assert (gone["change"], gone["withdrawn"]) == ("WITHDRAWN", "AUDIENCE")
        assert "counts" not in gone and "label" not in gone, gone
        assert not tools.get("meldkamer")
        assert [r["label"] for r in tools.get("zcc")] == ["planted-after"]
        # And is theirs again when that mind changes, too.
        tools.put(*ward, "staffed=30", "--audience", "OPEN")
        assert events.record(unit="b2")["counts"]["staffed"] == 30


# Answers that are worked out of the picture; each is tried by both readers.
ANSWERS = (("get", "--json"), ("get",), ("totals", "--json"), ("totals",), ("overdue", "--json"),
           ("overdue",), ("map", "--json"), ("find", "--json", "--care", "ICU_ADULT", "--near",
                                             "52.0,5.0", "--why"), ("at", "--json", "now"),
           *(("history", "--json", f"duin-{level.lower()}") for level in LEVELS),
           *(("door", "--json", f"duin-{level.lower()}") for level in LEVELS))


def answer(tools, party, command):
    """All that is said, also where it is that there is nothing to be said."""
    done = subprocess.run([PLEK, *command, *tools.as_party(party)], env=tools.env, timeout=60,
                          capture_output=True, check=False)
    assert done.returncode in (DONE, REFUSED), (command, done)
    return done.stdout + done.stderr


def answers(tools, party):
    return {command: answer(tools, party, command) for command in ANSWERS}


def test_no_derived_answer_uses_what_its_reader_may_not_read():
    # What is older than agreed is listed with its unit and phone: one more way out.
    with Region(settings={"agreed": "counts V6 1 s"}) as region:
        begin(region)
        agent, tools = region.agent("duin"), Tools(region)
        for level in LEVELS:
            plant(agent, level)
        watch = {party: tools.watch_json(party) for party in ("meldkamer", "zcc")}
        events = {}
        for party, levels in (("meldkamer", 2), ("zcc", 3)):
            late = [watch[party].next(lambda e: e["event"] == "overdue") for _ in range(levels)]
            events[party] = json.dumps(late).encode()
        assert_all("the centre's alerts", events["zcc"], {"label": b"planted-label-COORD"})
        assert_none("the control room's alerts", events["meldkamer"], in_json("COORD"))

        for_care, for_coord = answers(tools, "meldkamer"), answers(tools, "zcc")
        for command, said in for_care.items():
            assert_none(f"{command[0]} for the control room", said, in_json("COORD"))
        # Each is asked where it matters: the centre is told more, but of what all may read.
        for command in ANSWERS:
            assert (for_coord[command] != for_care[command] or
                    command[-1] in ("duin-open", "duin-care")), f"{command}: all see the same"
        for_care, for_coord = b"".join(for_care.values()), b"".join(for_coord.values())
        for level in ("OPEN", "CARE"):
            assert_all("the control room's answers", for_care,
                       {k: v for k, v in in_json(level).items() if k != "by"})
        assert_all("the centre's answers", for_coord, in_json("COORD"))
        # Sums are of what each may read; a difference of two would give the rest away.
        total = {party: next(line for line in tools.plek("totals", "--json", party=party).lines()
                             if line.get("region") == "oost")["staffed"]["sum"]
                 for party in ("meldkamer", "zcc")}
        assert total["meldkamer"] == NUMBERS["OPEN"][0] + NUMBERS["CARE"][0]
        assert total["zcc"] == total["meldkamer"] + NUMBERS["COORD"][0]
        assert_none("the control room's answers", for_care,
                    {"the centre's sum": str(total["zcc"]).encode()})


def test_the_public_and_the_figures_have_nothing_that_is_not_open():
    with Region(settings={"open-document": "open.json"}) as region:
        begin(region)
        agent = region.agent("duin")
        for level in LEVELS:
            plant(agent, level)
        agent.state(agent.make("duin-open", unit="planted-exercise", audience=pb.AUDIENCE_OPEN,
                               status=pb.STATUS_EXERCISE, counts=pb.Counts(care=pb.CARE_WARD)))
        path = region.directory / "open.json"
        region.daemon.stop()
        path.unlink()
        region.daemon.start()
        until_true(path.exists, what="the document")
        document = path.read_bytes()
        open_values = in_json("OPEN")
        phone = {"phone": open_values.pop("phone")}
        assert_all("the open document", document, open_values)
        assert_none("the open document", document, phone | {"an exercise": b"planted-exercise"})
        with urllib.request.urlopen(f"http://{region.address}:9301/metrics", timeout=10) as answer:
            figures = answer.read()
        assert b"plek_records" in figures
        for level in ("CARE", "COORD"):
            assert_none("the open document", document, in_json(level))
        for level in LEVELS:
            assert_none("the figures", figures, in_json(level))
            assert_none("the log", region.daemon.said().encode(), in_json(level))


def test_an_export_for_everybody_has_nothing_that_is_not_open():
    with Region() as region:
        begin(region)
        agent, tools = region.agent("duin"), Tools(region)
        for level in LEVELS:
            plant(agent, level)
        phone = {level: in_json(level)["phone"] for level in LEVELS}
        for name in ("csv", "have", "fhir"):
            def document(audience):
                losses = region.directory / "losses"
                done = tools.plek("export", "--format", name, "--audience", audience, "--losses",
                                  losses, party="zcc")
                return done.out.encode(), losses.read_text(encoding="utf-8").splitlines()

            said, losses = document("OPEN")
            assert_all(name, said, {"name": b"planted-name-OPEN"})
            for level in LEVELS:
                assert_none(name, said, {"phone": phone[level]})
            for level in ("CARE", "COORD"):
                assert_none(name, said, in_json(level))
            assert ("ACTUAL/duin/duin-open/card contacts: is never for everybody; it is left out"
                    in losses), losses
            # Who is enrolled is told whom to call.
            assert_all(name, document("CARE")[0], {"phone": phone["OPEN"]})


if __name__ == "__main__":
    tap.run(globals())
