from __future__ import annotations

import pytest

from omniroute_email.reading.mail import examine
from omniroute_email.reading.sealed import Seal


@pytest.mark.parametrize(
    ("lines", "seal"),
    [
        (["", "hi"], Seal.NONE),
        (
            ["Content-Type: application/pkcs7-mime; smime-type=enveloped-data", "", "MIIB"],
            Seal.SMIME,
        ),
        (["", "-----BEGIN PGP MESSAGE-----", "", "hQEMA"], Seal.PGP),
        (["", "-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA256", "", "hi"], Seal.SIGNED),
        (
            [
                "Content-Type: multipart/encrypted; boundary=b",
                "",
                "--b",
                "Content-Type: application/pgp-encrypted",
                "",
                "Version: 1",
                "--b",
                "Content-Type: application/octet-stream",
                "",
                "x",
                "--b--",
            ],
            Seal.PGP,
        ),
        (
            [
                "Content-Type: multipart/signed; boundary=b",
                "",
                "--b",
                "",
                "hi",
                "--b",
                "Content-Type: application/pkcs7-signature; name=smime.p7s",
                "",
                "MIIB",
                "--b--",
            ],
            Seal.SIGNED,
        ),
    ],
)
def test_what_was_done_to_a_message(lines: list[str], seal: Seal) -> None:
    mail = examine("\r\n".join(["From: joe@x.example", *lines]).encode())
    assert mail.sealed is seal
    said = str(mail.remarks)
    assert said == (str(seal) if seal in (Seal.SMIME, Seal.PGP) else "")
