/** What goes wrong with how our own pages look. */
import type { Mistake } from './mistake.ts'
import type { Place } from './place.ts'

const at = '/etc/torhaus/torhaus.yaml:21: appearance.'

const appear = ({ edit }: Place, options: string) => edit('logging:\n', `appearance: { ${options} }\nlogging:\n`)

const withLogo = (place: Place, content: string | Uint8Array) => {
  place.write('logo.svg', content)
  appear(place, 'logoFile: logo.svg')
}

const atLogo = `${at}logoFile: /etc/torhaus/logo.svg`
const PLAIN = 'and must hold shapes alone: export it as plain SVG, or as PNG'

export const appearanceMistakes: readonly Mistake[] = [
  {
    what: 'a logo with a script',
    make: place => withLogo(place, '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    says: [`${atLogo} has a script, ${PLAIN}`],
  },
  {
    what: 'a logo that loads something',
    make: place =>
      withLogo(place, '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://cdn.example.com/a.png"/></svg>'),
    says: [`${atLogo} has a reference to somewhere else, ${PLAIN}`],
  },
  {
    what: 'a JPEG as logo',
    make: place => withLogo(place, Buffer.from('ffd8ffe000104a46494600', 'hex')),
    says: [`${atLogo} holds bytes that are no text, and must hold a picture, SVG or PNG`],
  },
  {
    what: 'a logo as large as a photograph',
    make: place => withLogo(place, `<svg xmlns="http://www.w3.org/2000/svg"><!--${' '.repeat(40_000)}--></svg>`),
    says: [`${atLogo} has 40053 bytes, and may have 32768: it is sent with each page`],
  },
  {
    what: 'a colour that is hardly read',
    make: place => appear(place, "accentColor: '#ffcc00'"),
    says: [
      `${at}accentColor: has a contrast of 1.51 to #ffffff, on which it is written: take a darker one, of at least 4.5`,
    ],
  },
  {
    what: 'a link to the help desk that is a script',
    make: place => appear(place, "helpUrl: 'javascript:alert(1)'"),
    says: [`${at}helpUrl: must be an https, http or mailto URL, e.g. mailto:help@example.com`],
  },
]
