#!/usr/bin/python3
"""What plek does without a broker: keys, enrolments, cards, and what it says of a slip"""

import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path

import plek_pb2 as pb
import tap
from plekpy import envelope, keys
from plekpy.authority import Card
from tools import DONE, FILE, PLEK, REFUSED, UNREACHABLE, USAGE, environment, run


@contextmanager
def home():
    """A directory, and plek in it."""
    with tempfile.TemporaryDirectory(prefix="plek-") as name:
        directory = Path(name)

        def plek(*arguments, **options):
            return run(PLEK, *arguments, env=environment(directory), cwd=directory, **options)

        yield directory, plek


def with_keys(directory, plek, *names):
    """Their public keys, as text."""
    return [plek("key", "new", directory / f"{name}.key").out.strip() for name in names]


def test_a_secret_is_for_its_owner_only_and_never_overwritten():
    with home() as (directory, plek):
        public, = with_keys(directory, plek, "hospital")
        path = directory / "hospital.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert plek("key", "show", path).out.strip() == public
        before = path.read_bytes()
        assert "not overwritten" in plek("key", "new", path, expect=FILE).err
        assert path.read_bytes() == before
        path.chmod(0o640)
        assert "chmod 600" in plek("key", "show", path, expect=FILE).err
        assert public not in before.decode()


def test_keys_are_those_that_the_protocol_derives():
    with home() as (directory, plek):
        public, = with_keys(directory, plek, "hospital")
        secret = keys.parse_secret((directory / "hospital.key").read_text(encoding="utf-8"))
        assert keys.format_public(secret.public) == public


def test_a_public_key_that_is_misread_is_refused_by_group():
    with home() as (directory, plek):
        public, = with_keys(directory, plek, "authority")
        groups = public.split("-")
        other = next(c for c in "".join(groups[4:]) if c != groups[3][0])
        groups[3] = other + groups[3][1:]
        said = plek("enrol", "--authority", "authority.key", "--network", "try", "--party", "duin",
                    "--public-key", "-".join(groups), "--role", "subscriber", "--reads", "care",
                    expect=USAGE).err
        assert "group 3" in said, said


def test_an_enrolment_says_what_was_asked_for_and_the_authority_signs_it():
    with home() as (directory, plek):
        authority, public, second = with_keys(directory, plek, "authority", "duin", "next")
        plek("enrol", "--authority", "authority.key", "--network", "try", "--party", "duin",
             "--name", "Ziekenhuis Duinzicht", "--public-key", public, "--public-key", second,
             "--role", "agent,subscriber", "--location", "duinzicht=waterkant,rav:noord",
             "--location", "zeezicht=waterkant", "--reads", "care", "--serial", "7",
             "--valid", "2030-01-02")
        whole = (directory / "duin.enrolment").read_bytes()
        signer = keys.parse_public(authority)
        network = envelope.network_id("try", signer.sign)
        body = envelope.open_signed(whole, envelope.ENROLMENT, network, [signer.sign]).body
        enrolment = pb.Enrolment.FromString(body)
        assert (enrolment.party, enrolment.serial, enrolment.name) == \
            ("duin", 7, "Ziekenhuis Duinzicht")
        assert [bytes(key.sign) for key in enrolment.keys] == \
            [keys.parse_public(text).sign for text in (public, second)]
        assert {grant.location: grant.region for grant in enrolment.locations} == \
            {"duinzicht": "waterkant", "zeezicht": "waterkant"}
        assert [(r.scheme, r.id) for r in enrolment.locations[0].regions] == [("rav", "noord")]
        assert set(enrolment.roles) == {pb.ROLE_AGENT, pb.ROLE_SUBSCRIBER}
        assert enrolment.audience == pb.AUDIENCE_CARE
        assert enrolment.valid_until_ms == 1893542400000


def test_a_revocation_has_a_cause_and_no_rights():
    with home() as (directory, plek):
        _, public = with_keys(directory, plek, "authority", "duin")
        common = ("enrol", "--authority", "authority.key", "--network", "try", "--party", "duin",
                  "--public-key", public, "--revoke", "lost laptop")
        assert "takes all rights away" in plek(*common, "--role", "agent", expect=USAGE).err
        plek(*common, "--distrusted-since", "-2h", "-o", "revocation")
        body = envelope.parse((directory / "revocation").read_bytes()).body
        revocation = pb.Enrolment.FromString(body)
        assert revocation.cause == "lost laptop" and not revocation.roles
        assert revocation.HasField("distrusted_since_ms")


def test_an_enrolment_that_makes_no_sense_is_not_signed():
    with home() as (directory, plek):
        _, public = with_keys(directory, plek, "authority", "duin")
        common = ("enrol", "--authority", "authority.key", "--network", "try", "--party", "duin",
                  "--public-key", public)
        for more, sentence in (
                ((), "needs a --role"),
                (("--role", "agent"), "needs a --location"),
                (("--role", "subscriber"), "needs --reads"),
                (("--role", "king"), "there is no role 'king'"),
                (("--role", "agent", "--location", "duinzicht"), "LOCATION=REGION"),
                (("--role", "operator", "--valid", "soon"), "is a duration"),
                (("--role", "operator", "--valid", "2020-01-01"), "has passed already"),
                (("--role", "operator", "--serial", "0"), "a number from 1"),
                (("--role", "operator", "--distrusted-since", "now"), "goes with --revoke")):
            assert sentence in plek(*common, *more, expect=USAGE).err, more
        assert not list(directory.glob("*.enrolment"))


def test_a_card_has_all_that_a_client_needs():
    with home() as (directory, plek):
        authority, broker, following = with_keys(directory, plek, "authority", "broker", "next")
        made = plek("card", "--authority", "authority.key", "--network", "try", "--title",
                    "Waterkant", "--host", "plek.example", "--port", "17301", "--coord",
                    "tcp://elsewhere:99", "--broker", broker, "--next-authority", following,
                    "--serial", "3").out
        shown = plek("card", "region.card").out
        checksum = made.strip().splitlines()[-1]
        assert checksum in shown and "tcp://plek.example:17303" in shown
        card = Card((directory / "region.card").read_bytes(), keys.parse_public(authority).sign)
        assert card.message.title == "Waterkant" and card.message.serial == 3
        assert card.endpoint("updates") == "tcp://plek.example:17301"
        assert card.endpoint("coord") == "tcp://elsewhere:99"
        assert [key.sign for key in card.brokers] == [keys.parse_public(broker).sign]
        assert card.authority[1] == keys.parse_public(following).sign


def test_the_help_of_put_has_each_option_under_its_heading():
    with home() as (_, plek):
        text = plek("put", "--help").out
        cards = text[text.index(" Cards:"):text.index(" Offerings")]
        for option in ("--name", "--kind", "--position", "--phone", "--time-zone", "--identifier"):
            assert option in cards, cards
        offerings = text[text.index(" Offerings"):text.index(" Pressure:")]
        assert "--level" in offerings and "--hours" in offerings and "--name" not in offerings
        assert "plek card --authority" in plek("card", "--help").out


def test_a_card_of_another_authority_is_not_written_over():
    with home() as (directory, plek):
        authority, broker, following, stranger = with_keys(directory, plek, "authority", "broker",
                                                           "next", "stranger")
        common = ("card", "--network", "try", "--host", "localhost", "--broker", broker)
        path = directory / "region.card"

        def signed_by(name, *more, **options):
            return plek(*common, "--authority", f"{name}.key", *more, **options)
        signed_by("authority", "--next-authority", following, "--serial", "1")
        first = path.read_bytes()
        # Another key, with its own network or by mistake as ours.
        for more in ((), ("--founder", authority)):
            said = signed_by("stranger", *more, expect=REFUSED).err
            assert "another authority" in said and "--force" in said and path.read_bytes() == first
        assert signed_by("stranger", "-o", "other.card")
        signed_by("authority", "--next-authority", following, "--serial", "2")
        # The next key takes over, and then the former one signs nothing any more.
        signed_by("next", "--founder", authority, "--serial", "3")
        assert "another authority" in signed_by("authority", "--serial", "4", expect=REFUSED).err
        signed_by("stranger", "--force")
        assert Card(path.read_bytes(), keys.parse_public(stranger).sign)


def test_a_card_that_was_altered_is_not_shown():
    with home() as (directory, plek):
        _, broker = with_keys(directory, plek, "authority", "broker")
        plek("card", "--authority", "authority.key", "--network", "try", "--host", "localhost",
             "--broker", broker)
        path = directory / "region.card"
        whole = bytearray(path.read_bytes())
        whole[-5] ^= 1
        path.write_bytes(whole)
        assert "altered" in plek("card", path, expect=FILE).err
        assert "Ask for it again" in plek("get", "--card", path, expect=FILE).err
        assert "takes --authority to sign" in plek("card", expect=USAGE).err


def test_a_wrong_command_line_is_2_and_says_where_to_look():
    with home() as (_, plek):
        assert "plek help lists them" in plek("show", expect=USAGE).err
        assert "--help" in plek("get", "--colour", "red", expect=USAGE).err
        assert "--lang is nl or en" in plek("get", "--lang", "fr", expect=USAGE).err
        assert "there is no care 'BEDS'" in plek("get", "--care", "BEDS", expect=USAGE).err
        for command in (("find", "--near", "52,4"), ("stop", "duin"), ("refuse", "duin"), ("door", "duin"),
                        ("history", "duin"), ("totals",), ("map",), ("overdue",), ("ack", "duin"),
                        ("call", "--region", "oost")):
            done = plek(*command, "--care", "SEH", expect=USAGE)
            assert "is ED meant? plek codes care lists them" in done.err, done.err
        assert "as in 10s" in plek("get", "--timeout", "soon", expect=USAGE).err
        assert "epoch or clock" in plek("confirm", "all", expect=USAGE).err
        assert "takes one party" in plek("suspend", "a", "b", expect=USAGE).err
        assert "Use --json in a pipe" in plek("watch", expect=USAGE).err
        for report, sentence in (
                (("counts", "--location", "d", "--care", "ED", "beds=4"), "there is no count"),
                (("counts", "--location", "d", "--care", "ED", "staffed"), "NAME=NUMBER"),
                (("counts", "--location", "d", "--care", "ED", "staffed=-1"), "0 to 100000"),
                (("counts", "--care", "ED", "staffed=1"), "a --location"),
                (("door", "--location", "d", "AJAR"), "there is no door state"),
                (("door", "--location", "d", "STOP", "--until", "later"), "is not a time"),
                (("door", "--location", "d", "STOP", "--score", "1"), "does not belong to"),
                (("card", "--location", "d", "--position", "north"), "LAT,LON"),
                (("withdraw", "door", "--location", "d", "--check"), "--check is for reports"),
                (("--location", "d"), "a kind of report")):
            assert sentence in plek("put", *report, expect=USAGE).err, report


def test_what_is_not_there_is_4_and_says_where_to_get_it():
    with home() as (directory, plek):
        assert "Ask the region's coordination" in plek("get", expect=FILE).err
        assert "Ask the region's coordination" in plek("admit", "x", "--card", "x", expect=FILE).err
        _, broker = with_keys(directory, plek, "authority", "broker")
        plek("card", "--authority", "authority.key", "--network", "try", "--host", "127.0.0.1",
             "--port", "9", "--broker", broker)
        assert "plek key new makes one" in plek("get", "--card", "region.card", expect=FILE).err
        # A key that is named must be there; without a name, whoami asks as a guest.
        assert "plek key new makes one" in plek("whoami", "--card", "region.card", "--key", "none",
                                                expect=FILE).err


def test_a_broker_that_is_not_there_is_3_and_says_which():
    with home() as (directory, plek):
        _, broker = with_keys(directory, plek, "authority", "broker")
        plek("card", "--authority", "authority.key", "--network", "try", "--host", "127.0.0.1",
             "--port", "9", "--broker", broker)
        common = ("--card", "region.card", "--key", "broker.key", "--timeout", "300ms")
        for command in (("whoami",), ("get",), ("status",), ("parties",), ("suspend", "duin"),
                        ("confirm", "epoch"), ("admit", "region.card"),
                        ("witness", "heads", "--for", "300ms"),
                        ("put", "door", "--location", "duinzicht", "OPEN")):
            said = plek(*command, *common, expect=UNREACHABLE).err
            assert "127.0.0.1" in said or "Is the broker running" in said, said
        said = plek("status", "--control", f"ipc://{directory}/none", "--timeout", "300ms",
                    expect=UNREACHABLE).err
        assert str(directory) in said, said


def test_help_and_version_are_for_everybody():
    with home() as (_, plek):
        summary = plek("help").out
        assert plek("--help").out == summary
        assert plek("--version").out.startswith("plek ")
        for line in summary.splitlines():
            if line.startswith("  "):
                name = line.split()[0]
                assert "--" in plek(name, "--help", expect=DONE).out, name


if __name__ == "__main__":
    tap.run(globals())
