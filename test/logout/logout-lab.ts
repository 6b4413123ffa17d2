/**
 * An OP that signs whatever logout token the test wants, and people with sessions whose `sub` and `sid` the test knows.
 */

import { randomUUID } from 'node:crypto'
import type { CryptoKey, JWTPayload } from 'jose'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { type LabOptions, SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'

export type LogoutLab = Omit<SignInLab, 'op'> & {
  readonly op: LyingOp
  /** A browser with a session of that person, opened in that session at the OP. */
  open(person: OpPerson): Promise<BrowserClient>
  /** A logout token that is right but for the changes; `undefined` leaves a claim or a header parameter out. */
  token(claims: Changes, header?: Changes, key?: CryptoKey | Uint8Array): Promise<string>
  post(posting: Posting): Promise<Response>
  postToken(token: string): Promise<Response>
  /** Whether the session of that browser still opens anything. */
  isAlive(browser: BrowserClient): Promise<boolean>
  /** Security events of that kind so far. */
  audited(action: string): Readonly<Record<string, unknown>>[]
  /** Of a metric that was not counted yet: 0. */
  metric(line: string): Promise<number>
}

export type OpPerson = { readonly sub: string; readonly sid?: string; readonly name?: string }
export type Changes = Readonly<Record<string, unknown>>
export type Posting = { readonly content: string; readonly type?: string; readonly method?: string }

export const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const FORM = 'application/x-www-form-urlencoded'

export const rightClaims = (issuer: string): JWTPayload => {
  const iat = Math.floor(Date.now() / 1000)
  return { iss: issuer, aud: agreed.clientId, iat, exp: iat + 120, jti: randomUUID(), events: { [EVENT]: {} } }
}

export async function startLogoutLab(options: Omit<LabOptions, 'issuer'> = {}): Promise<LogoutLab> {
  const op = await startLyingOp()
  const lab = await startSignInLab({ ...options, issuer: op.issuer }).catch(async (error: unknown) => {
    await op.close()
    throw error
  })
  const post = ({ content, type = FORM, method = 'POST' }: Posting) =>
    fetch(`${lab.url}/.torhaus/backchannel-logout`, { method, headers: { 'Content-Type': type }, body: content })
  return {
    ...{ ...lab, op, post },
    async open({ sub, sid, name = sub }) {
      op.tell(({ sign, header, claims }) => sign(header, { ...claims, sub, sid, preferred_username: name }))
      const browser = new BrowserClient()
      await browser.get(`${lab.url}/`)
      return browser
    },
    token: (claims, header = {}, key) =>
      op.sign(
        defined({ ...op.header, typ: 'logout+jwt', ...header }),
        defined({ ...rightClaims(op.issuer), ...claims }),
        key,
      ),
    postToken: token => post({ content: new URLSearchParams({ logout_token: token }).toString() }),
    async isAlive(browser) {
      const copy = new BrowserClient()
      copy.plant(SESSION_COOKIE, browser.cookies.get(SESSION_COOKIE)?.value ?? '')
      return (await copy.send(`${lab.url}/`)).status === 200
    },
    audited: action =>
      lab.log.filter(record => record['log.logger'] === 'torhaus.audit' && record['event.action'] === action),
    metric: line => metricAt(lab.adminUrl, line),
    async close() {
      await lab.close()
      await op.close()
    },
  }
}

function defined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T
}
