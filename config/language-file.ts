/** Texts of our own pages in a language of the operator: a YAML file of the keys of `docs/texts.yaml`. */
import { english, type TextKey, type Texts } from '../src/texts/english.ts'
import { isRecord } from './is-record.ts'
import { sourceText } from './source-text.ts'
import { yamlContent } from './yaml-content.ts'

const KEYS = Object.keys(english) as readonly TextKey[]

/** What is filled in. */
const placesIn = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place)

/** Throws, in words, where it holds something else than such texts; there may be fewer than all. */
export function readLanguageFile(fileName: string): Partial<Texts> {
  const content = contentOf(fileName)
  for (const [key, text] of Object.entries(content)) {
    const inEnglish = Object.hasOwn(english, key) ? english[key as TextKey] : undefined
    if (inEnglish === undefined)
      throw new Error(`${fileName} has ${key}, which is not the key of a text: docs/texts.yaml has all of them`)
    if (typeof text !== 'string' || text.trim() === '') throw new Error(`${fileName} must have text for ${key}`)
    const known = placesIn(inEnglish)
    const wrong = placesIn(text).find(place => !known.includes(place))
    if (wrong !== undefined)
      throw new Error(
        `${fileName} has ${wrong} in ${key}, where ${known.length === 0 ? 'nothing' : known.join(', ')} can be filled in`,
      )
    const left = known.find(place => !text.includes(place))
    if (left !== undefined)
      throw new Error(`${fileName} lacks ${left} in ${key}: that value would be missing from the page`)
  }
  return content as Partial<Texts>
}

/** What our pages say in English, where a file has not all of it. */
export const missingTexts = (texts: Partial<Texts>): readonly TextKey[] => KEYS.filter(key => texts[key] === undefined)

function contentOf(fileName: string): Readonly<Record<string, unknown>> {
  const text = inWords(fileName, () => sourceText(fileName))
  const content: unknown = inWords(fileName, () => yamlContent(text)) ?? {}
  if (!isRecord(content)) throw new Error(`${fileName} must be a mapping of keys to texts, as docs/texts.yaml is`)
  return content
}

function inWords<T>(fileName: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`${fileName} cannot be read: ${(error as Error).message}`)
  }
}
