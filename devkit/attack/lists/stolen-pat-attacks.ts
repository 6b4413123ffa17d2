/**
 * Tokens of the server that are good, in the hands of somebody else: blocked by their owner, or not confirmed where they
 * are used.
 */
import { BrowserClient } from '../../clients/browser-client.ts'
import { HANDSHAKE_FIELDS } from '../../clients/handshake-fields.ts'
import { confirmAt, pressButton } from '../../clients/own-forms.ts'
import { signIn } from '../../op/user-agent.ts'
import type { Attack, Target } from '../attack.ts'
import { attack, basic, CARRIERS, know, madeUp, madeUpOfGitLab, type Run } from './pat-attacks.ts'

const GITLAB = 'proven tokens of GitLab'
const CONFIRMED = 'confirmed tokens'

async function ownerOf({ publicUrl, ada }: Target): Promise<BrowserClient> {
  const browser = new BrowserClient()
  await signIn(browser, `${publicUrl}/.torhaus/`, ada)
  return browser
}

/** Each carrier with a token of its own: it works, its owner blocks it, and it is tried again. */
const blocked: readonly Attack[] = Object.entries(CARRIERS).map(([name, carry]) => ({
  ...attack(`blocked by its owner, in ${name}`, GITLAB, async (target, send) => {
    const token = madeUpOfGitLab()
    know(target, new Map([[token, 'ada']]))
    await send('GET /before', `PRIVATE-TOKEN: ${token}`)
    const [browser, home] = [await ownerOf(target), `${target.publicUrl}/.torhaus/`]
    // The one used last stands first.
    const path = /action="([^"]+\/pats\/block\/[^"]+)"/.exec((await browser.send(home)).text)?.[1]
    if (path === undefined) throw new Error('the token is not on the page of its owner')
    await pressButton(browser, home, path)
    const [line, ...fields] = carry(token)
    return send(line.replace('/public', '/blocked'), ...fields)
  }),
  isWanted: ({ target }) => target.startsWith('/blocked'),
}))

/** A token that the server knows, and its owner has confirmed nowhere. */
const stolen = (name: string, run: (token: string, ...parts: Parameters<Run>) => Promise<unknown>, owner = 'ada') =>
  attack(`good, not confirmed by its owner, ${name}`, CONFIRMED, (target, send) => {
    const token = madeUp()
    know(target, new Map([[token, owner]]))
    return run(token, target, send)
  })

const GIT = '/DefaultCollection/_git/r/info/refs?service=git-upload-pack'

const unconfirmed: readonly Attack[] = [
  stolen('at once', (token, _, send) => send('GET /public', basic(token))),
  stolen('again and again', async (token, _, send) => {
    for (let tries = 0; tries < 20; tries++) await send('GET /public', basic(token))
  }),
  stolen('for git', (token, _, send) => send(`GET ${GIT}`, basic(token), 'User-Agent: git/2.50.1')),
  stolen('for a WebSocket', (token, _, send) => send('GET /signalr/connect', basic(token), ...HANDSHAKE_FIELDS)),
  ...[
    'X-Forwarded-For: 192.0.2.7',
    'Forwarded: for=192.0.2.7',
    'X-Real-IP: 192.0.2.7',
    'X_Forwarded_For: 192.0.2.7',
  ].map(field =>
    stolen(`from a network that is not asked, as ${field.split(':')[0]} says`, (token, _, send) =>
      send('GET /public', basic(token), field),
    ),
  ),
  stolen('with a session of the server', (token, _, send) =>
    send('GET /public', basic(token), 'Cookie: FedAuth=stolen; torhaus=made-up'),
  ),
  stolen(
    'confirmed by somebody else',
    async (token, target, send) => {
      const refused = await fetch(`${target.publicUrl}/public`, {
        headers: { Authorization: basic(token).slice('Authorization: '.length) },
      })
      const { confirmUrl } = (await refused.json()) as { confirmUrl: string }
      await confirmAt(await ownerOf(target), confirmUrl, target.ada)
      return send('GET /public', basic(token))
    },
    'eve',
  ),
]

export const stolenPatAttacks: readonly Attack[] = [...blocked, ...unconfirmed]
