/** Large contents with curl, one after the other on one connection, whose certificate is checked. */
import { runProgram } from '../lab/run-program.ts'
import { type LabTls, schemeOf } from '../lab/tls.ts'
import type { LoadRequest, Transfer } from '../load.ts'

export interface TransferOptions {
  readonly port: number
  /** Of one target and length each. */
  readonly requests: readonly LoadRequest[]
  /** Sent as the content of each request. */
  readonly uploadFile: string | undefined
  readonly uploadBytes: number
  readonly tls: LabTls | undefined
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 60_000

export async function transfer(options: TransferOptions): Promise<Transfer> {
  const { requests, uploadFile, uploadBytes, signal } = options
  const responseBytes = requests[0]?.responseBytes ?? 0
  const command = ['curl', '--silent', '--show-error', '--config', '-']
  const output = await runProgram(command, { timeoutMs: TIMEOUT_MS, signal, input: curlConfig(options) })
  const answers = output
    .trim()
    .split('\n')
    .map(line => line.split(' ').map(Number))
  const right = answers.filter(
    ([status, down, up]) => status === 200 && (uploadFile === undefined ? down === responseBytes : up === uploadBytes),
  )
  return {
    requests: right.length,
    bytes: right.length * (uploadFile === undefined ? responseBytes : uploadBytes),
    durationS: answers.reduce((sum, [, , , seconds = 0]) => sum + seconds, 0),
    errors: requests.length - right.length,
  }
}

/** Options of one transfer, and `next` between two: curl keeps the connection. */
function curlConfig({ port, requests, uploadFile, tls }: TransferOptions): string {
  const one = (request: LoadRequest) => [
    `url = "${schemeOf(tls)}://127.0.0.1:${port}${request.target}"`,
    ...(tls === undefined ? [] : [`cacert = "${tls.caFile}"`]),
    'output = "/dev/null"',
    'header = "Expect:"',
    ...Object.entries(request.fields).map(([name, value]) => `header = "${name}: ${value}"`),
    ...(uploadFile === undefined ? [] : [`upload-file = "${uploadFile}"`]),
    'write-out = "%{http_code} %{size_download} %{size_upload} %{time_total}\\n"',
  ]
  return `${requests.map(request => one(request).join('\n')).join('\nnext\n')}\n`
}
