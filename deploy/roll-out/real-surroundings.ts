import { spawn } from 'node:child_process'
import http from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReadPlan } from './plan.ts'
import type { Answer, Asked, Surroundings } from './surroundings.ts'

const ANSWER_MS = 10_000
const KEPT_CHARACTERS = 2000
/** The smoke test looks for words in it; a whole clone is not read. */
const CONTENT_CHARACTERS = 1 << 20

type Means = Pick<ReadPlan, 'ca' | 'adminFields'>

/** `ca`: signs the certificates of the instances. */
export function realSurroundings({ ca, adminFields }: Means, tell: (line: string) => void): Surroundings {
  return {
    adminFields,
    run: runCommand,
    ask: asked => ask(asked, ca),
    sleep: ms => sleep(ms).then(() => undefined),
    nowMs: () => performance.now(),
    tell,
  }
}

/** The certificate of an instance is for the public name, whatever address it is reached by. */
function ask({ url, method, fields }: Asked, ca: string | undefined): Promise<Answer> {
  return new Promise(resolve => {
    const isTls = url.startsWith('https:')
    const [name = ''] = (fields.Host ?? new URL(url).host).split(':')
    const library = isTls ? https : http
    const request = library.request(url, {
      ...{ method, headers: fields, agent: false, timeout: ANSWER_MS },
      ...(isTls && { servername: /^[\d.]+$/.test(name) ? '' : name, ...(ca !== undefined && { ca }) }),
    })
    request.once('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)))
    request.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ status: 0, content: error.message || (error.code ?? 'no answer') }),
    )
    request.once('response', response => {
      let content = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        if (content.length < CONTENT_CHARACTERS) content += text
      })
      response.once('close', () =>
        resolve(response.complete ? { status: response.statusCode ?? 0, content } : { status: 0, content: 'cut off' }),
      )
    })
    request.end()
  })
}

/** Without a shell, and without standard input: nobody is there to answer a question. */
function runCommand([program = '', ...args]: readonly string[], timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...{ stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' },
      // Ctrl-C in a terminal is for the roll-out, which lets the step end.
      detached: true,
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-KEPT_CHARACTERS)
      })
    child.once('error', reject)
    // Not `close`: what a service manager of one's own has started may keep the pipes open.
    child.once('exit', (code, signal) => {
      child.stdout?.destroy()
      child.stderr?.destroy()
      if (code === 0) resolve()
      else reject(new Error(`${program} ended with ${code ?? signal}: ${said.trim()}`))
    })
  })
}
