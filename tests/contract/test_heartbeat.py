"""The heartbeat over real HTTPS: it asks once, follows nothing, and carries nothing but the address."""

from __future__ import annotations

import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from opsguide.dss import heartbeat


class _Ear(http.server.BaseHTTPRequestHandler):
    """Answers as the path says, and remembers what was asked."""

    heard: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        status = int(self.path.strip("/").partition("?")[0])
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def ear(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a local HTTPS server, and the file that makes its certificate trusted."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl, to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Ear)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"localhost:{server.server_port}", certificate
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("200?job=42", "sent"),
        ("204", "sent"),
        ("302", "not sent: the address leads elsewhere, and redirects are not followed"),
        ("500", "not sent: the address answered with status 500"),
    ],
)
def test_it_asks_once_and_follows_nothing(
    ear: tuple[str, Path], path: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, certificate = ear
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    _Ear.heard.clear()
    assert heartbeat.send(f"https://{host}/{path}", (host,)) == said
    ((asked, headers),) = _Ear.heard
    assert asked == f"/{path}"
    assert not {"authorization", "cookie", "x-dku-apiticket"} & set(headers)


def test_a_certificate_that_nobody_vouches_for_is_no_connection(ear: tuple[str, Path]) -> None:
    host, _ = ear
    _Ear.heard.clear()
    assert heartbeat.send(f"https://{host}/200", (host,)) == "not sent: no connection"
    assert _Ear.heard == []


def test_what_does_not_listen_is_no_connection() -> None:
    assert heartbeat.send("https://127.0.0.1:9/", ("127.0.0.1:9",)) == "not sent: no connection"
