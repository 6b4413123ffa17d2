"""One request over TLS with a Kerberos ticket that is bound to the connection (RFC 5929), by MIT's GSSAPI.

    bound-client.py ADDRESS PORT HOST PATH BINDING

BINDING is `end-point` (of the certificate that the server has shown), `another` (of one that it has not), or `none`.
Prints {"status", "code", "body"}. Run by /usr/bin/python3, with python3-gssapi.
"""

import base64
import hashlib
import http.client
import json
import socket
import ssl
import sys

import gssapi
from gssapi.raw import ChannelBindings


def bindings_for(binding, certificate):
    if binding == "none":
        return None
    shown = certificate if binding == "end-point" else certificate + b"another"
    return ChannelBindings(application_data=b"tls-server-end-point:" + hashlib.sha256(shown).digest())


def main():
    address, port, host, path, binding = sys.argv[1:]
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=30)
    connection.sock = context.wrap_socket(socket.create_connection((address, int(port)), timeout=30))
    initiator = gssapi.SecurityContext(
        name=gssapi.Name(f"HTTP@{host}", gssapi.NameType.hostbased_service),
        mech=gssapi.OID.from_int_seq("1.3.6.1.5.5.2"),
        usage="initiate",
        channel_bindings=bindings_for(binding, connection.sock.getpeercert(binary_form=True)),
    )
    token = base64.b64encode(initiator.step()).decode()
    connection.request("GET", path, headers={"Authorization": f"Negotiate {token}"})
    response = connection.getresponse()
    body = response.read().decode()
    print(json.dumps({"status": response.status, "code": response.getheader("X-Torhaus-Error"), "body": body}))


main()
