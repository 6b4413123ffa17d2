/**
 * What a page of the origin server could try where our own pages have a host of their own: above all, to see what passes
 * between the two hosts. There nothing of ours may be read, by whatever page.
 */
import type { Attack } from './attack.ts'
import { CODE_ATTACKS, frame, inBrowser, OPENER, PAGE_ATTACKS, type PageAttack, submitted } from './page-attacks.ts'

/** The page's host leads to ours: as if the page had been there before. */
const atOwnPlace = (script: string) => `path = here\n${script}`

const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/** So many cookies push out all others of the host: the session must be handed over once more. */
const PUSH_COOKIES_OUT = `
for (let number = 0; number < 400; number++) document.cookie = 'junk' + number + '=1; path=/'
await wait(100)`

/** Looks at a window, as long as it lets one look, while it passes both hosts. */
const WATCH = (address: string) => `${PUSH_COOKIES_OUT}
const opened = open('${address}')
const seen = () => [
  opened.location.href, opened.document.referrer, opened.document.documentElement.outerHTML,
  ...opened.performance.getEntries().map(entry => entry.name),
  ...(opened.navigation?.entries() ?? []).map(entry => entry.url),
].join(' ')
for (let times = 0; times < 150; times++) {
  try { steal(seen()) } catch {}
  await wait(5)
}
steal([...performance.getEntries().map(entry => entry.name), document.referrer].join(' '))`

const FOREIGN = `{ mode: 'no-cors', credentials: 'include' }`

const OWN_HOST_ATTACKS: readonly PageAttack[] = [
  { name: 'fetch by way of the host of the server', script: atOwnPlace(`steal(await (await fetch(path)).text())`) },
  { name: 'an opener by way of the host of the server', script: atOwnPlace(OPENER) },
  { name: 'an isolated opener by way of the host of the server', script: atOwnPlace(OPENER), fields: ISOLATED },
  { name: 'a frame by way of the host of the server', script: atOwnPlace(frame('iframe', 'src')) },
  { name: 'a form by way of the host of the server', script: atOwnPlace(submitted('_self')) },
  {
    name: 'fetch sends a form across, with cookies and without waiting for a word',
    script: `await fetch(path, ${FOREIGN})
await fetch(path, { ...${FOREIGN}, method: 'POST', body: new URLSearchParams({ token: '' }) })`,
  },
  {
    name: 'fetch asks with cookies what only CORS would let it read',
    script: `steal(await (await fetch(path, { mode: 'cors', credentials: 'include' })).text())`,
  },
  {
    name: 'a window is watched while the session is handed over',
    script: WATCH('/.torhaus/sign-in?return_to=/wiki/x'),
  },
  {
    name: 'a window is watched by a page that is cross-origin isolated',
    script: WATCH('/.torhaus/sign-in?return_to=/wiki/x'),
    fields: ISOLATED,
  },
  { name: 'a window is watched on its way to the personal page', script: WATCH('/.torhaus/') },
  {
    name: 'a frame is handed the session, and read',
    script: `${PUSH_COOKIES_OUT}
const framed = document.createElement('iframe')
framed.src = '/.torhaus/sign-in?return_to=/wiki/x'
document.body.append(framed)
await wait(700)
steal(framed.contentWindow.location.href + framed.contentDocument.documentElement.outerHTML)`,
  },
  {
    name: 'fetch follows the hand-over, and reads where it led',
    script: `${PUSH_COOKIES_OUT}
const followed = await fetch('/.torhaus/sign-in?return_to=/wiki/x', { credentials: 'include' })
steal(followed.url + await followed.text())`,
  },
]

export const ownHostPageAttacks: readonly Attack[] = [...OWN_HOST_ATTACKS, ...CODE_ATTACKS].map(
  inBrowser('browser and own host'),
)

/** Those on one host, there: what one host leaves open, this one does not. */
export const pageAttacksOnOwnHost: readonly Attack[] = PAGE_ATTACKS.map(({ mayRead: _, ...attack }) => attack).map(
  inBrowser('browser and own host'),
)
