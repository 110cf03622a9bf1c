"""Keys: one secret of 32 bytes, two key pairs derived from it (PROTOCOL.md, chapter 2)"""

import hashlib
import os
from dataclasses import dataclass

import nacl.bindings
import nacl.exceptions
import nacl.signing
import zmq.utils.z85

KDF_CONTEXT = b"plek-key"
SUBKEY_SIGN = 1
SUBKEY_TRANSPORT = 2

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PREFIX = "plek1"
GROUPS = 15
GROUP_DATA = 7


class KeyTextError(ValueError):
    """A public key's text with a slip in it; group says where, from 1 (0: as a whole)."""

    def __init__(self, group, text):
        super().__init__(text)
        self.group = group


def derive(secret, subkey):
    """crypto_kdf_derive_from_key() of libsodium: keyed BLAKE2b, number as salt, context as person."""
    return hashlib.blake2b(b"", digest_size=32, key=secret,
                           salt=subkey.to_bytes(8, "little") + bytes(8),
                           person=KDF_CONTEXT + bytes(8)).digest()


def key_id(public):
    """The first eight bytes of BLAKE2b-256 of one public key."""
    return hashlib.blake2b(public, digest_size=32).digest()[:8]


@dataclass(frozen=True)
class PublicKey:
    sign: bytes
    transport: bytes

    @property
    def sign_id(self):
        return key_id(self.sign)

    @property
    def transport_id(self):
        return key_id(self.transport)

    def verify(self, signature, message):
        return verify(self.sign, signature, message)


class SecretKey:
    def __init__(self, secret=None):
        self.secret = secret if secret is not None else os.urandom(32)
        self._signer = nacl.signing.SigningKey(derive(self.secret, SUBKEY_SIGN))
        self._transport = derive(self.secret, SUBKEY_TRANSPORT)
        self.public = PublicKey(self._signer.verify_key.encode(),
                                nacl.bindings.crypto_scalarmult_base(self._transport))

    def sign(self, message):
        return self._signer.sign(message).signature

    def curve(self):
        """The CURVE pair (public, secret) as ZeroMQ wants it, in Z85."""
        return zmq.utils.z85.encode(self.public.transport), zmq.utils.z85.encode(self._transport)


def verify(sign_public, signature, message):
    try:
        nacl.signing.VerifyKey(sign_public).verify(message, signature)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False


# ------------------------------------------------------------------ text


def _shift(value):
    """Multiplies by x in GF(2)[x] / (x^5 + x^2 + 1)."""
    return (value << 1 & 31) ^ (5 if value & 16 else 0)


def _weighted_sum(values):
    total = 0
    for value in reversed(values):
        total = _shift(total) ^ value
    return total


def _check_symbol(values, group):
    return next(c for c in range(32) if _weighted_sum([*values, c]) == group)


def _to_symbols(data):
    number = int.from_bytes(data, "big") << (-len(data) * 8 % 5)
    count = (len(data) * 8 + 4) // 5
    return [number >> 5 * (count - 1 - i) & 31 for i in range(count)]


def _from_symbols(values, n_bytes):
    number = 0
    for value in values:
        number = number << 5 | value
    rest = len(values) * 5 - n_bytes * 8
    if number & ((1 << rest) - 1):
        raise KeyTextError(0, "its last bits are not zero")
    return (number >> rest).to_bytes(n_bytes, "big")


def _checksum(prefix, data, n_bytes):
    return hashlib.blake2b(prefix + data, digest_size=32).digest()[:n_bytes]


def _values(text):
    for char in text.lower():
        char = {"o": "0", "i": "1", "l": "1"}.get(char, char)
        if char not in ALPHABET:
            raise KeyTextError(0, f"{char!r} is not a symbol")
        yield ALPHABET.index(char)


def format_public(public):
    data = public.sign + public.transport
    symbols = _to_symbols(data + _checksum(PREFIX.encode(), data, 1)) + [0]
    groups = []
    for i in range(GROUPS):
        group = symbols[i * GROUP_DATA:(i + 1) * GROUP_DATA]
        groups.append("".join(ALPHABET[v] for v in [*group, _check_symbol(group, i + 1)]))
    return "-".join([PREFIX, *groups])


def parse_public(text):
    symbols = list(_values(text.replace(" ", "").replace("-", "")))
    if symbols[:len(PREFIX)] != list(_values(PREFIX)):
        raise KeyTextError(0, "it does not begin with plek1")
    del symbols[:len(PREFIX)]
    if len(symbols) != GROUPS * (GROUP_DATA + 1):
        raise KeyTextError(0, "it has not fifteen groups of eight")

    values = []
    for i in range(GROUPS):
        group = symbols[i * (GROUP_DATA + 1):(i + 1) * (GROUP_DATA + 1)]
        if _weighted_sum(group) != i + 1:
            raise KeyTextError(i + 1, f"group {i + 1} has a slip in it")
        values += group[:-1]

    data = _from_symbols(values, 65)
    if _checksum(PREFIX.encode(), data[:64], 1) != data[64:]:
        raise KeyTextError(0, "its checksum is wrong")
    return PublicKey(data[:32], data[32:64])


SECRET_PREFIX = "plek-secret1"


def format_secret(key):
    data = key.secret + _checksum(SECRET_PREFIX.encode(), key.secret, 3)
    return SECRET_PREFIX + "-" + "".join(ALPHABET[v] for v in _to_symbols(data))


def parse_secret(text):
    prefix, _, rest = text.strip().rpartition("-")
    if prefix != SECRET_PREFIX:
        raise KeyTextError(0, f"it does not begin with {SECRET_PREFIX}")
    data = _from_symbols(list(_values(rest)), 35)
    if _checksum(SECRET_PREFIX.encode(), data[:32], 3) != data[32:]:
        raise KeyTextError(0, "its checksum is wrong")
    return SecretKey(data[:32])
