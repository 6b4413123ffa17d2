/**
 * MIT's libgssapi, called through koffi: the independent side of tests and measurements, and no part of Torhaus. It
 * makes tokens as a client does, accepts them as a service does, and keeps what a call needs alive until it has
 * returned.
 */
import koffi from 'koffi'
import { krb5Mechanism, spnegoMechanism } from '../../src/kerberos/protocol/object-identifiers.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'

/** A pointer of the C side. */
export type Pointer = bigint

/** gss_buffer_desc (RFC 2744 3.2). */
export type NativeBuffer = { length: number; value: Pointer | Uint8Array | null }

/** One call on a thread of libuv's pool; resolves to the major status. */
type Call = (...parameters: unknown[]) => Promise<number>

/** `GSS_C_NT_USER_NAME` of the Kerberos mechanism: a principal with its realm (RFC 1964 2.1.1). */
const PRINCIPAL_NAME = Buffer.from('2a864886f71201020201', 'hex')
const MAJOR_ERROR_MASK = 0xffff0000
/** GSS_C_MECH_CODE. */
const MECHANISM_STATUS = 2

/** What libgssapi refused; `minor` is libkrb5's own number under the Kerberos mechanism, and nothing under SPNEGO. */
export class GssapiError extends Error {
  override readonly name = 'GssapiError'
  readonly minor: number

  constructor(what: string, minor: number) {
    super(`${what}: ${textOf(minor)} (${minor})`)
    this.minor = minor
  }
}

await ensureDebianPackages(['libgssapi-krb5-2'])
koffi.config({ async_stack_size: 1 << 20, max_async_calls: 4096 })
const gss = koffi.load('libgssapi_krb5.so.2')
const c = koffi.load(null)
koffi.struct('gss_buffer_desc', { length: 'size_t', value: 'void *' })
koffi.struct('gss_OID_desc', { length: 'uint32_t', elements: 'void *' })
koffi.struct('gss_OID_set_desc', { count: 'size_t', elements: 'void *' })
koffi.struct('gss_key_value_element_desc', { key: 'const char *', value: 'const char *' })
koffi.struct('gss_key_value_set_desc', { count: 'uint32_t', elements: 'gss_key_value_element_desc *' })

const memcpy = c.func('void *memcpy(void *target, void *source, size_t length)')
const setenv = c.func('int setenv(const char *name, const char *value, int overwrite)')
const waiting = (prototype: string): Call => {
  const declared = gss.func(prototype)
  return (...parameters) =>
    new Promise((resolve, reject) => {
      const settle = (error: Error | null, major: number): void => {
        // C reads octets of these parameters until now, and koffi holds no reference to buffers: this one does.
        parameters.length = 0
        if (error === null) resolve(major)
        else reject(error)
      }
      declared.async(...parameters, settle)
    })
}

/** RFC 2744 5, and gssapi_ext.h of MIT krb5. */
export const native = {
  acquireCredFrom: waiting(
    'uint32_t gss_acquire_cred_from(_Out_ uint32_t *minor, void *name, uint32_t time, void *mechs, int usage, gss_key_value_set_desc *store, _Out_ void **cred, void **actual, void *lifetime)',
  ),
  acquireCredWithPassword: waiting(
    'uint32_t gss_acquire_cred_with_password(_Out_ uint32_t *minor, void *name, gss_buffer_desc *password, uint32_t time, void *mechs, int usage, _Out_ void **cred, void **actual, void *lifetime)',
  ),
  initSecContext: waiting(
    'uint32_t gss_init_sec_context(_Out_ uint32_t *minor, void *cred, _Inout_ void **context, void *target, void *mech, uint32_t flags, uint32_t time, void *bindings, gss_buffer_desc *input, void **actual, _Out_ gss_buffer_desc *output, _Out_ uint32_t *retFlags, void *lifetime)',
  ),
  acceptSecContext: waiting(
    'uint32_t gss_accept_sec_context(_Out_ uint32_t *minor, _Inout_ void **context, void *cred, gss_buffer_desc *input, void *bindings, _Out_ void **source, void **mech, _Out_ gss_buffer_desc *output, _Out_ uint32_t *retFlags, void *lifetime, void **delegated)',
  ),
  importName: gss.func(
    'uint32_t gss_import_name(_Out_ uint32_t *minor, gss_buffer_desc *text, void *type, _Out_ void **name)',
  ),
  displayName: gss.func(
    'uint32_t gss_display_name(_Out_ uint32_t *minor, void *name, _Out_ gss_buffer_desc *text, void **type)',
  ),
  displayStatus: gss.func(
    'uint32_t gss_display_status(_Out_ uint32_t *minor, uint32_t status, int type, void *mech, _Inout_ uint32_t *messages, _Out_ gss_buffer_desc *text)',
  ),
  setNegMechs: gss.func('uint32_t gss_set_neg_mechs(_Out_ uint32_t *minor, void *cred, void *mechs)'),
  releaseName: gss.func('uint32_t gss_release_name(_Out_ uint32_t *minor, _Inout_ void **name)'),
  releaseCred: gss.func('uint32_t gss_release_cred(_Out_ uint32_t *minor, _Inout_ void **cred)'),
  releaseBuffer: gss.func('uint32_t gss_release_buffer(_Out_ uint32_t *minor, _Inout_ gss_buffer_desc *buffer)'),
  deleteSecContext: gss.func(
    'uint32_t gss_delete_sec_context(_Out_ uint32_t *minor, _Inout_ void **context, void *output)',
  ),
} as const

const allocated = (byteLength: number): Pointer => koffi.alloc('uint8_t', byteLength)

function oid(contents: Uint8Array, pointer: Pointer = allocated(koffi.sizeof('gss_OID_desc')), offset = 0): Pointer {
  const elements = allocated(contents.length)
  memcpy(elements, contents, contents.length)
  koffi.encode(pointer, offset, 'gss_OID_desc', { length: contents.length, elements })
  return pointer
}

function oidSet(...oids: Uint8Array[]): Pointer {
  const size = koffi.sizeof('gss_OID_desc')
  const elements = allocated(size * oids.length)
  for (const [index, contents] of oids.entries()) oid(contents, elements, size * index)
  const pointer = allocated(koffi.sizeof('gss_OID_set_desc'))
  koffi.encode(pointer, 'gss_OID_set_desc', { count: oids.length, elements })
  return pointer
}

/** Kept for the life of the process. */
export const mechanisms = {
  krb5: oid(krb5Mechanism),
  spnego: oid(spnegoMechanism),
  krb5Only: oidSet(krb5Mechanism),
  spnegoOnly: oidSet(spnegoMechanism),
  krb5AndSpnego: oidSet(krb5Mechanism, spnegoMechanism),
}
const principalName = oid(PRINCIPAL_NAME)

export const succeeded = (major: number): boolean => (major & MAJOR_ERROR_MASK) === 0

export function check(what: string, major: number, [minor]: readonly [number]): void {
  if (!succeeded(major)) throw new GssapiError(what, minor | 0)
}

function textOf(minor: number): string {
  const text: NativeBuffer = { length: 0, value: null }
  const major = native.displayStatus([0], minor, MECHANISM_STATUS, mechanisms.krb5, [0], text)
  return succeeded(major) ? takeBuffer(text).toString('utf8') : 'no text'
}

/** Copies a buffer that libgssapi allocated, and gives it back. An absent one reads as empty. */
export function takeBuffer(buffer: NativeBuffer): Buffer {
  const { value, length } = buffer
  if (typeof value !== 'bigint' || value === 0n) return Buffer.alloc(0)
  const octets = Buffer.allocUnsafeSlow(length)
  if (length > 0) memcpy(octets, value, length)
  native.releaseBuffer([0], buffer)
  return octets
}

/** Uses a principal with its realm, `alice@CORP.TEST`. */
export async function withName<T>(principal: string, use: (name: Pointer) => Promise<T>): Promise<T> {
  const octets = Buffer.from(principal, 'utf8')
  const name: [Pointer | null] = [null]
  const minor: [number] = [0]
  check('import', native.importName(minor, { length: octets.length, value: octets }, principalName, name), minor)
  try {
    return await use(name[0] ?? 0n)
  } finally {
    native.releaseName([0], name)
  }
}

/** `alice@CORP.TEST`; the name is given back. */
export function takeName(name: [Pointer | null]): string {
  const text: NativeBuffer = { length: 0, value: null }
  const minor: [number] = [0]
  try {
    check('display', native.displayName(minor, name[0], text, null), minor)
    return takeBuffer(text).toString('utf8')
  } finally {
    native.releaseName([0], name)
  }
}

/**
 * Which krb5.conf libkrb5 reads; once for each process, before anything else is called. The process's own credential is
 * made nobody's: where libgssapi finds none of the kind asked for, it takes that one without a word.
 */
export function useKrb5Config(file: string): void {
  for (const [name, value] of Object.entries({
    ...{ KRB5_CONFIG: file, KRB5CCNAME: 'MEMORY:none', KRB5_CLIENT_KTNAME: '/nonexistent' },
    ...{ KRB5_KTNAME: '/nonexistent', GSS_USE_PROXY: 'no' },
  }))
    setenv(name, value, 1)
}
