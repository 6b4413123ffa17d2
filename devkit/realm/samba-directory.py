"""Writes the lab's directory database: a provisioned domain, and accounts in it.

Run by /usr/bin/python3, the interpreter Samba's modules are installed for:
    samba-directory.py provision SMB_CONF HOST_ADDRESS < plan.json
    samba-directory.py accounts  SMB_CONF              < plan.json

One process for all accounts: samba-tool costs a second for each command, this costs milliseconds for each account.
The plan is {"adminPassword", "domain", "realm", "accounts": [...], "crowd": [name, ...], "keytabs": {path: [principal, ...]}}.
"""

import json
import sys

import ldb
import samba.provision
from samba import dsdb
from samba.auth import system_session
from samba.credentials import Credentials
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.net import Net
from samba.netcmd.main import cmd_sambatool
from samba.param import LoadParm
from samba.samdb import SamDB

# RFC 3962: aes128-cts-hmac-sha1-96 (8) and aes256-cts-hmac-sha1-96 (16), the only types a service's ticket may use.
AES_ONLY = 24


def provision(smb_conf, host_address, plan):
    # The access lists of SYSVOL need root and extended attributes; a KDC never reads that folder.
    samba.provision.setsysvolacl = lambda *args, **kwargs: None
    run_samba_tool(
        "domain",
        "provision",
        f"--configfile={smb_conf}",
        f"--realm={plan['realm']}",
        f"--domain={plan['domain']}",
        "--server-role=dc",
        "--dns-backend=NONE",
        "--host-name=dc1",
        f"--host-ip={host_address}",
        f"--adminpass={plan['adminPassword']}",
    )


def run_samba_tool(*args):
    tool, rest = cmd_sambatool(), ("samba-tool", *args)
    # Of newer versions a command is found first.
    if hasattr(tool, "_resolve"):
        tool, rest = tool._resolve(*rest)
    code = tool._run(*rest)
    if code:
        sys.exit(f"samba-tool {args[0]} {args[1]} failed with {code}")


def open_directory(smb_conf):
    lp = LoadParm()
    lp.load(smb_conf)
    return lp, SamDB(url=lp.samdb_url(), session_info=system_session(lp), lp=lp)


def relax_password_policy(samdb):
    domain = ldb.Message(ldb.Dn(samdb, samdb.domain_dn()))
    for attribute in ["pwdProperties", "minPwdLength", "pwdHistoryLength", "minPwdAge", "maxPwdAge"]:
        domain[attribute] = ldb.MessageElement("0", ldb.FLAG_MOD_REPLACE, attribute)
    samdb.modify(domain)


def add_upn_suffix(samdb, suffix):
    partitions = ldb.Message(ldb.Dn(samdb, f"CN=Partitions,{samdb.get_config_basedn()}"))
    known = samdb.search(partitions.dn, scope=ldb.SCOPE_BASE, attrs=["uPNSuffixes"])[0].get("uPNSuffixes", [])
    if suffix.encode() not in [bytes(value) for value in known]:
        partitions["uPNSuffixes"] = ldb.MessageElement(suffix, ldb.FLAG_MOD_ADD, "uPNSuffixes")
        samdb.modify(partitions)


def descriptor_for(samdb, names):
    """As Set-ADUser -PrincipalsAllowedToDelegateToAccount writes it: full access for each account (MS-ADA2 2.210)."""
    entries = "".join(f"(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;{sid_of(samdb, name)})" for name in names)
    return ndr_pack(security.descriptor.from_sddl(f"O:BAD:{entries}", security.dom_sid(samdb.get_domain_sid())))


def sid_of(samdb, name):
    found = samdb.search(
        samdb.domain_dn(), expression=f"(sAMAccountName={ldb.binary_encode(name)})", attrs=["objectSid"]
    )[0]
    return ndr_unpack(security.dom_sid, found["objectSid"][0])


def add_account(samdb, account):
    name = account["name"]
    samdb.newuser(name, account["password"])
    found = samdb.search(
        samdb.domain_dn(),
        expression=f"(sAMAccountName={ldb.binary_encode(name)})",
        attrs=["userAccountControl"],
    )[0]
    control = int(str(found["userAccountControl"][0])) | dsdb.UF_DONT_EXPIRE_PASSWD
    if account.get("disabled"):
        control |= dsdb.UF_ACCOUNTDISABLE
    if account.get("sensitive"):
        control |= dsdb.UF_NOT_DELEGATED
    if account.get("protocolTransition"):
        control |= dsdb.UF_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION
    change = {"userAccountControl": [str(control)]}
    if account.get("servicePrincipals"):
        change["servicePrincipalName"] = account["servicePrincipals"]
        change["msDS-SupportedEncryptionTypes"] = [str(AES_ONLY)]
    if account.get("delegatesTo"):
        change["msDS-AllowedToDelegateTo"] = account["delegatesTo"]
    if account.get("delegatedBy"):
        change["msDS-AllowedToActOnBehalfOfOtherIdentity"] = [descriptor_for(samdb, account["delegatedBy"])]
    if account.get("userPrincipalName"):
        change["userPrincipalName"] = account["userPrincipalName"]
        add_upn_suffix(samdb, account["userPrincipalName"].partition("@")[2])
    message = ldb.Message(found.dn)
    for attribute, values in change.items():
        message[attribute] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, attribute)
    samdb.modify(message)
    if account.get("servicePrincipals"):
        # The keys derived from a password follow the encryption types of the moment it was set.
        samdb.setpassword(f"(sAMAccountName={ldb.binary_encode(name)})", account["password"])
    for group in account.get("memberOf", []):
        samdb.add_remove_group_members(group, [name])
    for index in range(1, account.get("groups", 0) + 1):
        group = f"{name}-group-{index:04}"
        samdb.newgroup(group)
        samdb.add_remove_group_members(group, [name])


def add_accounts(samdb, accounts):
    samdb.transaction_start()
    try:
        for account in accounts:
            add_account(samdb, account)
        samdb.transaction_commit()
    except BaseException:
        samdb.transaction_cancel()
        raise


def add_crowd(samdb, names):
    """Accounts without a password, whom services can act for: no keys to derive, so a few milliseconds each."""
    control = dsdb.UF_NORMAL_ACCOUNT | dsdb.UF_PASSWD_NOTREQD | dsdb.UF_DONT_EXPIRE_PASSWD
    samdb.transaction_start()
    try:
        for name in names:
            samdb.add(
                {
                    "dn": f"CN={name},CN=Users,{samdb.domain_dn()}",
                    "objectClass": "user",
                    "sAMAccountName": name,
                    "userPrincipalName": f"{name}@{samdb.domain_dns_name()}",
                    "userAccountControl": str(control),
                }
            )
        samdb.transaction_commit()
    except BaseException:
        samdb.transaction_cancel()
        raise


def export_keytabs(lp, keytabs):
    for path, principals in keytabs.items():
        for principal in principals:
            Net(Credentials(), lp).export_keytab(keytab=path, principal=principal)


def main():
    command, smb_conf, *rest = sys.argv[1:]
    plan = json.load(sys.stdin)
    if command == "provision":
        provision(smb_conf, rest[0], plan)
    lp, samdb = open_directory(smb_conf)
    if command == "provision":
        relax_password_policy(samdb)
    add_accounts(samdb, plan["accounts"])
    add_crowd(samdb, plan.get("crowd", []))
    export_keytabs(lp, plan.get("keytabs", {}))


main()
