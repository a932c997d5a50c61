"""A mail server with TLS on loopback, for tls.rs: aiosmtpd, with a certificate of an authority that is
made now. Writes the authority's certificate, and that of another one, into the folder it is given; then
says on one line where it listens, and what it took on a line each. Ends when its input ends."""

import asyncio
import json
import pathlib
import sys

import ssl
import trustme
from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = envelope.content.decode("ascii", "replace")
        tls = server.transport.get_extra_info("sslcontext") is not None
        said = {"to": envelope.rcpt_tos, "tls": tls, "mail": mail}
        print(json.dumps(said), flush=True)
        return "250 taken"


def login(server, session, envelope, mechanism, auth):
    good = (auth.login, auth.password) == (b"desk", b"secret")
    return AuthResult(success=good, handled=False)


async def main():
    folder = pathlib.Path(sys.argv[1])
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    other.cert_pem.write_to_path(folder / "other.pem")
    contexts = {}
    for name, host in [("right", "127.0.0.1"), ("foreign", "mail.elsewhere.example")]:
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(contexts[name])
    loop = asyncio.get_running_loop()

    def starttls():
        return SMTP(Handler(), tls_context=contexts["right"], require_starttls=True,
                    auth_required=True, authenticator=login, loop=loop)

    def wrapped():
        return SMTP(Handler(), auth_required=True, authenticator=login, auth_require_tls=False,
                    loop=loop)

    def plain():
        return SMTP(Handler(), loop=loop)

    servers = {
        "starttls": await loop.create_server(starttls, "127.0.0.1", 0),
        "wrapped": await loop.create_server(wrapped, "127.0.0.1", 0, ssl=contexts["right"]),
        "foreign": await loop.create_server(plain, "127.0.0.1", 0, ssl=contexts["foreign"]),
        "plain": await loop.create_server(plain, "127.0.0.1", 0),
    }
    ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
