/** Makes a test of each case of the clients: works or is refused, and prints what the table says. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { type Client, type ClientCase, patternOf, type Variables } from '../../devkit/compatibility/client.ts'
import { runCase, versionOf } from '../../devkit/compatibility/run-case.ts'

export interface Surroundings {
  readonly variables: Variables
  /** Below it, each case has a folder of its own. */
  readonly directory: string
}

/** `surroundings` is asked once the lab is open. Not all clients at once: a compiler takes a core for itself. */
export function tryClients(clients: readonly Client[], surroundings: () => Surroundings): void {
  describe('each client with each credential', { concurrency: 3 }, () => {
    for (const [index, client] of clients.entries()) describeClient(client, `client-${index}`, surroundings)
  })
}

function describeClient(client: Client, name: string, surroundings: () => Surroundings): void {
  describe(client.name, { concurrency: 1 }, () => {
    let version: string | undefined
    before(async () => {
      version = await versionOf(client)
    })
    for (const [index, tried] of client.cases.entries())
      test(titleOf(tried), async t => {
        if (version === undefined) return t.skip(`${client.version.file} is not on this machine`)
        t.diagnostic(version)
        const { variables, directory } = surroundings()
        const ended = await runCase(client, tried, variables, join(directory, `${name}-${index}`))
        assertExpected(ended, tried, variables)
      })
  })
}

const titleOf = ({ credential, how, works }: ClientCase) =>
  `${credential}: ${how === '' ? 'as it is' : how}: ${works ? 'works' : 'refused'}`

function assertExpected(
  { code, printed }: Awaited<ReturnType<typeof runCase>>,
  { works, prints }: ClientCase,
  variables: Variables,
): void {
  for (const expected of prints) assert.match(printed, patternOf(expected, variables.URL))
  assert.equal(code === 0, works, printed)
  // git-lfs shows the address with its password where it works: that is its own affair.
  if (!works) for (const secret of secretsOf(variables)) assert.ok(!printed.includes(secret), printed)
}

const secretsOf = ({ PAT, TOKEN, ONE_FACTOR_TOKEN, EXPIRED_TOKEN, SERVER_TOKEN, COOKIE }: Variables) =>
  [PAT, TOKEN, ONE_FACTOR_TOKEN, EXPIRED_TOKEN, SERVER_TOKEN, COOKIE].map(secret => secret.slice(-40))
