import { join } from 'node:path'
import { type Native, native, type Pointer } from './native.ts'
import { krb5Mechanism, krb5PrincipalName, spnegoMechanism } from './protocol/object-identifiers.ts'

/**
 * libgssapi, loaded, with the constants every call needs.
 *
 * One mechanism set, `krb5Only`, serves acquire, impersonate and init alike. The mechglue looks a credential up by
 * mechanism, and where it finds none it takes the process's default credential without a word: another user's, if there
 * is one. Nothing in this folder passes another mechanism to an initiator call. The SPNEGO form the wire wants is put
 * around the finished token (negotiate-token.ts).
 */
export type Gssapi = {
  readonly native: Native
  readonly krb5: Pointer
  readonly krb5Only: Pointer
  /** For the acceptor: clients send either. */
  readonly krb5AndSpnego: Pointer
  readonly principalNameType: Pointer
}

/** Why Kerberos is not to be had on this machine, for the operator. */
export type KerberosUnavailable = { readonly unavailable: true; readonly message: string }

export type LibraryOptions = {
  /**
   * Path of a krb5.conf; without it the system's applies (KRB5_CONFIG, else /etc/krb5.conf). Few settings are ours:
   * krb5-overlay.conf.
   */
  readonly krb5ConfigFile?: string
  /**
   * Where the settings go before the library reads them; that of the process writes through to C's on the main thread.
   */
  readonly environment: NodeJS.ProcessEnv
}

const overlay = join(import.meta.dirname, 'krb5-overlay.conf')

let loaded: Gssapi | KerberosUnavailable | undefined

/**
 * Loads libgssapi_krb5 on first use; later calls answer the same. Call it on the main thread (the environment of a
 * worker thread is a copy that C does not see). Answers `KerberosUnavailable` where the library is missing, so that a
 * configuration that wants Kerberos can be refused at start.
 */
export function loadGssapi(options: LibraryOptions): Gssapi | KerberosUnavailable {
  if (loaded !== undefined) return loaded
  prepareEnvironment(options)
  try {
    const library = native()
    loaded = {
      native: library,
      krb5: library.oid(krb5Mechanism),
      krb5Only: library.oidSet(krb5Mechanism),
      krb5AndSpnego: library.oidSet(krb5Mechanism, spnegoMechanism),
      principalNameType: library.oid(krb5PrincipalName),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    loaded = {
      unavailable: true,
      message:
        'Kerberos needs MIT libgssapi_krb5.so.2 and libkrb5.so.3: install libgssapi-krb5-2 (Debian, Ubuntu) or krb5-libs ' +
        `(RHEL, Fedora, SUSE: krb5), for the architecture of this Node. The loader said: ${reason}`,
    }
  }
  return loaded
}

/** True where `loadGssapi` found the library. */
export function isAvailable(result: Gssapi | KerberosUnavailable): result is Gssapi {
  return !('unavailable' in result)
}

// The second lock on the wrong identity: the default credential, which GSSAPI falls back to, is made to hold nobody. An
// operator's KRB5CCNAME of an interactive kinit must not become the identity of a request, so what is set is
// overwritten.
function prepareEnvironment({ krb5ConfigFile, environment }: LibraryOptions): void {
  environment.KRB5CCNAME = 'MEMORY:none'
  environment.KRB5_CLIENT_KTNAME = '/nonexistent'
  environment.KRB5_KTNAME = '/nonexistent'
  // An interposing gssproxy would answer with credentials of its own.
  environment.GSS_USE_PROXY = 'no'
  environment.KRB5_CONFIG = `${overlay}:${krb5ConfigFile ?? environment.KRB5_CONFIG ?? '/etc/krb5.conf'}`
}
