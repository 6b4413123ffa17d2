/**
 * Correctness with autocannon before anything is measured: a load of refusals or redirects measures nothing. It looks
 * at no certificate; tls-check.ts does.
 */
import autocannon from 'autocannon'
import { type LabTls, schemeOf } from '../lab/tls.ts'
import type { LoadRequest } from '../load.ts'

const CONNECTIONS = 8
const TIMEOUT_S = 5

interface Target {
  readonly name: string
  readonly port: number
  readonly tls: LabTls | undefined
}

/**
 * Sends `amount` requests and looks at the status and the length of each answer.
 * @throws when one is wrong.
 */
export async function verify({ name, port, tls }: Target, requests: readonly LoadRequest[], amount: number) {
  const seen = new Map<string, number>()
  const result = await autocannon({
    url: `${schemeOf(tls)}://127.0.0.1:${port}`,
    connections: CONNECTIONS,
    amount,
    timeout: TIMEOUT_S,
    requests: requests.map(({ method, target, fields, content, responseBytes }) => ({
      method,
      path: target,
      headers: fields,
      ...(content !== undefined && { body: content }),
      onResponse: (status: number, body: string) => {
        const answer = `${status} with ${Buffer.byteLength(body)} bytes`
        if (status !== 200 || Buffer.byteLength(body) !== responseBytes) seen.set(answer, (seen.get(answer) ?? 0) + 1)
      },
    })),
  })
  const wrong = [...seen].map(([answer, count]) => `${count} x ${answer}`)
  if (result.errors > 0) wrong.push(`${result.errors} x no answer`)
  if (wrong.length > 0) throw new Error(`${name} does not answer the load as it should: ${wrong.join(', ')}`)
}
