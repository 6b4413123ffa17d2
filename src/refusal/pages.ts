/** Our pages as this Torhaus shows them: what stands around the content of each, and the fields it is sent with. */
import type { Config } from '../../config/schema.ts'
import type { PartialExchange } from '../exchange.ts'
import { type Html, html } from './html.ts'
import {
  automaticFields,
  framedFields,
  type Look,
  type PageContent,
  renderPage,
  scriptedFields,
  windowFields,
} from './page.ts'

/** A page, with the fields that it must be sent with: name, value, name, value. */
export interface Page {
  readonly fields: readonly string[]
  readonly text: string
}

/** Makes pages for one reader. */
export interface Paper {
  /** In a window of its own. */
  window(page: PageContent): Page
  /** The same, and it goes on by itself: there is a `Refresh` field. */
  automatic(page: PageContent): Page
  /** With one script, which has this text. */
  scripted(page: PageContent, script: string): Page
  /** Which pages of these origins may show in a frame. */
  framed(page: PageContent, origins: readonly string[]): Page
}

type Help = Pick<Config['appearance'], 'helpText' | 'helpUrl'>

export class Pages {
  readonly #paper: Paper

  constructor(look: Look, help: Help) {
    this.#paper = paperOf(look, help)
  }

  /** For who has sent that. */
  for(_?: Pick<PartialExchange, 'request'>): Paper {
    return this.#paper
  }
}

function paperOf(look: Look, help: Help): Paper {
  const ofWindow = windowFields(look)
  const ofAutomatic = automaticFields(look)
  const text = ({ title, content, footer }: PageContent) =>
    renderPage(look, { title, content, footer: footerOf(footer, help) })
  return {
    window: page => ({ fields: ofWindow, text: text(page) }),
    automatic: page => ({ fields: ofAutomatic, text: text(page) }),
    scripted: (page, script) => ({ fields: scriptedFields(look, script), text: text(page) }),
    framed: (page, origins) => ({ fields: framedFields(look, origins), text: text(page) }),
  }
}

/** What the help desk asks for, and the way there. */
function footerOf(details: Html | undefined, { helpText, helpUrl }: Help): Html | undefined {
  const help = [
    ...(helpText === undefined ? [] : [html`${helpText} `]),
    ...(helpUrl === undefined ? [] : [helpLink(helpUrl)]),
  ]
  const lines = [
    ...(help.length === 0 ? [] : [html`<p class="help">${help}</p>`]),
    ...(details === undefined ? [] : [html`<p>${details}</p>`]),
  ]
  return lines.length === 0 ? undefined : html`${lines}`
}

/** What was typed into a form that was refused would be lost with this page: another tab. */
const helpLink = (url: string) =>
  url.startsWith('mailto:')
    ? html`<a href="${url}">Help desk</a>`
    : html`<a href="${url}" target="_blank" rel="noopener">Help desk</a>`
