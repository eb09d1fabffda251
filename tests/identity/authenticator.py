"""An authenticator in software: makes passkeys and signs with them, as a browser hands the answers on."""

import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

Flag = AuthenticatorData.FLAG


@dataclass
class Authenticator:
    """One device with one passkey. `verifies`: it asks for a finger or a PIN; `counts`: its counter rises."""

    origin: str
    verifies: bool = True
    counts: bool = True
    counter: int = 0
    user: str = ""
    id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to `navigator.credentials.create`."""
        asked = options["publicKey"]
        self.user = asked["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        data = self._data(asked["rp"]["id"], credential)
        client = self._client(CollectedClientData.TYPE.CREATE, asked["challenge"])
        whole = AttestationObject.create("none", data, {})
        return self._answer(
            {"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(whole)}
        )

    def use(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to `navigator.credentials.get`."""
        asked = options["publicKey"]
        data = self._data(asked["rpId"], None)
        client = self._client(CollectedClientData.TYPE.GET, asked["challenge"])
        signature = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": self.user,
            }
        )

    def _data(self, host: str, credential: AttestedCredentialData | None) -> AuthenticatorData:
        self.counter += int(self.counts)
        flags = Flag.UP | (Flag.UV if self.verifies else Flag(0)) | (Flag.AT if credential else Flag(0))
        return AuthenticatorData.create(
            sha256(host.encode()).digest(), flags, self.counter, credential or b""
        )

    def _client(self, kind: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(kind, websafe_decode(challenge), self.origin)

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        mine = websafe_encode(self.id)
        return {
            "id": mine,
            "rawId": mine,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }
