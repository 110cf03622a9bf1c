#!/usr/bin/python3
"""plek witness and plek verify: whether a data directory is what its broker wrote"""

import os
import shutil
import signal

import plek_pb2 as pb
import tap
from harness import Region, until_true
from plekpy import envelope
from programs import Program
from terminal import Terminal
from tools import DAMAGED, DONE, FILE, PLEK, USAGE, Tools, run

UPDATES = 40


class History:
    """A region with a past: data directories and the heads that a witness kept of it."""

    def __init__(self, region):
        self.region = region
        self.tools = Tools(region)
        self.data = region.directory / "data"
        self.witness_file = region.directory / "heads"
        region.enrol_reader("getuige")
        region.submit(region.card.whole)
        self.agent = region.agent("duin", {"duin-ed": "oost"})

    def happen(self, n=UPDATES):
        for occupied in range(n):
            self.agent.send(self.agent.counts("duin-ed", f"w{occupied % 7}", pb.CARE_WARD,
                                              staffed=20, occupied=occupied))
        self.agent.state(self.agent.counts("duin-ed", "last", pb.CARE_WARD, staffed=n))
        return self

    def witness(self):
        """Until the head of what happened so far is written down."""
        revision = self.region.status().revision
        program = self.region.keep(Program(PLEK, "witness", self.witness_file, "--every", "0s",
                                           *self.tools.as_party("getuige"), env=self.tools.env))
        until_true(lambda: self.witness_file.exists() and revision in self.revisions(),
                   what="the head at the witness")
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == DONE, program
        return self

    def revisions(self):
        return [int(line.split()[2]) for line in
                self.witness_file.read_text(encoding="utf-8").splitlines()]

    def copy(self, name="copy"):
        """As a backup of files would, while nobody writes."""
        self.region.daemon.stop()
        path = self.region.directory / name
        shutil.copytree(self.data, path)
        return path

    def go_on(self, data=None):
        if data:
            self.region.daemon.config = self.region.write_config(directory=data)
        self.region.daemon.start()
        self.agent.reconnect()
        return self

    def verify(self, path, *arguments, **options):
        return run(PLEK, "verify", path, *arguments, env=self.tools.env, **options)


def flip(path, marker):
    """Flips one bit wherever @marker stands: the same page may be there as it was before."""
    whole = bytearray(path.read_bytes())
    at = whole.find(marker)
    assert at > 0, "what is to be altered is not there"
    while at > 0:
        whole[at] ^= 4
        at = whole.find(marker, at + 1)
    path.write_bytes(whole)


def test_a_witness_writes_heads_that_the_broker_signed():
    with Region() as region:
        history = History(region).happen().witness()
        lines = history.witness_file.read_text(encoding="utf-8").splitlines()
        for line in lines:
            _, epoch, revision, digest, whole = line.split()
            body = envelope.open_signed(bytes.fromhex(whole), envelope.HEAD, region.card.network,
                                        region.card.broker_signers).body
            head = pb.Head.FromString(body)
            assert (head.epoch, head.revision) == (int(epoch, 16), int(revision))
            assert head.head.hex() == digest
        # What did not change is not written again; a second witness goes on below the first.
        history.happen(3).witness()
        revisions = history.revisions()
        assert revisions[:len(lines)] == [int(line.split()[2]) for line in lines]
        assert len(set(revisions)) >= 2


def test_a_directory_as_its_broker_wrote_it_is_whole():
    with Region() as region:
        history = History(region).happen().witness()
        alive = history.verify(history.data, "--witness", history.witness_file)
        assert "It is what its broker wrote." in alive.out
        copy = history.copy()
        before = (copy / "data.mdb").read_bytes()
        one = history.verify(copy, "--witness", history.witness_file, "--json").one()
        assert one["whole"] and one["heads"] >= 1 and one["signatures"] > UPDATES
        assert one["network"] == "oost-test" and one["entries"] == one["revision"]
        assert (copy / "data.mdb").read_bytes() == before


def found(done):
    """The kinds of defect that were found."""
    return {finding["defect"] for finding in done.one()["findings"]}


def test_an_older_copy_is_rolled_back():
    with Region() as region:
        history = History(region).happen()
        copy = history.copy()
        history.go_on().happen().witness()
        assert history.verify(copy).status == DONE  # by itself it is whole
        done = history.verify(copy, "--witness", history.witness_file, "--json", expect=DAMAGED)
        assert found(done) == {"rolled back"}
        text = history.verify(copy, "--witness", history.witness_file, expect=DAMAGED).out
        assert "rolled back: " in text and "rev" in text


def test_a_directory_that_is_cut_short_is_truncated():
    with Region() as region:
        history = History(region).happen(400)
        copy = history.copy()
        file = copy / "data.mdb"
        os.truncate(file, file.stat().st_size * 2 // 3)
        done = history.verify(copy, "--json", expect=DAMAGED)
        assert "truncated" in found(done), done.out


def test_a_flipped_bit_is_found_and_named_by_revision():
    with Region() as region:
        history = History(region).happen()
        update = history.agent.counts("duin-ed", "marked", pb.CARE_WARD, staffed=1)
        update.label = "a ward with a label to be found"
        revision = history.agent.state(update)
        copy = history.copy()
        flip(copy / "data.mdb", update.label.encode())
        done = history.verify(copy, "--json", expect=DAMAGED)
        assert "bit-flipped" in found(done)
        assert revision in {finding["revision"] for finding in done.one()["findings"]}, done.out
        assert "bit-flipped: " in history.verify(copy, expect=DAMAGED).out


def test_an_older_copy_that_went_on_is_told_by_its_witness():
    with Region() as region:
        history = History(region).happen()
        copy = history.copy()
        history.go_on().happen(10).witness()
        # The operator goes on from the older copy, with the broker's own key: all of it is whole.
        region.daemon.stop()
        history.agent.session.head = None
        history.go_on(copy).happen(30)
        region.daemon.stop()
        assert history.verify(copy).status == DONE
        done = history.verify(copy, "--witness", history.witness_file, "--json", expect=DAMAGED)
        assert found(done) == {"rolled back"} and "went on" in done.out, done.out


def test_a_history_under_another_authority_is_re_signed():
    with Region() as region:
        history = History(region).happen(3)
        copy = history.copy()
        assert history.verify(copy).status == DONE
        other = history.tools.plek("key", "new", region.directory / "other.key").out.strip()
        done = history.verify(copy, "--authority", other, "--json", expect=DAMAGED)
        assert "re-signed" in found(done), done.out


def test_a_history_that_another_key_wrote_anew_is_re_signed():
    with Region() as region, Region(start=False) as other:
        history = History(region).happen(3).witness()
        # The same region once more, by who has the disk but not the broker's key.
        other.authority = region.authority
        other.card = other.new_card()
        other.daemon.config = other.write_config()
        other.daemon.start()
        copy = History(other).happen(3).copy()
        assert history.verify(copy).status == DONE
        done = history.verify(copy, "--witness", history.witness_file, "--json", expect=DAMAGED)
        assert found(done) == {"re-signed"}, done.out


def test_a_progress_bar_is_shown_on_a_terminal_only():
    with Region() as region:
        history = History(region).happen(3000)
        copy = history.copy()
        command = [str(PLEK), "verify", str(copy)]
        terminal = region.keep(Terminal(command, history.tools.env))
        terminal.expect("It is what its broker wrote", seconds=60)
        assert terminal.wait_end() == DONE
        assert b"\r[#" in terminal.bytes, terminal.bytes
        assert not any(line.startswith("[#") for line in terminal.screen.lines())  # cleared
        assert not history.verify(copy).err


def test_the_daemon_is_found_beside_the_name_and_beside_the_file():
    with Region() as region:
        history = History(region).happen(2)
        copy = history.copy()
        # As ./run build leaves it: links in one folder. The one beside comes first.
        folder = region.directory / "bin"
        folder.mkdir()
        (folder / "plek").symlink_to(PLEK)
        env = history.tools.env | {"PATH": "/usr/bin:/bin"}
        run(folder / "plek", "verify", copy, env=env)
        said = region.write_file("bin/plekd", "#!/bin/sh\necho beside \"$@\"\n", 0o755)
        assert run(folder / "plek", "verify", copy, env=env).out.startswith("beside --verify")
        said.unlink()


def test_what_cannot_be_verified_says_why():
    with Region() as region:
        history = History(region).happen(2)
        nowhere = region.directory / "nowhere"
        assert str(nowhere) in history.verify(nowhere, expect=FILE).err
        above = history.verify(history.data.parent, expect=FILE).err
        assert f"is {history.data} meant?" in above, above
        copy = history.copy()
        history.verify(copy, "--witness", nowhere, expect=FILE)
        assert "not a public key" in history.verify(copy, "--authority", "x", expect=USAGE).err
        assert "sage:" in run(PLEK, "verify", env=history.tools.env, expect=USAGE).err


if __name__ == "__main__":
    tap.run(globals())
