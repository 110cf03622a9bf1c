#!/usr/bin/python3
"""PROTOCOL.md's own example: what it says in bytes is what its rules give."""

import hashlib
import re
from pathlib import Path

import plek_pb2 as pb
import tap
from plekpy import envelope, keys

PAGE = (Path(__file__).parents[2] / "proto" / "PROTOCOL.md").read_text(encoding="utf-8")
EXAMPLE = PAGE[PAGE.index("## 15. "):PAGE.index("## 16. ")]
AGENT = keys.SecretKey(bytes(range(32)))
AUTHORITY = keys.SecretKey(bytes([0xa5]) * 32)


def values(name):
    """The values that the page gives for @name, in order."""
    return re.findall(rf"^\| {re.escape(name)}[^|]*\| `([^`]+)` \|$", EXAMPLE, re.MULTILINE)


def hex_blocks():
    lines = re.findall(r"(?:^    [0-9a-f]{2,64}\n)+", EXAMPLE, re.MULTILINE)
    return [bytes.fromhex("".join(block.split())) for block in lines]


def test_keys_are_derived_as_the_page_says():
    assert values("signing seed") == [keys.derive(AGENT.secret, 1).hex()]
    assert values("transport secret") == [keys.derive(AGENT.secret, 2).hex()]
    assert values("public signing key") == [AGENT.public.sign.hex()]
    assert values("public transport key") == [AGENT.public.transport.hex()]
    assert values("its key id") == [AGENT.public.sign_id.hex(), AGENT.public.transport_id.hex()]
    assert values("authority's signing key") == [AUTHORITY.public.sign.hex()]


def test_key_text_is_the_line_of_chapter_two():
    text = re.search(r"^    (plek1-\S+)$", PAGE, re.MULTILINE)[1]
    assert keys.format_public(AGENT.public) == text
    assert keys.parse_public(text.upper().replace("0", "O").replace("1", "l")) == AGENT.public
    assert values("the agent's secret as text") == [keys.format_secret(AGENT)]
    assert keys.parse_secret(keys.format_secret(AGENT)).secret == AGENT.secret


def test_every_slip_in_a_key_is_found_in_its_group():
    text = keys.format_public(AGENT.public)
    for at in range(len("plek1-"), len(text)):
        if text[at] == "-":
            continue
        for symbol in keys.ALPHABET.replace(text[at], ""):
            try:
                keys.parse_public(text[:at] + symbol + text[at + 1:])
            except keys.KeyTextError as error:
                assert error.group == (at - len("plek1-")) // 9 + 1
            else:
                raise AssertionError(f"{symbol} at {at} passes")


def test_example_update_is_signed_as_the_page_says():
    body, whole = hex_blocks()
    network = envelope.network_id("oost-test", AUTHORITY.public.sign)
    assert values("network id") == [network.hex()]

    assert envelope.seal(envelope.UPDATE, network, AGENT, body) == whole
    opened = envelope.open_signed(whole, envelope.UPDATE, network, [AGENT.public.sign])
    assert opened.body == body
    assert values("digest of the envelope") == [envelope.digest(whole).hex()]

    update = pb.Update.FromString(body)
    assert (update.party, update.unit, update.door.state) == ("vliet", "seh", pb.DOOR_STOP)
    assert list(update.door.exceptions) == [pb.EXCEPTION_LIFE_THREATENING, pb.EXCEPTION_MULTITRAUMA]


def test_changing_any_byte_of_the_example_is_noticed():
    _, whole = hex_blocks()
    network = envelope.network_id("oost-test", AUTHORITY.public.sign)
    for at in range(len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
        try:
            envelope.open_signed(changed, envelope.UPDATE, network, [AGENT.public.sign])
        except envelope.EnvelopeError:
            continue
        raise AssertionError(f"byte {at} can be changed")


def test_chain_of_the_example():
    _, whole = hex_blocks()
    head = hashlib.blake2b(bytes(32) + (7).to_bytes(8, "big")
                           + (1767225600000).to_bytes(8, "big") + bytes([6])
                           + envelope.digest(whole), digest_size=32)
    assert values("head of a chain after it") == [head.hexdigest()]


def test_every_refusal_code_is_explained():
    chapter = PAGE[PAGE.index("## 9. "):PAGE.index("## 10. ")]
    rows = dict(re.findall(r"^\| (\d+) \| (\w+) \|", chapter, re.MULTILINE))
    for name, number in pb.RefusalCode.items():
        assert rows.pop(str(number)) == name.removeprefix("REFUSED_")
    assert not rows


def test_every_kind_of_care_is_mapped():
    chapter = PAGE[PAGE.index("### Care\n"):PAGE.index("### Kinds of location\n")]
    rows = dict(re.findall(r"^\| (\d+) \| (\w+) \|", chapter, re.MULTILINE))
    for name, number in pb.Care.items():
        assert rows.pop(str(number)) == name.removeprefix("CARE_")
    assert not rows


if __name__ == "__main__":
    tap.run(globals())
