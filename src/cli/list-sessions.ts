/** Lists who is signed in, and which programs pass because a person has confirmed them. Changes nothing. */
import type { Services } from '../app/open-services.ts'
import { type SignedIn, signedIn, signedInAs } from '../app/signed-in.ts'
import { exitCode } from '../exit-codes.ts'
import { jsonText } from '../json-text.ts'
import { describeDevice, describeNetwork } from '../refusal/display.ts'
import { ENGLISH } from '../refusal/speech.ts'
import { system } from '../system.ts'
import { type Command, CommandError, columns, configOption } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'
import { withStore } from './with-store.ts'

/** More nobody reads; whoever looks for one of them names the person. */
const MOST = 10_000
const UNKNOWN = 'nobody can be listed'

export const command: Command = {
  usage: '--config FILE [--account NAME] [--json]',
  options: {
    ...configOption,
    account: { value: 'NAME', description: 'only of this person, in any spelling' },
    json: { description: 'prints one line of JSON' },
  },
  async run(given, print) {
    const config = readConfig(configFileOf(given), system.environment)
    const { account } = given.values
    const find = (services: Services) =>
      account === undefined ? signedIn(services, MOST) : signedInAs(services, account)
    const found = await withStore(config, { without: UNKNOWN, unfinished: UNKNOWN }, find)
    if (found === undefined)
      throw new CommandError('sessions in Redis can be listed only for one person: add --account', exitCode.failed)
    print(given.flags.has('json') ? jsonText(asJson(found)) : asText(found))
    return exitCode.done
  },
}

const time = (ms: number) => new Date(ms).toISOString()

const asJson = ({ lookedFor, sessions, grants }: SignedIn) => ({
  lookedFor,
  sessions: sessions.map(({ account, sinceMs, lastSeenMs, from }) => ({
    ...{ account, since: time(sinceMs), lastSeen: time(lastSeenMs), ...from },
  })),
  confirmations: grants.map(({ account, clientClass, network, clientAddress, userAgent, sinceMs, untilMs }) => ({
    ...{ account, program: clientClass, network, address: clientAddress, userAgent },
    ...{ since: time(sinceMs), until: time(untilMs) },
  })),
})

/** At sign-in, where it was noted. */
const placeOf = (from: SignedIn['sessions'][number]['from']) =>
  from === undefined ? '' : `, from ${from.address} by ${describeDevice(ENGLISH, from).text}`

/** To the second. */
const short = (ms: number) => `${time(ms).slice(0, 19)}Z`

function asText({ lookedFor, sessions, grants }: SignedIn): string {
  const rows = [
    ...sessions.map(({ account, sinceMs, lastSeenMs, from }): [string, string] => [
      account,
      `session since ${short(sinceMs)}, last seen ${short(lastSeenMs)}${placeOf(from)}`,
    ]),
    ...grants.map(({ account, clientClass, network, userAgent, sinceMs, untilMs }): [string, string] => [
      account,
      `confirmed ${clientClass} from ${describeNetwork(network)} since ${short(sinceMs)} until ${short(untilMs)}: ${userAgent}`,
    ]),
  ]
  const counted = `sessions: ${sessions.length}\nconfirmations: ${grants.length}\n`
  if (rows.length > 0) return `${counted}${columns(rows.map(([left, right]) => [plain(left), plain(right)]))}`
  return lookedFor.length === 0 ? counted : `${counted}looked for ${lookedFor.map(plain).join(', ')}\n`
}

/** A name or a User-Agent must not steer the terminal. */
const plain = (text: string) => text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?')
