/** What the pages for operators have in common: look, fields, and the way from one to the other. */
import { type Html, html } from '../refusal/html.ts'
import { type Look, OWN_LOOK, renderPage, windowFields } from '../refusal/page.ts'
import { STYLE } from '../refusal/page-style.ts'
import { ENGLISH } from '../refusal/speech.ts'

const OPERATOR_STYLE = `${STYLE}
:root { --refused: #96610b; --failed: #b3261e; --good: #17703a; }
@media (prefers-color-scheme: dark) { :root { --refused: #e0b04c; --failed: #ff9a90; --good: #6fcf97; } }
body { place-items: start center; }
main { max-width: 72rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-bottom: 1.25rem; }
nav [aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1rem; margin: 1.25rem 0; }
.cards > section { min-width: 0; border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.1rem; }
.cards > .wide { grid-column: 1 / -1; }
.cards h2 { margin: 0 0 .5rem; }
.cards p { margin: .25rem 0 .5rem; }
.cards dl { grid-template-columns: minmax(0, auto) minmax(min-content, 1fr); gap: .2rem 1rem; margin: .25rem 0; }
.cards dd { overflow-wrap: break-word; }
.big { font-size: 1.8rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .5rem; border-top: 1px solid var(--line); text-align: right; font-weight: 400; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
thead th, thead td { border-top: 0; color: var(--soft); }
td, thead th, .scroll th { white-space: nowrap; }
.scroll.wraps tbody th { white-space: normal; }
.chart { display: block; width: 100%; height: 5.5rem; border-bottom: 1px solid var(--soft); }
.through { fill: var(--accent); color: var(--accent); }
.refused { fill: var(--refused); color: var(--refused); }
.failed { fill: var(--failed); color: var(--failed); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .25rem 0 0; padding: 0; list-style: none; color: var(--soft); font-size: .85rem; }
.legend svg { width: .7rem; height: .7rem; margin-right: .35rem; }
.bad { color: var(--failed); font-weight: 600; }
.good { color: var(--good); font-weight: 600; }
.search { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .5rem 0; }
.search label { flex: 1 1 14rem; min-width: 0; }
.searches { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 2rem; }
input { display: block; width: 100%; margin-top: .2rem; padding: .5rem .7rem; border: 1px solid var(--soft); border-radius: .5rem; background: var(--paper); color: inherit; font: inherit; }
input:focus-visible, .scroll:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
code { overflow-wrap: anywhere; }
@media (max-width: 22rem) { main { padding: 1rem; } th, td { padding: .3rem .25rem; } }
`

/** Whatever people are shown: operators see which program it is. */
const OPERATOR_LOOK: Look = { ...OWN_LOOK, style: OPERATOR_STYLE }

/** Forms of these pages lead back to them alone. */
export const OPERATOR_FIELDS: readonly string[] = [
  ...windowFields(OPERATOR_LOOK, "form-action 'self'; "),
  ...['Cross-Origin-Resource-Policy', 'same-origin', 'Cache-Control', 'no-store'],
]

export const PATHS = {
  glance: '/operator',
  person: '/operator/person',
  refusals: '/operator/refusals',
  request: '/operator/request',
  end: '/operator/end',
} as const

const PLACES: readonly (readonly [path: string, name: string])[] = [
  [PATHS.glance, 'At a glance'],
  [PATHS.person, 'Who is signed in'],
  [PATHS.refusals, 'Refusals and faults'],
]

/** `place`: the one of `PATHS` that it is, so that no link leads to where one is. */
export function operatorPage(place: string, title: string, content: Html): string {
  const links = PLACES.map(([path, name]) =>
    path === place ? html`<a href="${path}" aria-current="page">${name}</a>` : html`<a href="${path}">${name}</a>`,
  )
  const withPlaces = html`<nav aria-label="Pages for operators">${links}</nav>
${content}`
  return renderPage(OPERATOR_LOOK, { language: ENGLISH, title, content: withPlaces })
}

/**
 * A table that is scrolled by itself where it is wider than a phone, with the keyboard as well. `wraps`: what its rows
 * are about may take several lines.
 */
export const scrolled = (label: string, table: Html, wraps = ''): Html =>
  html`<div class="scroll ${wraps}" role="region" aria-label="${label}" tabindex="0">${table}</div>`

/** `rows`: the first cell of each says what the row is about. */
export function tableOf(columns: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  const head = columns.map(name => (name === '' ? html`<td></td>` : html`<th scope="col">${name}</th>`))
  const body = rows.map(
    ([first = '', ...cells]) =>
      html`<tr><th scope="row">${first}</th>${cells.map(cell => html`<td>${cell}</td>`)}</tr>`,
  )
  return html`<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`
}

/** Pairs of name and value. */
export const listOf = (pairs: readonly (readonly [string, string | Html])[]): Html =>
  html`<dl>${pairs.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`

/** A form that asks for something by `name`; what is asked stands in the address. */
export const searchForm = (path: string, name: string, label: string, value = ''): Html =>
  html`<form method="get" action="${path}"><div class="search"><label>${label}<input name="${name}" value="${value}" maxlength="256" autocomplete="off" autocapitalize="none" spellcheck="false" required></label><button class="button" type="submit">Look up</button></div></form>`
