/**
 * Saturation with wrk: one thread, a fixed number of connections, each of which asks again as soon as it has its
 * answer. wrk looks at no certificate; tls-check.ts did, before anything was measured.
 */
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../lab/run-program.ts'
import { type LabTls, schemeOf } from '../lab/tls.ts'
import type { LoadRequest, Saturation } from '../load.ts'
import type { Lists } from './lists.ts'

export interface SaturationOptions {
  readonly port: number
  readonly connections: number
  readonly durationS: number
  /** Sent in turn, again and again. */
  readonly requests: readonly LoadRequest[]
  /** What takes the place of the placeholders in the requests. */
  readonly lists?: Lists | undefined
  readonly tls?: LabTls | undefined
  readonly directory: string
  readonly signal: AbortSignal
}

/** A request that a slow peer leaves unanswered for so long counts as an error. */
const TIMEOUT_S = 5

export async function saturate(options: SaturationOptions): Promise<Saturation> {
  const { port, connections, durationS, requests, directory, signal, lists = {}, tls } = options
  const script = join(directory, 'wrk.lua')
  writeFileSync(script, luaScript(requests, lists), { mode: 0o600 })
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
function luaScript(requests: readonly LoadRequest[], lists: Lists): string {
  const formats = requests.map(({ method, target, fields, content }) => {
    const pairs = Object.entries(fields).map(([name, value]) => `[${lua(name)}]=${lua(value)}`)
    const body = content === undefined ? '' : `, ${lua(content)}`
    return `  texts[#texts + 1] = wrk.format(${lua(method)}, ${lua(target)}, {${pairs.join(',')}}${body})`
  })
  return `local texts, heads, tails, lines = {}, {}, {}, {}
local at, random = 0, math.random
math.randomseed(${randomInt(2 ** 31)})
init = function()
${formats.join('\n')}
${Object.entries(lists).map(readLines).join('\n')}
end
request = function()
  at = at % #texts + 1
  local list = lines[at]
  if list == nil then return texts[at] end
  return heads[at] .. list[random(#list)] .. tails[at]
end
done = function(summary)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("figures %d %d %d\\n", summary.requests, summary.duration, failed))
end
`
}

/** A seed of its own for each turn, or all would take the same few. Each text is cut at its placeholder once, so that a request costs the generator one concatenation. */
const readLines = ([placeholder, file]: readonly [string, string]) => `  do
    local list = {}
    for line in io.lines(${lua(file)}) do list[#list + 1] = line end
    for i, text in ipairs(texts) do
      local from, to = text:find(${lua(placeholder)}, 1, true)
      if from ~= nil then heads[i], tails[i], lines[i] = text:sub(1, from - 1), text:sub(to + 1), list end
    end
  end`

/** Printable ASCII and line ends only, so that JSON's quoting is also Lua's. */
function lua(text: string): string {
  if (!/^[\x20-\x7e\n]*$/.test(text)) throw new TypeError('requests of a load test are printable ASCII')
  return JSON.stringify(text)
}
