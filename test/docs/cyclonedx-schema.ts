/** The JSON schema of CycloneDX 1.6 as its own library carries it, with those that it refers to. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'

const FOLDER = join(import.meta.dirname, '../../node_modules/@cyclonedx/cyclonedx-library/res/schema')
const read = (name: string) => JSON.parse(readFileSync(join(FOLDER, `${name}.SNAPSHOT.schema.json`), 'utf8'))

/** What of the document is against the schema, one line each. */
export function againstCycloneDx(document: unknown): string[] {
  const ajv = new Ajv({ allErrors: true, strict: false })
  // It refers to them by the names of their files.
  for (const name of ['spdx', 'jsf-0.82'])
    ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
  // The types of ajv-formats are those of a CommonJS module.
  addFormats.default(ajv)
  // Nothing of ours has such a value: one that had would have to be checked.
  for (const name of ['iri-reference', 'idn-email']) ajv.addFormat(name, () => false)
  const isValid = ajv.compile(read('bom-1.6'))
  if (isValid(document)) return []
  return (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}
