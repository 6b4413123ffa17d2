/**
 * Saturation with wrk: one thread, a fixed number of connections, each of which asks again as soon as it has its
 * answer. wrk looks at no certificate; tls-check.ts did, before anything was measured.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../lab/run-program.ts'
import { type LabTls, schemeOf } from '../lab/tls.ts'
import type { LoadRequest, Saturation } from '../load.ts'

export interface SaturationOptions {
  readonly port: number
  readonly connections: number
  readonly durationS: number
  /** Sent in turn, again and again. */
  readonly requests: readonly LoadRequest[]
  /** Takes the place of PLACEHOLDER in each request: one of the lines of this file at random. */
  readonly linesFile?: string
  readonly tls?: LabTls | undefined
  readonly directory: string
  readonly signal: AbortSignal
}

/** Stands in the fields of a request for what differs from one to the next. */
export const PLACEHOLDER = '@@line@@'

/** A request that a slow peer leaves unanswered for so long counts as an error. */
const TIMEOUT_S = 5

export async function saturate(options: SaturationOptions): Promise<Saturation> {
  const { port, connections, durationS, requests, directory, signal, linesFile, tls } = options
  const script = join(directory, 'wrk.lua')
  writeFileSync(script, luaScript(requests, linesFile), { mode: 0o600 })
  const settings = [
    '-t',
    '1',
    '-c',
    `${connections}`,
    '-d',
    `${durationS}s`,
    '--timeout',
    `${TIMEOUT_S}s`,
    '-s',
    script,
  ]
  const timeoutMs = (durationS + 4 * TIMEOUT_S) * 1000
  const output = await runProgram(['wrk', ...settings, `${schemeOf(tls)}://127.0.0.1:${port}`], { timeoutMs, signal })
  const [count, durationUs, errors] = (/^figures (\d+) (\d+) (\d+)$/m.exec(output) ?? []).slice(1).map(Number)
  if (count === undefined || durationUs === undefined || errors === undefined) throw new Error('wrk tells no figures')
  return { requests: count, durationS: durationUs / 1e6, errors }
}

/**
 * wrk calls a status up to 399 fine; redirects and refusals are found by the caller, who compares with what has arrived
 * at the origin server. Looking at each answer here would cost the generator more than the request.
 */
function luaScript(requests: readonly LoadRequest[], linesFile: string | undefined): string {
  const formats = requests.map(({ method, target, fields, content }) => {
    const pairs = Object.entries(fields).map(([name, value]) => `[${lua(name)}]=${lua(value)}`)
    const body = content === undefined ? '' : `, ${lua(content)}`
    return `  texts[#texts + 1] = wrk.format(${lua(method)}, ${lua(target)}, {${pairs.join(',')}}${body})`
  })
  return `local texts = {}
local at = 0
init = function()
${formats.join('\n')}
${linesFile === undefined ? '' : readLines(linesFile)}
end
request = function()
  at = at % #texts + 1
  return ${linesFile === undefined ? 'texts[at]' : 'heads[at] .. lines[random(#lines)] .. tails[at]'}
end
done = function(summary)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("figures %d %d %d\\n", summary.requests, summary.duration, failed))
end
`
}

/** Each text is cut at its placeholder once, so that a request costs the generator one concatenation. */
const readLines = (file: string) => `  random = math.random
  lines, heads, tails = {}, {}, {}
  for line in io.lines(${lua(file)}) do lines[#lines + 1] = line end
  for i, text in ipairs(texts) do
    local from, to = text:find(${lua(PLACEHOLDER)}, 1, true)
    heads[i], tails[i] = text:sub(1, from - 1), text:sub(to + 1)
  end`

/** Printable ASCII and line ends only, so that JSON's quoting is also Lua's. */
function lua(text: string): string {
  if (!/^[\x20-\x7e\n]*$/.test(text)) throw new TypeError('requests of a load test are printable ASCII')
  return JSON.stringify(text)
}
