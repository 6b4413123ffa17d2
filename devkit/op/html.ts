const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Markup that is safe to put into a page as it stands; text is escaped, and only `html` and `trusted` make this. */
export type Html = { readonly markup: string }

/** Declares markup made elsewhere (the protocol library's own forms) to be safe. */
export function trusted(markup: string): Html {
  return { markup }
}

/** A template whose values are escaped, unless they are markup already. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | number | Html)[]): Html {
  const markup = strings.reduce((before, literal, index) => {
    const value = values[index - 1] ?? ''
    return before + (typeof value === 'object' ? value.markup : escapeText(String(value))) + literal
  })
  return { markup }
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, character => escapes[character] ?? character)
}
