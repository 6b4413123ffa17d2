/** An acceptor before tokens that are forged with the service's own key, with a clock of its own. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Forgery, forgedKeytab, forgedToken } from '../../../devkit/realm/forged-token.ts'
import { type Acceptor, type AcceptorOptions, createAcceptor } from '../../../src/kerberos/acceptor.ts'
import { KerberosError } from '../../../src/kerberos/kerberos-error.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { createReplayCache } from '../../../src/kerberos/replay-cache.ts'

export const alice = 'alice@CORP.TEST'

export interface ForgedAcceptor extends Disposable {
  readonly acceptor: Acceptor
  nowMs: number
  /** A forged token that is no replay of another. */
  token(changes?: Partial<Forgery>): Buffer
  /** Who it is taken for, or the code of the refusal. */
  verdictOf(token: Buffer): Promise<string>
  forged(changes?: Partial<Forgery>): Promise<string>
}

export function startForgedAcceptor(changes: Partial<AcceptorOptions> = {}): ForgedAcceptor {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-forged-'))
  const file = join(directory, 'keytab')
  writeFileSync(file, forgedKeytab())
  const clock = { nowMs: Date.UTC(2026, 5, 1) }
  const now = () => clock.nowMs
  const replays = createReplayCache({ directory: join(directory, 'replay'), skewMs: 300_000, now })
  const acceptor = createAcceptor({
    ...{ keytab: new KeytabFile(file), services: ['HTTP/proxy.corp.test@CORP.TEST'], replays, now },
    directory: { realm: 'CORP.TEST', netbiosDomain: 'CORP' },
    ...changes,
  })
  let made = 1
  const token = (forgery: Partial<Forgery> = {}) =>
    forgedToken({ nowMs: clock.nowMs, microseconds: made++, ...forgery })
  const verdictOf = async (octets: Buffer): Promise<string> => {
    try {
      return (await acceptor.accept(octets)).principal
    } catch (error) {
      assert(error instanceof KerberosError, `${error}`)
      return error.code
    }
  }
  return Object.assign(clock, {
    ...{ acceptor, token, verdictOf },
    forged: (forgery?: Partial<Forgery>) => verdictOf(token(forgery)),
    [Symbol.dispose]() {
      acceptor[Symbol.dispose]()
      replays[Symbol.dispose]()
      rmSync(directory, { recursive: true })
    },
  })
}
