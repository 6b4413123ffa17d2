/** What goes wrong with how our own pages look. */
import { english } from '../../src/texts/english.ts'
import type { Mistake } from './mistake.ts'
import type { Place } from './place.ts'

const at = '/etc/torhaus/torhaus.yaml:21: appearance.'

const appear = ({ edit }: Place, options: string) => edit('logging:\n', `appearance: { ${options} }\nlogging:\n`)

const withLogo = (place: Place, content: string | Uint8Array) => {
  place.write('logo.svg', content)
  appear(place, 'logoFile: logo.svg')
}

const atLogo = `${at}logoFile: /etc/torhaus/logo.svg`
const PLAIN = 'but must contain only shapes: export it as plain SVG, or as PNG'

const LANGUAGE = 'appearance: { languages: [{ tag: fr, file: fr.yaml }] }\nlogging:\n'
const atTexts = '/etc/torhaus/torhaus.yaml:21: appearance.languages[0].file: /etc/torhaus/fr.yaml'

function withTexts({ write, edit }: Place, texts: string): void {
  write('fr.yaml', texts)
  edit('logging:\n', LANGUAGE)
}

export const appearanceMistakes: readonly Mistake[] = [
  {
    what: 'a logo with a script',
    make: place => withLogo(place, '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    says: [`${atLogo} has a script, ${PLAIN}`],
  },
  {
    what: 'a logo that loads external content',
    make: place =>
      withLogo(place, '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://cdn.example.com/a.png"/></svg>'),
    says: [`${atLogo} has a reference to somewhere else, ${PLAIN}`],
  },
  {
    what: 'a JPEG as logo',
    make: place => withLogo(place, Buffer.from('ffd8ffe000104a46494600', 'hex')),
    says: [`${atLogo} contains bytes that are not text, but must contain an SVG or PNG image`],
  },
  {
    what: 'a logo as large as a photograph',
    make: place => withLogo(place, `<svg xmlns="http://www.w3.org/2000/svg"><!--${' '.repeat(40_000)}--></svg>`),
    says: [`${atLogo} has 40053 bytes, but the limit is 32768, because it is sent with each page`],
  },
  {
    what: 'a colour with too little contrast',
    make: place => appear(place, "accentColor: '#ffcc00'"),
    says: [
      `${at}accentColor: has a contrast of 1.51 to #ffffff, the background, but needs at least 4.5: choose a darker colour`,
    ],
  },
  {
    what: 'a script as the link to the help desk',
    make: place => appear(place, "helpUrl: 'javascript:alert(1)'"),
    says: [`${at}helpUrl: must be an https, http or mailto URL, e.g. mailto:help@example.com`],
  },
  {
    what: 'a misspelt key in a language file',
    make: place => withTexts(place, 'button.confrim: Confirmer'),
    says: [`${atTexts} has button.confrim, which is not the key of a text: docs/texts.yaml has all of them`],
  },
  {
    what: 'a text in which a placeholder was translated, too',
    make: place => withTexts(place, 'request.id: requête {numéro}'),
    says: [`${atTexts} lacks {id} in request.id: that value would be missing from the page`],
  },
  {
    what: 'a language file that lacks some texts',
    make({ write, edit }) {
      const [, ...rest] = Object.entries(english)
      write('fr.yaml', JSON.stringify(Object.fromEntries(rest)))
      edit('logging:\n', LANGUAGE)
    },
    says: [
      'warning: appearance.languages[0].file: /etc/torhaus/fr.yaml lacks 1 texts, which will appear in English: error.request-malformed',
    ],
    isWarning: true,
  },
]
