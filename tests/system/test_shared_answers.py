#!/usr/bin/python3
"""Many who catch up at once are given the same bytes, encoded once."""

import plek_pb2 as pb
import tap
from harness import Region

TOPIC = "pic/oost/counts/"
READERS = 100
SETTINGS = {"connections-per-key": str(READERS + 4)}  # all are one control room's
RECORDS = 600


def figures(region):
    metrics = region.metrics()
    return {name: metrics[f"plek_{name}_total", ""]
            for name in ("answers_encoded", "answers_shared", "answer_bytes", "chunks_sent")}


def state_ward(agent, numbers):
    """Sends them all, then waits for the last one."""
    updates = [agent.make("duin-1", unit=f"w{number}", label="x" * 100,
                          counts=pb.Counts(care=pb.CARE_WARD, staffed=number))
               for number in numbers]
    for update in updates:
        agent.send(update)
    for update in updates:
        assert agent.outcome(update.seq).revision
    return updates


def ask_all(sessions, revision, epoch=None):
    """What each is answered: (manifest, bodies)."""
    return [session.since(TOPIC, epoch if epoch is not None else session.epoch.epoch, revision)
            for session in sessions]


def readers(region):
    secret = region.enrol_reader("meldkamer")
    sessions = [region.session(secret) for _ in range(READERS)]
    for session in sessions:
        session.hello()
    return sessions


def test_a_hundred_readers_at_one_revision_cost_one_encoding():
    with Region(settings=SETTINGS) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        for start in range(0, RECORDS, 60):
            state_ward(agent, range(start, start + 60))
        sessions = readers(region)

        before = figures(region)
        answers = ask_all(sessions, 0)
        after = figures(region)
        manifest, bodies = answers[0]
        assert manifest.whole and manifest.n_entries == RECORDS
        assert len(bodies) > 1
        assert all(other == bodies for _, other in answers)
        assert after["answers_encoded"] - before["answers_encoded"] == 1
        assert after["answers_shared"] - before["answers_shared"] == READERS - 1
        assert after["chunks_sent"] - before["chunks_sent"] == READERS * len(bodies)
        one = sum(body.ByteSize() for body in bodies)
        assert one <= after["answer_bytes"] - before["answer_bytes"] < one + 100 * len(bodies)


def test_changes_since_a_position_are_not_the_whole_and_are_shared_too():
    with Region(settings=SETTINGS) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        for start in range(0, RECORDS, 60):
            state_ward(agent, range(start, start + 60))
        sessions = readers(region)
        position = ask_all(sessions[:1], 0)[0][0].to
        changed = state_ward(agent, range(7))

        before = figures(region)
        answers = ask_all(sessions, position)
        after = figures(region)
        for manifest, bodies in answers:
            assert not manifest.whole and manifest.n_entries == len(changed)
            assert sum(len(body.entries) for body in bodies) == len(changed)
        assert after["answers_encoded"] - before["answers_encoded"] == 1
        assert after["answer_bytes"] - before["answer_bytes"] < 10_000


def test_a_whole_answer_is_extended_while_the_topic_changes():
    with Region(settings=SETTINGS) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        for start in range(0, RECORDS, 60):
            state_ward(agent, range(start, start + 60))
        sessions = readers(region)
        ask_all(sessions[:1], 0)

        gone = state_ward(agent, [3])[0]
        changed = state_ward(agent, [5, 6])
        assert agent.state(agent.withdraw(gone))
        before = figures(region)
        answers = ask_all(sessions, 0)
        after = figures(region)
        assert after["answers_encoded"] - before["answers_encoded"] == 1
        assert after["answer_bytes"] - before["answer_bytes"] < 10_000

        # A reader who applies it in order has what is there now, and nothing else.
        manifest, bodies = answers[-1]
        assert manifest.whole
        units = {}
        for entry in (entry for body in bodies for entry in body.entries):
            if entry.HasField("withdrawn"):
                units.pop(entry.withdrawn.key.unit, None)
            else:
                update = pb.Update.FromString(entry.envelope[96:])
                units[update.unit] = update.seq
        assert len(units) == RECORDS - 1 and gone.unit not in units
        assert all(units[update.unit] == update.seq for update in changed)

        fresh = region.reader("meldkamer")
        assert len(fresh.topics[TOPIC].records) == RECORDS - 1


if __name__ == "__main__":
    tap.run(globals())
