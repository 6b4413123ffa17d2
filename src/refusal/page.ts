/**
 * The few pages of Torhaus itself: no script, readable on a phone and with a screen reader, nothing loaded from
 * elsewhere.
 */
import { createHash } from 'node:crypto'

export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6675; --paper: #fff; --ground: #eef1f5; --line: #d5dbe3; --accent: #1f5fbf; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #a5b0bf; --paper: #1b222c; --ground: #11161d; --line: #323c4a; --accent: #7db0ff; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { min-width: 0; width: 100%; max-width: 34rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 2rem; box-shadow: 0 1px 3px rgb(0 0 0 / .08); }
header { display: flex; align-items: center; gap: .5rem; margin-bottom: 1.5rem; color: var(--soft); font-size: .9rem; font-weight: 600; letter-spacing: .02em; }
header svg { width: 1.25rem; height: 1.25rem; color: var(--accent); }
h1 { font-size: 1.45rem; line-height: 1.25; margin: 0 0 .75rem; text-wrap: balance; }
p { margin: .75rem 0; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .35rem 1rem; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
small { color: var(--soft); }
.items { list-style: none; margin: 0; padding: 0; }
.items li { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; padding: .75rem 0; border-top: 1px solid var(--line); }
.items div { flex: 1 1 14rem; overflow-wrap: anywhere; }
.items .button { padding: .3rem .8rem; }
pre { margin: .75rem 0; padding: .75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--ground); border-radius: .5rem; font-size: .8rem; line-height: 1.5; }
form { display: contents; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
.button { display: inline-block; border: 1px solid var(--accent); border-radius: .5rem; padding: .55rem 1.1rem; background: var(--accent); color: var(--paper); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
.button.quiet { background: transparent; color: var(--accent); }
.button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
footer { display: flex; flex-wrap: wrap; gap: 0 1rem; margin-top: 1.75rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .8rem; }
footer span { white-space: nowrap; }
a { color: var(--accent); }
@media (max-width: 30rem) { main { padding: 1.5rem; } .button { flex: 1 0 100%; text-align: center; } footer { font-size: .72rem; } }
`

const hashOf = (style: string) => createHash('sha256').update(style).digest('base64')
const styleHash = hashOf(STYLE)

export const policyFor = (frameAncestors: string, sandbox = '', hash = styleHash) =>
  `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; ${sandbox}frame-ancestors ${frameAncestors}`

/**
 * No scripts, whoever brings them in. The origin stays: without it the form would say `Origin: null`, and SameSite
 * cookies would not come with it. A link to a new tab and the download of the git helper work.
 */
const SANDBOX =
  'sandbox allow-downloads allow-forms allow-popups allow-popups-to-escape-sandbox allow-same-origin allow-top-navigation-by-user-activation; '

const COMMON_FIELDS = ['Content-Type', 'text/html; charset=utf-8', 'X-Content-Type-Options', 'nosniff']

/**
 * Fields of every page. No form-action: browsers apply it to redirects as well, and signing out leads on to the OP.
 * Whoever opened the window has no hold of it (HTML 7.1.3): nor has a page of the same origin and opener policy, unless
 * it is cross-origin isolated as well.
 */
export const pageFields: readonly string[] = fieldsOfPage(STYLE)

/** The same of a page with another style sheet; `policy`: more directives. */
export function fieldsOfPage(style: string, policy = ''): readonly string[] {
  return [
    ...[
      'Content-Security-Policy',
      policyFor("'none'", `${SANDBOX}${policy}`, hashOf(style)),
      'X-Frame-Options',
      'DENY',
    ],
    ...['Cross-Origin-Opener-Policy', 'same-origin', 'Cross-Origin-Embedder-Policy', 'require-corp'],
    ...['Referrer-Policy', 'same-origin'],
    ...COMMON_FIELDS,
  ]
}

/** Of a page that goes on by itself: a sandbox does not let it (HTML 7.1.5, automatic features). */
export const automaticPageFields: readonly string[] = [
  ...['Content-Security-Policy', policyFor("'none'"), 'X-Frame-Options', 'DENY'],
  ...['Cross-Origin-Opener-Policy', 'same-origin', 'Referrer-Policy', 'same-origin'],
  ...COMMON_FIELDS,
]

/**
 * Of a page that pages of `origin` may show in a frame. X-Frame-Options knows no such exception (RFC 7034 2.1), so it
 * is not sent.
 */
export const framedPageFields = (origins: readonly string[]): readonly string[] => [
  ...['Content-Security-Policy', policyFor(origins.join(' ')), 'Referrer-Policy', 'no-referrer'],
  ...COMMON_FIELDS,
]

/** Text that is HTML already; everything else is escaped when it is put into a page. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Template tag: what is filled in is escaped, unless it is Html. */
export function html(parts: TemplateStringsArray, ...values: (string | number | Html | readonly Html[])[]): Html {
  const shown = values.map(value => {
    if (value instanceof Html) return value.text
    if (Array.isArray(value)) return value.map((item: Html) => item.text).join('')
    return String(value).replace(/[&<>"']/g, character => ESCAPES[character] ?? '')
  })
  return new Html(parts.map((part, index) => part + (shown[index] ?? '')).join(''))
}

/** A gatehouse: two towers and the arch between them. */
const MARK = html`<svg viewBox="0 0 20 20" fill="currentColor" aria-hidden="true"><path d="M1 3h2v2h1V3h2v5h8V3h2v2h1V3h2v15h-6v-4a3 3 0 0 0-6 0v4H1z"/></svg>`

/** A whole page; the footer is for what the help desk asks for, the fields are those of its style sheet. */
export function renderPage(title: string, content: Html, footer?: Html, style = STYLE): string {
  return `<!doctype html>
${
  html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Torhaus</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<header>${MARK}Torhaus</header>
<h1>${title}</h1>
${content}
${footer === undefined ? new Html('') : html`<footer>${footer}</footer>`}
</main>
</body>
</html>
`.text
}`
}
