/** Versions of packages that must not come in, through whatever: taken over by somebody else, or with a hole that reaches us. */
export interface KnownBad {
  readonly name: string
  /** These versions. */
  readonly exactly?: readonly string[]
  /** From there on; without: all before `below`. */
  readonly from?: string
  readonly below?: string
  readonly why: string
}

const SEPTEMBER_2025 = 'taken over in September 2025'

export const knownBad: readonly KnownBad[] = [
  { name: 'event-stream', exactly: ['3.3.6'], why: 'taken over in 2018' },
  { name: 'flatmap-stream', why: 'malicious' },
  { name: 'eslint-scope', exactly: ['3.7.2'], why: 'taken over in 2018' },
  { name: 'ua-parser-js', exactly: ['0.7.29', '0.8.0', '1.0.0'], why: 'taken over in 2021' },
  { name: 'coa', exactly: ['2.0.3', '2.0.4', '2.1.1', '2.1.3', '3.0.1', '3.1.3'], why: 'taken over in 2021' },
  { name: 'rc', exactly: ['1.2.9', '1.3.9', '2.3.9'], why: 'taken over in 2021' },
  { name: 'colors', exactly: ['1.4.1', '1.4.2'], why: 'made useless by its author in 2022' },
  { name: 'node-ipc', from: '10.1.1', below: '10.1.4', why: 'deletes files' },
  { name: 'ansi-regex', exactly: ['6.2.1'], why: SEPTEMBER_2025 },
  { name: 'ansi-styles', exactly: ['6.2.2'], why: SEPTEMBER_2025 },
  { name: 'chalk', exactly: ['5.6.1'], why: SEPTEMBER_2025 },
  { name: 'color-convert', exactly: ['3.1.1'], why: SEPTEMBER_2025 },
  { name: 'color-name', exactly: ['2.0.1'], why: SEPTEMBER_2025 },
  { name: 'debug', exactly: ['4.4.2'], why: SEPTEMBER_2025 },
  { name: 'error-ex', exactly: ['1.3.3'], why: SEPTEMBER_2025 },
  { name: 'is-arrayish', exactly: ['0.3.3'], why: SEPTEMBER_2025 },
  { name: 'strip-ansi', exactly: ['7.1.1'], why: SEPTEMBER_2025 },
  { name: 'supports-color', exactly: ['10.2.1'], why: SEPTEMBER_2025 },
  { name: 'wrap-ansi', exactly: ['9.0.1'], why: SEPTEMBER_2025 },
  {
    name: 'fastify',
    from: '5.0.0',
    below: '5.3.2',
    why: 'CVE-2025-32442: content passes its schema by its media type',
  },
  { name: 'jose', from: '5.0.0', below: '5.2.3', why: 'CVE-2024-28176: decompression without bound' },
  { name: 'jose', below: '4.15.5', why: 'CVE-2024-28176: decompression without bound' },
  { name: 'undici', from: '7.0.0', below: '7.5.0', why: 'CVE-2025-47279: memory that is not freed' },
  { name: 'undici', below: '5.29.0', why: 'CVE-2025-22150: boundaries that can be guessed' },
  { name: 'ws', from: '8.0.0', below: '8.17.1', why: 'CVE-2024-37890: ended by many fields' },
  { name: 'yaml', from: '2.0.0', below: '2.2.2', why: 'CVE-2023-2251: an exception that nobody expects' },
  { name: 'cookie', below: '0.7.0', why: 'CVE-2024-47764: names out of bounds' },
  { name: 'koa', below: '2.16.1', why: 'CVE-2025-25200: a regular expression without bound' },
  { name: 'semver', from: '7.0.0', below: '7.5.2', why: 'CVE-2022-25883: a regular expression without bound' },
  { name: 'minimist', below: '1.2.6', why: 'CVE-2021-44906: prototype pollution' },
  { name: 'form-data', from: '4.0.0', below: '4.0.4', why: 'CVE-2025-7783: boundaries that can be guessed' },
  { name: 'form-data', from: '3.0.0', below: '3.0.4', why: 'CVE-2025-7783: boundaries that can be guessed' },
  { name: 'form-data', below: '2.5.4', why: 'CVE-2025-7783: boundaries that can be guessed' },
]

export function isKnownBad({ exactly, from, below }: KnownBad, version: string): boolean {
  if (exactly !== undefined) return exactly.includes(version)
  return (from === undefined || !isBefore(version, from)) && (below === undefined || isBefore(version, below))
}

/** A version of before its release is before it. */
function isBefore(one: string, other: string): boolean {
  const [[numbers, isEarly], [others]] = [partsOf(one), partsOf(other)]
  const at = numbers.findIndex((number, index) => number !== others[index])
  return at === -1 ? isEarly : (numbers[at] ?? 0) < (others[at] ?? 0)
}

function partsOf(version: string): [number[], boolean] {
  const [release = '', ...early] = (version.split('+')[0] ?? '').split('-')
  return [release.split('.').map(Number), early.length > 0]
}
