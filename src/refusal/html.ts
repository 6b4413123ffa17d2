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
