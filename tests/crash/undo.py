"""A disk that lies: takes the last commit of an LMDB file back, as if it had never been synced

LMDB has two meta pages and writes them in turn; the one with the higher transaction number is the
truth, and whatever the other describes is still whole.
"""

import struct

PAGE = 4096
NUMBER = 8             # a page begins with its own number, which stays
TRANSACTION = 16 + 128  # of a meta page: after its header and what comes before mm_txnid


def undo_last_commit(directory):
    with open(directory / "data.mdb", "r+b") as file:
        pages = [file.read(PAGE) for _ in range(2)]
        transactions = [struct.unpack_from("=Q", page, TRANSACTION)[0] for page in pages]
        assert abs(transactions[0] - transactions[1]) == 1, transactions
        older, newer = sorted(range(2), key=transactions.__getitem__)
        file.seek(newer * PAGE + NUMBER)
        file.write(pages[older][NUMBER:])
