/** Our pages as this Torhaus shows them: what stands around the content of each, and the fields it is sent with. */
import { readLanguageFile } from '../../config/language-file.ts'
import type { Config } from '../../config/schema.ts'
import type { PartialExchange } from '../exchange.ts'
import { preferredLanguage } from '../http/accept-language.ts'
import { english } from '../texts/english.ts'
import { LANGUAGES } from '../texts/languages.ts'
import { type Html, html } from './html.ts'
import { lookOf } from './look.ts'
import {
  automaticFields,
  framedFields,
  type Look,
  type PageContent,
  renderPage,
  scriptedFields,
  windowFields,
} from './page.ts'
import { type Speech, speechOf } from './speech.ts'

/** A page, with the fields that it must be sent with: name, value, name, value. */
export interface Page {
  readonly fields: readonly string[]
  readonly text: string
}

/** What a page has beside the look of all. */
export type Sheet = Omit<PageContent, 'language'>

/** Makes pages for one reader, in the language of that one. */
export interface Paper extends Speech {
  /** A link to the help desk, as a button; nothing where nobody has said where it is. */
  readonly helpDesk: Html
  /** In a window of its own. */
  window(sheet: Sheet): Page
  /** The same, and it goes on by itself: there is a `Refresh` field. */
  automatic(sheet: Sheet): Page
  /** With one script, which has this text. */
  scripted(sheet: Sheet, script: string): Page
  /** Which pages of these origins may show in a frame. */
  framed(sheet: Sheet, origins: readonly string[]): Page
}

type Appearance = Config['appearance']

export class Pages {
  readonly #papers: ReadonlyMap<string, Paper>
  readonly #tags: readonly string[]

  /** Reads the files that are named; throws, in words, where they hold something else. */
  constructor(appearance: Appearance) {
    const look = lookOf(appearance)
    const tags = new Set([...Object.keys(LANGUAGES), ...appearance.languages.map(({ tag }) => tag)])
    this.#papers = new Map(Array.from(tags, tag => [tag, paperOf(look, appearance, tag)]))
    this.#tags = [...tags]
  }

  /** For who has sent that: by Accept-Language. */
  for({ request }: Pick<PartialExchange, 'request'>): Paper {
    return this.in(preferredLanguage(request.headers['accept-language'], this.#tags))
  }

  /** In that language, or the first there is. */
  in(tag: string): Paper {
    const paper = this.#papers.get(tag) ?? this.#papers.get(this.#tags[0] ?? '')
    if (paper === undefined) throw new Error('there is no language')
    return paper
  }
}

function paperOf(look: Look, appearance: Appearance, tag: string): Paper {
  const { file, helpText = appearance.helpText } = appearance.languages.find(own => own.tag === tag) ?? {}
  const texts = { ...english, ...LANGUAGES[tag], ...(file === undefined ? {} : readLanguageFile(file)) }
  const { helpUrl } = appearance
  const speech = speechOf(tag, texts)
  // RFC 9110 8.5, 12.5.5.
  const said = ['Content-Language', tag, 'Vary', 'Accept-Language']
  const ofWindow = [...windowFields(look), ...said]
  const ofAutomatic = [...automaticFields(look), ...said]
  const text = (sheet: Sheet) =>
    renderPage(look, {
      ...sheet,
      language: speech,
      footer: footerOf(sheet.footer, helpOf(speech, helpText, helpUrl)),
    })
  return {
    ...speech,
    helpDesk: helpUrl === undefined ? html`` : helpLink(helpUrl, speech.say('help.link'), 'button'),
    window: sheet => ({ fields: ofWindow, text: text(sheet) }),
    automatic: sheet => ({ fields: ofAutomatic, text: text(sheet) }),
    scripted: (sheet, script) => ({ fields: [...scriptedFields(look, script), ...said], text: text(sheet) }),
    framed: (sheet, origins) => ({ fields: [...framedFields(look, origins), ...said], text: text(sheet) }),
  }
}

/** What the help desk asks for, and the way there. */
function footerOf(details: Html | undefined, help: readonly Html[]): Html | undefined {
  const lines = [
    ...(help.length === 0 ? [] : [html`<p class="help">${help}</p>`]),
    ...(details === undefined ? [] : [html`<p>${details}</p>`]),
  ]
  return lines.length === 0 ? undefined : html`${lines}`
}

const helpOf = ({ say }: Speech, text: string | undefined, url: string | undefined): Html[] => [
  ...(text === undefined ? [] : [html`${text} `]),
  ...(url === undefined ? [] : [helpLink(url, say('help.link'))]),
]

/** What was typed into a form that was refused would be lost with this page: another tab. */
const helpLink = (url: string, text: Html, look = '') =>
  html`<a${look === '' ? '' : html` class="${look}"`} href="${url}"${url.startsWith('mailto:') ? '' : html` target="_blank" rel="noopener"`}>${text}</a>`
