/** How a call that may ask a KDC ends. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { KerberosError } from '../../src/kerberos/kerberos-error.ts'

/** The code of its refusal, or `done`. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error === undefined) return 'done'
  assert(error instanceof KerberosError, `${error}`)
  return error.code
}

/** Tries until the KDC is asked again and answers: its circuit pauses for `pauseMs`. */
export async function recovers(attempt: () => Promise<unknown>, pauseMs: number): Promise<void> {
  for (let round = 0; round < 600; round++) {
    if ((await codeOf(attempt())) === 'done') return
    await sleep(pauseMs / 3)
  }
  assert.fail('the circuit stayed open')
}
