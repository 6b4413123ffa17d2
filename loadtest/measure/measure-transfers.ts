/** A few large contents, one after the other. The first round warms up and does not count. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readLists } from '../generators/lists.ts'
import { transfer } from '../generators/transfer.ts'
import type { LoadRequest } from '../load.ts'
import type { TransferScenario } from '../scenario.ts'
import { account, cpuOf } from './account.ts'
import type { Contender } from './contender-load.ts'
import type { Each, Setting } from './setting.ts'

export async function measureTransfers(scenario: TransferScenario, setting: Setting, each: Each): Promise<void> {
  const { directory, durations, signal, tls } = setting
  const { uploadBytes } = scenario
  const uploadFile = uploadBytes === undefined ? undefined : join(directory, 'upload')
  if (uploadFile !== undefined) writeFileSync(uploadFile, Buffer.alloc(uploadBytes ?? 0, 'torhaus '))
  for (let round = 0; round <= durations.rounds; round++) {
    await each(`transfer ${round}/${durations.rounds}`, async (contender, into) => {
      const { subject } = contender
      const what = { requests: requestsTo(contender, scenario), uploadFile, uploadBytes: uploadBytes ?? 0 }
      const turn = await account(setting, subject, () => transfer({ port: subject.port, ...what, tls, signal }))
      if (round === 0) into.errors += turn.errors
      else {
        into.turns.push(turn)
        into.latenciesMs.push((turn.durationS / turn.requests) * 1000)
      }
      return `${Math.round(turn.bytes / turn.durationS / 1e6)} MB/s${cpuOf(turn)}`
    })
  }
}

/** Each of anyone, where there is a population. */
function requestsTo({ credentials: [credentials], population }: Contender, scenario: TransferScenario): LoadRequest[] {
  if (credentials === undefined) throw new Error('a transfer needs a user')
  const request = scenario.request(credentials)
  const anyones = population?.anyones(request) ?? request
  const asSomebody = readLists(population?.lists ?? {})
  return Array.from({ length: scenario.count }, () => asSomebody(anyones))
}
