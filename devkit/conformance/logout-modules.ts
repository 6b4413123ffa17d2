/** What an OP may do when somebody signs out. */
import { randomUUID } from 'node:crypto'
import { base64url, decodeJwt, generateKeyPair, type JWTPayload } from 'jose'
import { BrowserClient } from '../clients/browser-client.ts'
import type { LyingOp } from '../op/lying-op.ts'
import { codeOf } from '../torhaus/sign-in-lab.ts'
import { agreed } from '../torhaus/torhaus-config.ts'
import type { Module } from './module.ts'
import type { RpUnderTest } from './rp-under-test.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Two browsers with sessions from the same session at the OP: one signs out, and the other is watched. */
type Pair = { readonly leaving: BrowserClient; readonly other: BrowserClient; readonly sid: string }

async function openPair(rp: RpUnderTest): Promise<Pair> {
  const sid = randomUUID()
  rp.tell(({ sign, header, claims }) => sign(header, { ...claims, sid }))
  return { leaving: await rp.open(), other: await rp.open(), sid }
}

/**
 * Signs out at Torhaus, as OIDC RP-Initiated Logout 1.0 has it, and says what came of it. `atOp`: what the OP does
 * before it sends the browser back, with these parameters.
 */
async function signOut(
  rp: RpUnderTest,
  browser: BrowserClient,
  {
    parameters = {},
    atOp = async () => undefined,
  }: { parameters?: Record<string, string>; atOp?: () => Promise<void> },
): Promise<string> {
  let asked = new URLSearchParams()
  rp.op.answerAt('/end', (request, response) => {
    asked = new URL(request.url ?? '', rp.op.issuer).searchParams
    const back = new URL(asked.get('post_logout_redirect_uri') ?? '')
    for (const [name, value] of Object.entries(parameters)) back.searchParams.set(name, value)
    const goOn = () => response.writeHead(303, { Location: back.href }).end()
    atOp().then(goOn, () => response.destroy())
  })
  const end = await browser.post(`${rp.url}/.torhaus/sign-out`, {})
  const hint = asked.get('id_token_hint')
  if (hint === null || decodeJwt(hint).iss !== rp.op.issuer) return 'sends no id_token_hint'
  if (await rp.isAlive(browser)) return 'ends nothing'
  if (end.status !== 200 || !/You are signed out/.test(end.text)) return `shows ${end.status}`
  return asked.has('state') ? 'signs out' : 'signs out: sends no `state`'
}

const signingOut = (name: string, op: string, parameters: Record<string, string>): Module => ({
  ...{ name, op, expected: 'signs out', seen: 'signs out: sends no `state`' },
  play: async rp => signOut(rp, (await openPair(rp)).leaving, { parameters }),
})

export const rpInitiatedModules: readonly Module[] = [
  signingOut('oidcc-client-test-rp-init-logout', 'sends the browser back', {}),
  signingOut('oidcc-client-test-rp-init-logout-other-state', 'sends the browser back with another `state`', {
    state: 'of another sign-out',
  }),
  signingOut('oidcc-client-test-rp-init-logout-no-state', 'sends the browser back without `state`', {}),
]

/** A logout token, made from the right claims. */
type Telling = (op: LyingOp, claims: JWTPayload) => string | Promise<string>

const TYPE = { typ: 'logout+jwt' }

const claiming =
  (lies: Readonly<Record<string, unknown>>): Telling =>
  (op, claims) =>
    op.sign({ ...op.header, ...TYPE }, { ...claims, ...lies })

const unsigned: Telling = (_, claims) =>
  `${base64url.encode(JSON.stringify({ alg: 'none', ...TYPE }))}.${base64url.encode(JSON.stringify(claims))}.`

/** OIDC Back-Channel Logout 1.0 2.4 to 2.8. */
const calling = (telling: Telling) => async (rp: RpUnderTest) => {
  const { leaving, other, sid } = await openPair(rp)
  let seen = 'is not called'
  const atOp = async () => {
    const iat = Math.floor(Date.now() / 1000)
    const whole = { iss: rp.op.issuer, aud: agreed.clientId, iat, exp: iat + 120, jti: randomUUID() }
    const token = await telling(rp.op, { ...whole, sub: 'subject-of-ada', sid, events: { [EVENT]: {} } })
    const body = new URLSearchParams({ logout_token: token })
    const answer = await fetch(`${rp.url}/.torhaus/backchannel-logout`, { method: 'POST', body })
    const what = (await rp.isAlive(other)) ? 'ends nothing' : 'ends the session'
    seen = answer.status === 200 ? what : `answers ${answer.status}, ${what}: ${codeOf(answer)}`
  }
  const left = await signOut(rp, leaving, { atOp })
  return left.startsWith('signs out') ? seen : left
}

const ended = (name: string, op: string, play: Module['play']): Module => ({
  ...{ name, op, expected: 'ends the session', seen: 'ends the session', play },
})

const refused = (lie: string, op: string, telling: Telling): Module => ({
  name: `oidcc-client-test-rp-backchannel-rpinitlogout-${lie}`,
  ...{ op, expected: 'answers 400, ends nothing', seen: 'answers 400, ends nothing: logout-token-invalid' },
  play: calling(telling),
})

export const backChannelModules: readonly Module[] = [
  ended('oidcc-client-test-rp-backchannel-rpinitlogout', 'sends a logout token', calling(claiming({}))),
  refused('alg-none', 'does not sign it', unsigned),
  refused('no-event', 'leaves `events` out', claiming({ events: undefined })),
  refused('with-nonce', 'puts a `nonce` into it', claiming({ nonce: 'n' })),
  refused('wrong-alg', 'signs it with ES256, for which it has no key', async (op, claims) =>
    op.sign({ alg: 'ES256', ...TYPE }, claims, (await generateKeyPair('ES256')).privateKey),
  ),
  refused('wrong-aud', 'names another `aud`', claiming({ aud: 'somebody-else' })),
  refused('wrong-event', 'names another event', claiming({ events: { 'https://other.example/event': {} } })),
  refused('wrong-iss', 'names another `iss`', claiming({ iss: 'https://other.example' })),
]

/** As a frame on a page of the OP: without a cookie (OIDC Front-Channel Logout 1.0 3). */
async function loadFrame(rp: RpUnderTest, sid: string): Promise<void> {
  const query = new URLSearchParams({ iss: rp.op.issuer, sid })
  const fields = { 'Sec-Fetch-Dest': 'iframe', 'Sec-Fetch-Site': 'cross-site' }
  await new BrowserClient().send(`${rp.url}/.torhaus/frontchannel-logout?${query}`, { fields })
}

export const frontChannelModules: readonly Module[] = [
  ended('oidcc-client-test-rp-frontchannel-rpinitlogout', 'shows a frame with `iss` and `sid`', async rp => {
    const { leaving, other, sid } = await openPair(rp)
    const left = await signOut(rp, leaving, { atOp: () => loadFrame(rp, sid) })
    if (!left.startsWith('signs out')) return left
    return (await rp.isAlive(other)) ? 'ends nothing' : 'ends the session'
  }),
]

export const opInitiatedModules: readonly Module[] = [
  ended('oidcc-client-test-rp-frontchannel-opinitlogout', 'shows the same, and nobody asked for it', async rp => {
    const { other, sid } = await openPair(rp)
    await loadFrame(rp, sid)
    return (await rp.isAlive(other)) ? 'ends nothing' : 'ends the session'
  }),
]
