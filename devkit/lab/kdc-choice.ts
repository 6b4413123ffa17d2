/** `--kdcs silent,live`: which KDCs the lab has, in the order of its configuration, and how each behaves. */
import { UsageError } from '../demo/demo-error.ts'
import { type KdcRelayMode, startKdcRelay } from '../realm/kdc-relay.ts'
import { KDC_PORT } from '../realm/samba-config.ts'
import type { SambaKdc } from '../realm/samba-kdc.ts'

export const KDCS_OPTION = '--kdcs'

const SLOW_MS = 3_000

const MODES: Readonly<Record<string, KdcRelayMode>> = {
  live: 'pass',
  silent: 'hang',
  refusing: 'refuse',
  dropping: 'drop',
  lying: 'garbage',
  slow: { delayMs: SLOW_MS },
}

/** Takes the option out of the arguments. Throws a `UsageError` for a behaviour there is not. */
export function kdcsFrom(args: readonly string[]): { readonly kdcs: readonly string[]; readonly rest: string[] } {
  // Both spellings of an option with a value, as node:util has them.
  const at = args.findIndex(arg => arg === KDCS_OPTION || arg.startsWith(`${KDCS_OPTION}=`))
  if (at === -1) return { kdcs: [], rest: [...args] }
  const isOneWord = args[at] !== KDCS_OPTION
  const value = isOneWord ? args[at]?.slice(KDCS_OPTION.length + 1) : args[at + 1]
  const kdcs = (value ?? '').split(',')
  if (kdcs.some(name => !Object.hasOwn(MODES, name))) {
    throw new UsageError(`${KDCS_OPTION} takes a list of ${Object.keys(MODES).join(', ')}, such as silent,live.`)
  }
  return { kdcs, rest: args.toSpliced(at, isOneWord ? 1 : 2) }
}

/**
 * Relays before the lab's KDC; the first live one is the one that counts. Resolves with a krb5.conf that names them in
 * that order.
 */
export async function startKdcs(kdc: SambaKdc, names: readonly string[], undo: AsyncDisposableStack): Promise<string> {
  const kdcs: string[] = []
  for (const name of names) {
    if (name === 'live' && !kdcs.includes(kdc.kdc)) {
      kdcs.push(kdc.kdc)
      continue
    }
    const relay = await startKdcRelay({ address: kdc.address, kdcAddress: kdc.address, kdcPort: KDC_PORT })
    undo.defer(relay.close)
    relay.mode = MODES[name] ?? 'pass'
    kdcs.push(`${relay.address}:${relay.port}`)
  }
  return kdc.writeKrb5Config('kdcs-krb5.conf', { kdcs })
}
