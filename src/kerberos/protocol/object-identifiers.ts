// Object identifiers as DER contents octets (X.690 8.19): the form SPNEGO carries.

/** Kerberos V5 mechanism, 1.2.840.113554.1.2.2 (RFC 4121 1). */
export const krb5Mechanism = Buffer.from('2a864886f712010202', 'hex')

/** The same mechanism as Windows spells it, 1.2.840.48018.1.2.2 (MS-SPNG 1.9): an old 16 bit overflow that stayed. */
export const krb5MechanismOfWindows = Buffer.from('2a864882f712010202', 'hex')

/** SPNEGO, 1.3.6.1.5.5.2 (RFC 4178 1). */
export const spnegoMechanism = Buffer.from('2b0601050502', 'hex')

/** NTLMSSP, 1.3.6.1.4.1.311.2.2.10 (MS-SPNG 1.9). */
export const ntlmMechanism = Buffer.from('2b06010401823702020a', 'hex')

/** Kerberos V5, in either spelling. */
export const isKerberosMechanism = (oid: Buffer): boolean =>
  oid.equals(krb5Mechanism) || oid.equals(krb5MechanismOfWindows)
