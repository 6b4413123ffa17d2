/** Which forms a server reads: `untyped`, also content of a POST that has no type, which Rack takes for a form. */
export type FormsRead = 'none' | 'typed' | 'untyped'

/** Whether that is the Content-Type of a form (application/x-www-form-urlencoded), whatever its parameters. */
export function isFormType(contentType = ''): boolean {
  const [mediaType = ''] = contentType.split(';', 1)
  return mediaType.trim().toLowerCase() === 'application/x-www-form-urlencoded'
}
