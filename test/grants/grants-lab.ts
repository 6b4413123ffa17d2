/** A Torhaus that believes X-Forwarded-For of the test, a clock to turn, and clients with one factor. */
import assert from 'node:assert/strict'
import { confirmAt } from '../../devkit/clients/own-forms.ts'
import type { RawResponse } from '../../devkit/clients/raw-http.ts'
import { answerSignIn, type Page } from '../../devkit/op/user-agent.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { Person } from './person.ts'

export type GrantsLab = ProxyUnderTest & {
  /** Moves the clock of Torhaus on. */
  turnClock(seconds: number): void
  /** As a program with an access token that has one factor only. */
  asProgram(asking?: Asking): Promise<RawResponse>
  /** A person with a session; ada unless told otherwise. */
  person(): Promise<Person>
  /** As the page at the link asks: the button, and a sign-in for it. */
  confirm(person: Person, link: string): Promise<Page>
  /** On the personal page, the button of the form that goes to `path`. */
  press(person: Person, path: string): Promise<Page>
  /** Security events of that kind so far. */
  audited(action: string): Readonly<Record<string, unknown>>[]
}

export type Asking = {
  readonly line?: string
  readonly user?: 'ada' | 'carol'
  readonly agent?: string
  readonly from?: string
  readonly fields?: readonly string[]
  readonly content?: string
}

export const GIT = 'git/2.50.1'
export const VISUAL_STUDIO = 'Team Foundation (devenv.exe, 15.129.30720.4, Enterprise, SKU:54)'

/** The link in whatever a client was shown. */
export function linkIn(text: string): string {
  const link = /https?:\/\/[^\s"]+\/\.torhaus\/confirm\/[A-Z2-7]{4}-[A-Z2-7]{4}/.exec(text)?.[0]
  assert.ok(link, `no link in ${text}`)
  return link
}

/** `opTime`: whether the OP goes by the clock that can be turned, too. `ownHost`: for our own pages. */
export async function startGrantsLab(
  secondFactor: object = {},
  rest: object = {},
  opTime: 'turned' | 'real' = 'turned',
  ownHost = false,
): Promise<GrantsLab> {
  let offsetMs = 0
  const now = () => Date.now() + offsetMs
  const opNow = opTime === 'turned' ? now : Date.now
  const proxy = await startProxy({
    ...{ now, opNow, ownHost },
    configure: config => ({
      ...configured({ trustedProxies: ['127.0.0.1'] })(config),
      secondFactor: { ...config.secondFactor, ...secondFactor },
      ...rest,
    }),
  })
  const { fixture } = proxy
  const tokens = new Map<string, Promise<string>>()
  const tokenOf = (user: string) => {
    const token = tokens.get(user) ?? fixture.op.issueAccessToken(user, { acr: undefined, amr: ['pwd'] })
    tokens.set(user, token)
    return token
  }
  return {
    ...proxy,
    turnClock(seconds) {
      offsetMs += seconds * 1000
    },
    async asProgram({ line = 'GET /repo/info/refs?service=git-upload-pack', user = 'ada', agent = GIT, ...more } = {}) {
      const authorization = `Authorization: Bearer ${await tokenOf(user)}`
      const from = `X-Forwarded-For: ${more.from ?? '192.0.2.7'}`
      return proxy.ask(line, [authorization, from, `User-Agent: ${agent}`, ...(more.fields ?? [])], more.content)
    },
    async person() {
      const person = new Person()
      const first = await person.get(`${fixture.url}/.torhaus/`)
      await answerSignIn(person, first, fixture.users.ada, { now: opNow })
      return person
    },
    confirm: (person, link) => confirmAt(person, link, fixture.users.ada, opNow),
    press: (person, path) => person.press(`${fixture.url}/.torhaus/`, path),
    audited: action =>
      fixture.log.filter(record => record['log.logger'] === 'torhaus.audit' && record['event.action'] === action),
  }
}
