/**
 * The few pages of Torhaus itself: no script, readable on a phone and with a screen reader, nothing loaded from
 * elsewhere.
 */
import { createHash } from 'node:crypto'
import { Html, html } from './html.ts'
import { STYLE } from './page-style.ts'
import type { Speech } from './speech.ts'

/** How pages look, whatever is on them. */
export interface Look {
  /** At the end of each title. */
  readonly name: string
  readonly style: string
  readonly header: Html
  /** Whether the header shows a picture that is part of the page. */
  readonly hasPicture: boolean
}

/** A gatehouse: two towers and the arch between them. */
export const MARK = html`<svg viewBox="0 0 20 20" fill="currentColor" aria-hidden="true"><path d="M1 3h2v2h1V3h2v5h8V3h2v2h1V3h2v15h-6v-4a3 3 0 0 0-6 0v4H1z"/></svg>`

/** How they look where nobody has said anything else. */
export const OWN_LOOK: Look = { name: 'Torhaus', style: STYLE, header: html`${MARK}Torhaus`, hasPicture: false }

/** `sources`: directives beside that of styles. Of pictures those alone that are in the page: nothing is asked for. */
function policyFor({ style, hasPicture }: Look, frameAncestors: string, sources = ''): string {
  const hash = createHash('sha256').update(style).digest('base64')
  const pictures = hasPicture ? 'img-src data:; ' : ''
  return `default-src 'none'; style-src 'sha256-${hash}'; ${pictures}base-uri 'none'; ${sources}frame-ancestors ${frameAncestors}`
}

/**
 * No scripts, whoever brings them in. The origin stays: without it the form would say `Origin: null`, and SameSite
 * cookies would not come with it. A link to a new tab and the download of the git helper work.
 */
const SANDBOX =
  'sandbox allow-downloads allow-forms allow-popups allow-popups-to-escape-sandbox allow-same-origin allow-top-navigation-by-user-activation; '

const COMMON_FIELDS = ['Content-Type', 'text/html; charset=utf-8', 'X-Content-Type-Options', 'nosniff']

/**
 * Fields of a page in a window of its own. No form-action: browsers apply it to redirects as well, and signing out leads
 * on to the OP. Whoever opened the window has no hold of it (HTML 7.1.3): nor has a page of the same origin and opener
 * policy, unless it is cross-origin isolated as well. `policy`: more directives.
 */
export const windowFields = (look: Look, policy = ''): readonly string[] => [
  ...['Content-Security-Policy', policyFor(look, "'none'", `${SANDBOX}${policy}`), 'X-Frame-Options', 'DENY'],
  ...['Cross-Origin-Opener-Policy', 'same-origin', 'Cross-Origin-Embedder-Policy', 'require-corp'],
  ...['Referrer-Policy', 'same-origin'],
  ...COMMON_FIELDS,
]

/** Of a page that goes on by itself: a sandbox does not let it (HTML 7.1.5, automatic features). */
export const automaticFields = (look: Look): readonly string[] => [
  ...['Content-Security-Policy', policyFor(look, "'none'"), 'X-Frame-Options', 'DENY'],
  ...['Cross-Origin-Opener-Policy', 'same-origin', 'Referrer-Policy', 'same-origin'],
  ...COMMON_FIELDS,
]

/**
 * Of a page without forms, at an address that may have a code: a page that was left by it finds no address in the history
 * of its window (HTML 7.2.6).
 */
export const unreferred = (fields: readonly string[]): readonly string[] =>
  fields.map((value, index) => (fields[index - 1] === 'Referrer-Policy' ? 'no-referrer' : value))

/** Of a page with one script, named by the hash of its text (CSP 3 8.3). Nobody learns where it came from. */
export function scriptedFields(look: Look, script: string): readonly string[] {
  const hash = createHash('sha256').update(script).digest('base64')
  return [
    ...['Content-Security-Policy', policyFor(look, "'none'", `script-src 'sha256-${hash}'; `)],
    ...['X-Frame-Options', 'DENY', 'Referrer-Policy', 'no-referrer'],
    ...COMMON_FIELDS,
  ]
}

/**
 * Of a page that pages of `origins` may show in a frame. X-Frame-Options knows no such exception (RFC 7034 2.1), so it
 * is not sent.
 */
export const framedFields = (look: Look, origins: readonly string[]): readonly string[] => [
  ...['Content-Security-Policy', policyFor(look, origins.join(' ')), 'Referrer-Policy', 'no-referrer'],
  ...COMMON_FIELDS,
]

export interface PageContent {
  readonly language: Pick<Speech, 'tag' | 'direction'>
  readonly title: string | Html
  readonly content: Html
  readonly footer?: Html | undefined
}

/** A whole page. */
export function renderPage({ name, style, header }: Look, { language, title, content, footer }: PageContent): string {
  return `<!doctype html>
${
  html`<html lang="${language.tag}" dir="${language.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${name}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<header>${header}</header>
<h1>${title}</h1>
${content}
${footer === undefined ? '' : html`<footer>${footer}</footer>`}
</main>
</body>
</html>
`.text
}`
}
