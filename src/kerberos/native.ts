import { createRequire } from 'node:module'
import type koffiModule from 'koffi'

// The C side of the binding: which functions of libgssapi_krb5 and libkrb5 are declared, and in which form they are
// callable.
//
// A call that can wait (network, file, lock held during either) is exposed in its asynchronous form only, so that it
// cannot run on the event loop by mistake. A call that touches memory alone is exposed in its synchronous form only: a
// thread hop costs more than the call.

/** A pointer of the C side; koffi represents it as a BigInt. */
export type Pointer = bigint

/** gss_buffer_desc (RFC 2744 3.2). */
export type NativeBuffer = { length: number; value: Pointer | Uint8Array | null }

/** One call that runs on a thread of the libuv pool; resolves to the C return value. */
type Waiting = (...parameters: unknown[]) => Promise<number>

/** One call that only touches memory. */
type Immediate = (...parameters: unknown[]) => number

export type Native = {
  acquireCredFrom: Waiting
  acquireCredWithPassword: Waiting
  acquireCredImpersonateName: Waiting
  initSecContext: Waiting
  acceptSecContext: Waiting
  inquireCred: Waiting
  importName: Immediate
  canonicalizeName: Immediate
  displayName: Immediate
  inquireContext: Immediate
  setNegMechs: Immediate
  displayStatus: Immediate
  releaseName: Immediate
  releaseCred: Immediate
  releaseBuffer: Immediate
  deleteSecContext: Immediate
  destroyCache(name: string): void
  copy(source: Pointer, byteLength: number): Buffer
  /** A gss_OID that stays valid for the life of the process. */
  oid(contents: Uint8Array): Pointer
  /** A gss_OID_set that stays valid for the life of the process. */
  oidSet(...oids: Uint8Array[]): Pointer
  /** The contents octets of a gss_OID. */
  oidContents(oid: Pointer): Buffer
  /** Reads the environment as C sees it. */
  getenv(name: string): string | null
}

type Koffi = typeof koffiModule
type Library = ReturnType<Koffi['load']>
type Declared = ReturnType<Library['func']>

let declared: Native | undefined

/**
 * Loads koffi and both libraries, once per process and not before they are wanted. Throws the loader's error where one
 * is missing.
 */
export function native(): Native {
  declared ??= declare(createRequire(import.meta.url)('koffi'))
  return declared
}

function declare(koffi: Koffi): Native {
  // 1 MiB: libkrb5 keeps packets and profile buffers on the stack, and koffi's default of 128 KiB is the whole stack of
  // the call. The bound on calls is ours (Bulkhead, KdcGate); koffi's is set where it cannot refuse before ours does.
  koffi.config({ async_stack_size: 1 << 20, max_async_calls: 4096 })
  const gss = koffi.load('libgssapi_krb5.so.2')
  const krb5 = koffi.load('libkrb5.so.3')
  koffi.struct('gss_buffer_desc', { length: 'size_t', value: 'void *' })
  koffi.struct('gss_OID_desc', { length: 'uint32_t', elements: 'void *' })
  koffi.struct('gss_OID_set_desc', { count: 'size_t', elements: 'void *' })
  koffi.struct('gss_key_value_element_desc', { key: 'const char *', value: 'const char *' })
  koffi.struct('gss_key_value_set_desc', { count: 'uint32_t', elements: 'gss_key_value_element_desc *' })
  return { ...declareGss(gss), destroyCache: declareDestroyCache(krb5), ...declareMemory(koffi) }
}

// RFC 2744 5, and the extensions of MIT krb5 (gssapi_ext.h). OM_uint32 is uint32_t; every handle is an opaque pointer.
function declareGss(library: Library) {
  const waiting = (prototype: string): Waiting => promised(library.func(prototype))
  const immediate = (prototype: string): Immediate => library.func(prototype)
  return {
    acquireCredFrom: waiting(
      'uint32_t gss_acquire_cred_from(_Out_ uint32_t *minor, void *name, uint32_t time, void *mechs, int usage, gss_key_value_set_desc *store, _Out_ void **cred, void **actual, _Out_ uint32_t *lifetime)',
    ),
    acquireCredWithPassword: waiting(
      'uint32_t gss_acquire_cred_with_password(_Out_ uint32_t *minor, void *name, gss_buffer_desc *password, uint32_t time, void *mechs, int usage, _Out_ void **cred, void **actual, _Out_ uint32_t *lifetime)',
    ),
    acquireCredImpersonateName: waiting(
      'uint32_t gss_acquire_cred_impersonate_name(_Out_ uint32_t *minor, void *service, void *name, uint32_t time, void *mechs, int usage, _Out_ void **cred, void **actual, _Out_ uint32_t *lifetime)',
    ),
    initSecContext: waiting(
      'uint32_t gss_init_sec_context(_Out_ uint32_t *minor, void *cred, _Inout_ void **context, void *target, void *mech, uint32_t flags, uint32_t time, void *bindings, gss_buffer_desc *input, void **actual, _Out_ gss_buffer_desc *output, _Out_ uint32_t *retFlags, _Out_ uint32_t *lifetime)',
    ),
    acceptSecContext: waiting(
      'uint32_t gss_accept_sec_context(_Out_ uint32_t *minor, _Inout_ void **context, void *cred, gss_buffer_desc *input, void *bindings, _Out_ void **source, _Out_ void **mech, _Out_ gss_buffer_desc *output, _Out_ uint32_t *retFlags, _Out_ uint32_t *lifetime, void **delegated)',
    ),
    inquireCred: waiting(
      'uint32_t gss_inquire_cred(_Out_ uint32_t *minor, void *cred, _Out_ void **name, _Out_ uint32_t *lifetime, void *usage, void **mechs)',
    ),
    importName: immediate(
      'uint32_t gss_import_name(_Out_ uint32_t *minor, gss_buffer_desc *text, void *type, _Out_ void **name)',
    ),
    canonicalizeName: immediate(
      'uint32_t gss_canonicalize_name(_Out_ uint32_t *minor, void *name, void *mech, _Out_ void **canonical)',
    ),
    displayName: immediate(
      'uint32_t gss_display_name(_Out_ uint32_t *minor, void *name, _Out_ gss_buffer_desc *text, void **type)',
    ),
    inquireContext: immediate(
      'uint32_t gss_inquire_context(_Out_ uint32_t *minor, void *context, _Out_ void **source, void **target, _Out_ uint32_t *lifetime, void **mech, void *flags, void *local, void *open)',
    ),
    setNegMechs: immediate('uint32_t gss_set_neg_mechs(_Out_ uint32_t *minor, void *cred, void *mechs)'),
    displayStatus: immediate(
      'uint32_t gss_display_status(_Out_ uint32_t *minor, uint32_t status, int type, void *mech, _Inout_ uint32_t *messages, _Out_ gss_buffer_desc *text)',
    ),
    releaseName: immediate('uint32_t gss_release_name(_Out_ uint32_t *minor, _Inout_ void **name)'),
    releaseCred: immediate('uint32_t gss_release_cred(_Out_ uint32_t *minor, _Inout_ void **cred)'),
    releaseBuffer: immediate('uint32_t gss_release_buffer(_Out_ uint32_t *minor, _Inout_ gss_buffer_desc *buffer)'),
    deleteSecContext: immediate(
      'uint32_t gss_delete_sec_context(_Out_ uint32_t *minor, _Inout_ void **context, void *output)',
    ),
  }
}

function promised(declaration: Declared): Waiting {
  return (...parameters) =>
    new Promise((resolve, reject) => {
      const settle = (error: Error | null, major: number): void => {
        // C reads octets of these parameters until now, and koffi holds no reference to input buffers: this one does.
        parameters.length = 0
        if (error === null) resolve(major)
        else reject(error)
      }
      declaration.async(...parameters, settle)
    })
}

// A credential cache named in a cred store outlives the credential handle; GSSAPI has no call that destroys it, libkrb5
// has.
function declareDestroyCache(library: Library) {
  const initContext = library.func('int32_t krb5_init_context(_Out_ void **context)')
  const freeContext = library.func('void krb5_free_context(void *context)')
  const resolve = library.func('int32_t krb5_cc_resolve(void *context, const char *name, _Out_ void **cache)')
  const destroy = library.func('int32_t krb5_cc_destroy(void *context, void *cache)')
  return (name: string): void => {
    const context: [Pointer | null] = [null]
    if (initContext(context) !== 0) return
    const cache: [Pointer | null] = [null]
    if (resolve(context[0], name, cache) === 0) destroy(context[0], cache[0])
    freeContext(context[0])
  }
}

function declareMemory(koffi: Koffi) {
  const c = koffi.load(null)
  const memcpy = c.func('void *memcpy(void *target, void *source, size_t length)')
  const getenv: (name: string) => string | null = c.func('const char *getenv(const char *name)')
  const allocate = (byteLength: number): Pointer => koffi.alloc('uint8_t', Math.max(1, byteLength))
  const oidAt = (pointer: Pointer, offset: number, contents: Uint8Array): void => {
    const elements = allocate(contents.length)
    memcpy(elements, contents, contents.length)
    koffi.encode(pointer, offset, 'gss_OID_desc', { length: contents.length, elements })
  }
  const copy = (source: Pointer, byteLength: number): Buffer => {
    const target = Buffer.allocUnsafeSlow(byteLength)
    if (byteLength > 0) memcpy(target, source, byteLength)
    return target
  }
  return {
    getenv,
    copy,
    oidContents(oid: Pointer): Buffer {
      const { length, elements }: { length: number; elements: Pointer } = koffi.decode(oid, 'gss_OID_desc')
      return copy(elements, length)
    },
    oid(contents: Uint8Array): Pointer {
      const pointer = allocate(koffi.sizeof('gss_OID_desc'))
      oidAt(pointer, 0, contents)
      return pointer
    },
    oidSet(...oids: Uint8Array[]): Pointer {
      const size = koffi.sizeof('gss_OID_desc')
      const elements = allocate(size * oids.length)
      for (const [index, contents] of oids.entries()) oidAt(elements, size * index, contents)
      const pointer = allocate(koffi.sizeof('gss_OID_set_desc'))
      koffi.encode(pointer, 'gss_OID_set_desc', { count: oids.length, elements })
      return pointer
    },
  }
}
