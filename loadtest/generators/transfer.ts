/** Large contents with curl, one after the other on one connection, whose certificate is checked. */
import { runProgram } from '../lab/run-program.ts'
import { type LabTls, schemeOf } from '../lab/tls.ts'
import type { LoadRequest, Transfer } from '../load.ts'

export interface TransferOptions {
  readonly port: number
  readonly request: LoadRequest
  readonly count: number
  /** Sent as the content of each request. */
  readonly uploadFile: string | undefined
  readonly uploadBytes: number
  readonly tls: LabTls | undefined
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 60_000

export async function transfer(options: TransferOptions): Promise<Transfer> {
  const { count, request, uploadFile, uploadBytes, signal } = options
  const command = ['curl', '--silent', '--show-error', '--config', '-']
  const output = await runProgram(command, { timeoutMs: TIMEOUT_MS, signal, input: curlConfig(options) })
  const answers = output
    .trim()
    .split('\n')
    .map(line => line.split(' ').map(Number))
  const right = answers.filter(
    ([status, down, up]) =>
      status === 200 && (uploadFile === undefined ? down === request.responseBytes : up === uploadBytes),
  )
  return {
    requests: right.length,
    bytes: right.length * (uploadFile === undefined ? request.responseBytes : uploadBytes),
    durationS: answers.reduce((sum, [, , , seconds = 0]) => sum + seconds, 0),
    errors: count - right.length,
  }
}

/** Options of one transfer, and `next` between two: curl keeps the connection. */
function curlConfig({ port, request, count, uploadFile, tls }: TransferOptions): string {
  const one = [
    `url = "${schemeOf(tls)}://127.0.0.1:${port}${request.target}"`,
    ...(tls === undefined ? [] : [`cacert = "${tls.caFile}"`]),
    'output = "/dev/null"',
    'header = "Expect:"',
    ...Object.entries(request.fields).map(([name, value]) => `header = "${name}: ${value}"`),
    ...(uploadFile === undefined ? [] : [`upload-file = "${uploadFile}"`]),
    'write-out = "%{http_code} %{size_download} %{size_upload} %{time_total}\\n"',
  ]
  return `${Array(count).fill(one.join('\n')).join('\nnext\n')}\n`
}
