/**
 * A page that carries the fragment of a URL, which no server ever sees, past the sign-in: redirects keep it, a form of
 * the OP does not. It has one script, named in its policy by hash (CSP 3 8.3), and goes on without scripts as well.
 */

import type { TextKey } from '../texts/english.ts'
import { Html, html } from './html.ts'
import type { Page, Paper } from './pages.ts'

interface MovingPage {
  readonly title: TextKey
  /** What moves on: sets `to` from the link and what the tab has kept. */
  readonly script: string
}

const KEY = 'torhaus-fragment'

const scriptOf = (body: string) =>
  `const link=document.getElementById('on');let to=link.href;try{${body}}catch{}location.replace(to)`

/** Session storage (HTML 12.2.2) keeps the fragment in the tab until the browser is back. */
export const DEPARTURE: MovingPage = {
  title: 'departure.title',
  script: scriptOf(
    `if(location.hash.length>1){sessionStorage.setItem('${KEY}',location.hash);to=link.dataset.kept}else sessionStorage.removeItem('${KEY}')`,
  ),
}

export const ARRIVAL: MovingPage = {
  title: 'arrival.title',
  script: scriptOf(
    `const kept=sessionStorage.getItem('${KEY}');sessionStorage.removeItem('${KEY}');if(kept?.startsWith('#'))to+=kept`,
  ),
}

/** `to`: the next URL; `toWhenKept`: the next URL if the page's URL has a fragment. */
export function movingPage(paper: Paper, { title, script }: MovingPage, to: string, toWhenKept = to): Page {
  const content = html`<noscript><meta http-equiv="refresh" content="0; url=${to}"></noscript>
<p class="actions"><a class="button" id="on" href="${to}" data-kept="${toWhenKept}">${paper.say('button.continue')}</a></p>
<script>${new Html(script)}</script>`
  return paper.scripted({ title: paper.say(title), content }, script)
}
