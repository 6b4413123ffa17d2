/** Our forms have a dozen fields; the time for parsing grows faster than their number. */
const MAX_FIELDS = 1000

/** The fields of a form, or the parameters of a query in the same format. Undefined if there are implausibly many. */
export function formFields(text: string): URLSearchParams | undefined {
  return text.split('&', MAX_FIELDS + 1).length > MAX_FIELDS ? undefined : new URLSearchParams(text)
}
