/**
 * What a page of the origin server can try against our own pages, which share its origin. Each is a script of that
 * page, run in a real Chromium whose person is signed in. It has `path`, the page that confirms what a thief with one
 * factor waits for; `here`, the same at the host of the page; `ofThief`, where a sign-in of the thief's browser goes on;
 * `wait(ms)`; `steal(text)`, which sends off what was read of our pages; and `send(text)`, which sends the form of such a
 * page.
 */
import type { Received } from '../origin/echo-origin.ts'
import type { Attack } from './attack.ts'
import { THIEF } from './page-victim.ts'

export interface PageAttack {
  readonly name: string
  readonly script: string
  /** Fields of the page that tries. */
  readonly fields?: Readonly<Record<string, string>>
  /** What one host leaves open (docs/threat-model.md): it reads, and confirms nothing. */
  readonly mayRead?: true
}

export const OPENER = `
const opened = open(path)
await wait(700)
steal(opened.document.documentElement.outerHTML)
opened.document.forms[0].submit()
await wait(500)
steal(opened.document.documentElement.outerHTML)`

export const frame = (tag: string, address: string) => `
const framed = document.createElement('${tag}')
framed.${address} = path
document.body.append(framed)
await wait(700)
steal(framed.contentDocument.documentElement.outerHTML)
framed.contentDocument.forms[0].submit()
await wait(500)`

export const submitted = (target: string) => `
const form = document.createElement('form')
Object.assign(form, { method: 'post', action: path, target: '${target}' })
document.body.append(form)
form.submit()
await wait(700)`

/**
 * The last step of that sign-in is too large to be read, so that its code is left; looks for it in the window `opened`, or
 * in a frame, for as long as one may look.
 */
const tooLarge = (opened: string) => `
for (const path of ['/.torhaus/callback', '/.torhaus/handed-over'])
  for (let number = 0; number < 60; number++) document.cookie = 'large' + number + '=' + 'x'.repeat(4000) + '; path=' + path
await wait(100)
${opened}
for (let times = 0; times < 200; times++) {
  try { if (await steal(opened.location.href)) break } catch {}
  await wait(5)
}`

/** Both kinds of page: with one host the OP's code is left, with two that of the hand-over. */
export const CODE_ATTACKS: readonly PageAttack[] = [
  { name: 'a window is watched whose last request is too large', script: tooLarge('const opened = open(ofThief)') },
  {
    name: 'a frame is watched whose last request is too large',
    script: tooLarge(`const framed = document.createElement('iframe')
framed.src = ofThief
document.body.append(framed)
const opened = framed.contentWindow`),
  },
]

const worker = (script: string) => `
await navigator.serviceWorker.register('${script}', { scope: '/' })
await navigator.serviceWorker.ready
await wait(300)
open('/.torhaus/sign-in?return_to=' + path)
await wait(700)`

export const PAGE_ATTACKS: readonly PageAttack[] = [
  { name: 'fetch sends the form without its token', script: `await fetch(path, { method: 'POST' })` },
  {
    name: 'fetch reads the page and sends its form',
    script: `const text = await (await fetch(path)).text(); steal(text); await send(text)`,
  },
  {
    name: 'XMLHttpRequest reads the page and sends its form',
    script: `const request = new XMLHttpRequest()
request.open('GET', path, false)
request.send()
steal(request.responseText)
await send(request.responseText)`,
  },
  { name: 'fetch reads the personal page', script: `steal(await (await fetch('/.torhaus/')).text())` },
  {
    name: 'fetch reads the page as if for no CORS',
    script: `steal(await (await fetch(path, { mode: 'same-origin', credentials: 'include' })).text())`,
  },
  { name: 'an opener reads the page and sends its form', script: OPENER },
  {
    name: 'an opener with the same opener policy does',
    script: OPENER,
    fields: { 'Cross-Origin-Opener-Policy': 'same-origin' },
  },
  {
    name: 'an opener that is cross-origin isolated sends the form it can read',
    script: OPENER,
    fields: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
    mayRead: true,
  },
  { name: 'a frame shows the page, and its form is sent', script: frame('iframe', 'src') },
  { name: 'an object shows the page, and its form is sent', script: frame('object', 'data') },
  { name: 'a form without token sends itself', script: submitted('_self') },
  { name: 'a form without token sends itself in a new window', script: submitted('_blank') },
  {
    name: 'a form without token sends itself in a frame',
    script: `document.body.insertAdjacentHTML('beforeend', '<iframe name="inner"></iframe>')\n${submitted('inner')}`,
  },
  { name: 'a service worker at the root', script: worker('/sw.js') },
  { name: 'a service worker of a folder, let out by the server', script: worker('/wiki/sw.js') },
  {
    name: 'a prefetch, read from the cache',
    script: `document.head.insertAdjacentHTML('beforeend', '<link rel="prefetch" href="' + path + '">')
await wait(500)
const text = await (await fetch(path, { cache: 'force-cache' })).text()
steal(text)
await send(text)`,
  },
  {
    name: 'a page rendered ahead of time',
    script: `const rules = document.createElement('script')
rules.type = 'speculationrules'
rules.textContent = JSON.stringify({ prerender: [{ source: 'list', urls: [path], eagerness: 'immediate' }] })
document.head.append(rules)
await wait(700)
location.href = path
await wait(500)`,
  },
]

/** Whoever is not admitted comes through. */
const isTheft = ({ method, all }: Received) => method === 'GET' && all('User-Agent').includes(THIEF)
/** The address of a hand-over, told to the server by a browser. */
const isTold = ({ all }: Received) => all('Referer').some(address => address.includes('code='))
const isTheftOrReading = (received: Received) =>
  received.target === '/wiki/stolen' || isTold(received) || isTheft(received)

/** As attacks under a configuration with a browser. */
export const inBrowser =
  (setting: 'browser' | 'browser and own host') =>
  ({ name, script, fields = {}, mayRead }: PageAttack): Attack => ({
    ...{ name, setting, isWanted: mayRead ? isTheft : isTheftOrReading },
    async run({ victim }) {
      if (victim === undefined) throw new Error('these attacks need a victim')
      await victim.visit(script, fields)
    },
  })

export const pageAttacks: readonly Attack[] = [...PAGE_ATTACKS, ...CODE_ATTACKS].map(inBrowser('browser'))
