#!/usr/bin/python3
"""The reference implementation's vectors, read by a client that shares no code with it."""

import hashlib
from pathlib import Path

import plek_pb2 as pb
import tap
from plekpy import envelope, keys

FOLDER = Path(__file__).parents[1] / "vectors"
MESSAGES = {envelope.UPDATE: pb.Update, envelope.BLOCK: pb.Block, envelope.ENROLMENT: pb.Enrolment,
            envelope.CARD: pb.RegionCard, envelope.HEAD: pb.Head, envelope.EPOCH: pb.Epoch,
            envelope.MANIFEST: pb.Manifest, envelope.CALL: pb.Call}


def read(name):
    """The file's values: text in quotes, everything else in hexadecimal."""
    values = {}
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            key, value = line.split(" ", 1)
            values[key] = value.strip('"') if value.startswith('"') else bytes.fromhex(value)
    return values


KEYS = read("keys")
PARTIES = {name: keys.SecretKey(KEYS[f"{name}.secret"]) for name in ("agent", "authority", "broker")}
NETWORK = KEYS["network.id"]


def check_envelope(name, values):
    whole = values[f"{name}.envelope"]
    parsed = envelope.parse(whole)
    signer = next(key for key in PARTIES.values() if key.public.sign_id == parsed.key_id)
    assert parsed.network == NETWORK and parsed.body == values[f"{name}.body"], name
    assert parsed.signature == values[f"{name}.signature"], name
    assert values[f"{name}.signed"] == envelope.signed_bytes(parsed.kind, whole[:32], parsed.body)
    assert envelope.verify(parsed, signer.public.sign), name
    assert envelope.seal(parsed.kind, NETWORK, signer, parsed.body) == whole, name

    message = MESSAGES[parsed.kind].FromString(parsed.body)
    assert message.IsInitialized() and message.SerializeToString(), name


def test_keys_and_their_texts():
    for name, key in PARTIES.items():
        assert keys.derive(key.secret, 1) == KEYS[f"{name}.sign.seed"]
        assert keys.derive(key.secret, 2) == KEYS[f"{name}.transport.secret"]
        assert key.public.sign == KEYS[f"{name}.sign.public"]
        assert key.public.transport == KEYS[f"{name}.transport.public"]
        assert key.public.sign_id.hex() == KEYS[f"{name}.sign.id"]
        assert key.public.transport_id.hex() == KEYS[f"{name}.transport.id"]
        assert keys.format_public(key.public) == KEYS[f"{name}.public.text"]
        assert keys.parse_public(KEYS[f"{name}.public.text"]) == key.public
    assert keys.format_secret(PARTIES["agent"]) == KEYS["agent.secret.text"]
    assert NETWORK == envelope.network_id(KEYS["network.name"], PARTIES["authority"].public.sign)


def test_every_envelope_is_what_its_parts_give():
    n_checked = 0
    for file in ("documents", "heads", "updates", "blocks", "calls"):
        values = read(file)
        for name in values:
            if name.endswith(".envelope"):
                check_envelope(name.removesuffix(".envelope"), values)
                n_checked += 1
    assert n_checked >= 13


def test_head_of_the_chain():
    head = pb.Head.FromString(read("heads")["head.body"])
    entry = read("heads")["entry.digest"]
    chain = hashlib.blake2b(bytes(32) + head.revision.to_bytes(8, "big")
                            + head.time_ms.to_bytes(8, "big") + bytes([6]) + entry, digest_size=32)
    assert chain.digest() == head.head == read("heads")["entry.head"]
    assert any(envelope.digest(whole) == entry for name, whole in read("updates").items()
               if name.endswith(".envelope"))


def test_block_and_beat_frames():
    values = read("blocks")
    for name, topic in (("block", "/counts/"), ("beat", "beat/")):
        text, _, whole = values[f"{name}.frame"].partition(b"\0")
        assert topic in text.decode()
        opened = envelope.open_signed(whole, envelope.BLOCK, NETWORK,
                                      [PARTIES["broker"].public.sign])
        block = pb.Block.FromString(opened.body)
        assert block.HasField("beat") == (name == "beat")
        envelope.open_signed(block.head, envelope.HEAD, NETWORK, [PARTIES["broker"].public.sign])
    manifest = pb.Manifest.FromString(values["manifest.body"])
    assert envelope.digest(values["chunk.body"]) in manifest.digests
    body = pb.ChunkBody.FromString(values["chunk.body"])
    assert len(body.entries) == manifest.n_entries


def test_an_acknowledgement_names_what_was_seen():
    values = read("updates")
    ack = pb.Update.FromString(values["ack.body"])
    assert (ack.party, ack.ack.party, ack.ack.revision) == ("isala", "rav-ijsselland", 42)
    assert ack.ack.record.report == 21 and ack.ack.function == "regievoerder"
    gone = pb.Update.FromString(values["withdraw-ack.body"]).withdraw
    assert gone.report == 27 and gone.of_party == "rav-ijsselland" and gone.of_report == 21


def test_query_frames():
    values = read("queries")
    assert pb.Request.FromString(values["hello.request"]).hello.kind
    assert pb.Request.FromString(values["since.request"]).since.topic.endswith("/")
    made = read("calls")
    call = pb.Call.FromString(made["call.body"])
    assert pb.Request.FromString(made["call.request"]).call.envelope == made["call.envelope"]
    progress = pb.Reply.FromString(made["progress.reply"]).progress
    assert progress.id == call.id and progress.of == len(progress.lines) == 2
    assert not progress.triage.HasField("yellow") and progress.triage.HasField("green")
    receipt = pb.Reply.FromString(values["receipt.reply"])
    assert receipt.id == 0 and len(receipt.receipt.outcomes) >= 2


if __name__ == "__main__":
    tap.run(globals())
