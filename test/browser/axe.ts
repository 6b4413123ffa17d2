/** Whether people can use a page who do not see it, or not well: by axe-core, against WCAG 2.2 AA. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import { CHROMIUM } from '../../devkit/clients/chromium.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Every level up to AA of 2.2, and what its makers know to hinder people beyond. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Wider than the screen; or what is on the sheet, or in a card of it, stands out of it. */
export const IS_WIDE = `document.documentElement.scrollWidth > innerWidth ||
  [...document.querySelectorAll('main, .cards > section')].some(box => box.scrollWidth > box.clientWidth)`

/** Colours do not depend on the size, nor what fits on the colours. */
const VIEWS = [
  { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { colorScheme: 'dark', viewport: { width: 320, height: 740 } },
] as const

interface Found {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
  readonly passes: readonly unknown[]
}

export interface AccessibilityCheck extends AsyncDisposable {
  /**
   * What is wrong with the page as it is shown now, light at a desk and dark on a phone. A copy of it is looked
   * at: where a page may run no script, nor can axe-core.
   */
  violations(page: Page): Promise<string[]>
}

export async function startAccessibilityCheck(): Promise<AccessibilityCheck> {
  const browser = await chromium.launch(CHROMIUM)
  return {
    async violations(page) {
      const content = await page.content()
      const found: string[] = []
      for (const view of VIEWS) found.push(...(await look(browser, content, view)))
      return found
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

async function look(browser: Browser, content: string, view: (typeof VIEWS)[number]): Promise<string[]> {
  const context = await browser.newContext(view)
  try {
    const page = await context.newPage()
    await page.setContent(content)
    const title = await page.title()
    await page.evaluate(AXE)
    const { violations, passes } = (await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(RULES)} })`)) as Found
    if (passes.length < 5) throw new Error(`axe-core has hardly looked at ${title}`)
    const said = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
    const isWide = (await page.evaluate(IS_WIDE)) === true
    const where = `${title}, ${view.colorScheme}, ${view.viewport.width} px`
    // WCAG 2.2 1.4.10, which names 320 pixels.
    return [...said, ...(isWide ? ['it is wider than the screen'] : [])].map(what => `${where}: ${what}`)
  } finally {
    await context.close()
  }
}
