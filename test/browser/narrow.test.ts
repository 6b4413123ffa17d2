/** What the pages say fits a phone of 320 pixels (WCAG 2.2 1.4.10), however long names are, in each language. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { CHROMIUM } from '../../devkit/clients/chromium.ts'
import { plainPages } from '../../devkit/torhaus/plain-pages.ts'
import { type Code, errorTable } from '../../src/errors.ts'
import type { PartialExchange } from '../../src/exchange.ts'
import { errorPage } from '../../src/refusal/error-page.ts'
import { html } from '../../src/refusal/html.ts'
import { IS_WIDE } from './axe.ts'

const LANGUAGES = ['en', 'de'] as const
/** As long as a label of DNS may be (RFC 1035 2.3.4), and nowhere to break. */
const LONG = 'x'.repeat(63)

const pages = plainPages()
let browser: Browser
let page: Page
before(async () => {
  browser = await chromium.launch(CHROMIUM)
  page = await browser.newPage({ viewport: { width: 320, height: 740 } })
})
after(() => browser?.close())

async function isWide(text: string): Promise<boolean> {
  await page.setContent(text)
  return (await page.evaluate(IS_WIDE)) === true
}

for (const tag of LANGUAGES) {
  test(`no page of a refusal is wider than a phone, in ${tag}`, async () => {
    const paper = pages.in(tag)
    const known = { request: { method: 'GET' }, requestId: crypto.randomUUID() } as unknown as PartialExchange
    const ways = { link: undefined, signIn: undefined, home: '/' }
    const wide: string[] = []
    for (const code of Object.keys(errorTable) as Code[])
      if (await isWide(paper.window(errorPage(paper, known, code, ways)).text)) wide.push(code)
    assert.deepEqual(wide, [])
  })

  test(`a button, a sentence and a heading break a name that has nowhere to break, in ${tag}`, async () => {
    const paper = pages.in(tag)
    const { say } = paper
    const goTo = html`<p class="actions"><a class="button" href="/">${say('account.goTo', { host: LONG })}</a></p>`
    for (const [title, content] of [
      [say('account.title'), goTo],
      [say('account.title'), html`<p>${LONG}</p>`],
      [LONG, html`<p></p>`],
    ] as const)
      assert.equal(await isWide(paper.window({ title, content }).text), false, content.text)
  })
}
