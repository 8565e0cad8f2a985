"""Keys, certificates and kubeconfigs of one cluster, made with the openssl program.

Elliptic-curve keys throughout: one takes 5 ms instead of the 100 ms of RSA.
"""

import base64
import json
import subprocess
from pathlib import Path

from .process import write_atomically
from .report import Failure

DAYS = "30"  # a test cluster is not meant to live longer
CLIENT = "extendedKeyUsage=clientAuth"


def _openssl(*args: str) -> None:
    done = subprocess.run(["openssl", *args], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"openssl {args[0]} failed: {done.stderr.strip()}")


class Pki:
    """The certificate authority of one cluster and what it signs, in one folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        return self.folder / name

    def key(self, name: str) -> None:
        _openssl(
            "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", self.path(f"{name}.key")
        )

    def authority(self, name: str) -> None:
        """Makes a self-signed certificate authority NAME.crt, NAME.key."""
        self.key(name)
        _openssl(
            "req",
            "-x509",
            "-new",
            "-key",
            self.path(f"{name}.key"),
            "-days",
            DAYS,
            "-subj",
            f"/CN=slipway-{name}",
            "-out",
            self.path(f"{name}.crt"),
        )

    def sign(
        self, name: str, subject: str, extensions: str = CLIENT, authority: str = "ca"
    ) -> None:
        """Makes NAME.key and a certificate NAME.crt for it, signed by an authority."""
        self.key(name)
        request, extra = self.path(f"{name}.csr"), self.path(f"{name}.ext")
        _openssl("req", "-new", "-key", self.path(f"{name}.key"), "-subj", subject, "-out", request)
        extra.write_text(extensions + "\n")
        _openssl(
            "x509",
            "-req",
            "-in",
            request,
            "-CA",
            self.path(f"{authority}.crt"),
            "-CAkey",
            self.path(f"{authority}.key"),
            "-CAcreateserial",
            "-days",
            DAYS,
            "-extfile",
            extra,
            "-out",
            self.path(f"{name}.crt"),
        )
        request.unlink()
        extra.unlink()

    def base64(self, file: str) -> str:
        return base64.b64encode(self.path(file).read_bytes()).decode()

    def kubeconfig(self, to: Path, server: str, user: str, cluster: str) -> Path:
        """Writes a kubeconfig that holds all it needs, so that it works wherever it is copied.

        It is JSON, which every YAML reader takes.
        """
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": cluster,
                    "cluster": {
                        "server": server,
                        "certificate-authority-data": self.base64("ca.crt"),
                    },
                }
            ],
            "users": [
                {
                    "name": user,
                    "user": {
                        "client-certificate-data": self.base64(f"{user}.crt"),
                        "client-key-data": self.base64(f"{user}.key"),
                    },
                }
            ],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
            "current-context": cluster,
        }
        write_atomically(to, json.dumps(config, indent=2) + "\n", mode=0o600)
        return to
