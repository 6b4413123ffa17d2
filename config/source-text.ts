/** The text of a configuration, or what the file is instead: nobody should read of options that it does not have. */
import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { keptBytes } from './files-read.ts'
import { readPipe } from './read-pipe.ts'

/** The longest example, with all its comments, has a hundredth of it. */
const MAX_BYTES = 1_048_576

const AS_UTF_8 = 'save it as UTF-8'

/** Throws, in words, where there is no text in it. */
export function sourceText(fileName: string): string {
  const bytes = keptBytes(fileName) ?? readNow(fileName)
  if (bytes.length > MAX_BYTES) throw new Error(tooLong(bytes.length))
  return textOf(bytes)
}

function readNow(fileName: string): Buffer {
  const about = statSync(fileName)
  if (about.isDirectory()) throw new Error('is a folder: name a file in it')
  if (about.size > MAX_BYTES) throw new Error(tooLong(about.size))
  // What is no file, a pipe for one, has no size before it was read.
  return about.isFile() ? readFileSync(fileName) : readPipe(fileName, MAX_BYTES)
}

const tooLong = (bytes: number) =>
  `has ${Math.ceil(bytes / MAX_BYTES)} MiB, but a configuration has a few kilobytes, at most 1 MiB: is it the right file?`

function textOf(bytes: Buffer): string {
  // YAML 1.2.2 5.2 allows UTF-16; whoever saved it so by mistake has done the same to the secrets beside it.
  if (/^(fffe|feff)/.test(bytes.toString('hex', 0, 2)) || bytes.includes(0))
    throw new Error(`is in UTF-16, or is not text: ${AS_UTF_8}`)
  if (!isUtf8(bytes))
    throw new Error(`is not in UTF-8, but in Latin-1 or another older encoding (line ${wrongLine(bytes)}): ${AS_UTF_8}`)
  return bytes.toString()
}

/** A line end is one byte in every encoding that is left here. */
function wrongLine(bytes: Buffer): number {
  const lines = bytes.toString('latin1').split('\n')
  return 1 + lines.findIndex(line => !isUtf8(Buffer.from(line, 'latin1')))
}
