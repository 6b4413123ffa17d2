// Object identifiers as DER contents octets (X.690 8.19): the form GSSAPI's gss_OID_desc points at and SPNEGO carries.

/** Kerberos V5 mechanism, 1.2.840.113554.1.2.2 (RFC 4121 1). */
export const krb5Mechanism = Buffer.from('2a864886f712010202', 'hex')

/** The same mechanism as Windows spells it, 1.2.840.48018.1.2.2 (MS-SPNG 1.9): an old 16 bit overflow that stayed. */
export const krb5MechanismOfWindows = Buffer.from('2a864882f712010202', 'hex')

/** SPNEGO, 1.3.6.1.5.5.2 (RFC 4178 1). */
export const spnegoMechanism = Buffer.from('2b0601050502', 'hex')

/** NTLMSSP, 1.3.6.1.4.1.311.2.2.10 (MS-SPNG 1.9). */
export const ntlmMechanism = Buffer.from('2b06010401823702020a', 'hex')

/** Kerberos principal name type, 1.2.840.113554.1.2.2.1 (RFC 1964 2.1.1): `user@REALM` or `service/host@REALM`. */
export const krb5PrincipalName = Buffer.from('2a864886f71201020201', 'hex')
