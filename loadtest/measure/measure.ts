/** One turn after the other, A B A B, so that what disturbs the machine disturbs all subjects alike. */
import type { Scenario } from '../scenario.ts'
import type { Contender } from './contender-load.ts'
import { errorsIn, KDC_REQUESTS, type Measured, newMeasured } from './figures.ts'
import { measureHandshakes } from './measure-handshakes.ts'
import { measureRequests } from './measure-requests.ts'
import { measureSignIns } from './measure-sign-ins.ts'
import { measureTransfers } from './measure-transfers.ts'
import { measureTunnels } from './measure-tunnels.ts'
import type { Each, Setting } from './setting.ts'

/**
 * Measures every contender. `kdcRequests`: of their starts, by name.
 * @throws where one does not answer as it should, and when aborted.
 */
export async function measure(
  scenario: Scenario,
  contenders: readonly Contender[],
  kdcRequests: ReadonlyMap<string, number>,
  setting: Setting,
): Promise<Map<string, Measured>> {
  const { realm } = setting
  const more = (name: string) => (realm === undefined ? {} : { [KDC_REQUESTS]: kdcRequests.get(name) ?? 0 })
  const measured = new Map(contenders.map(({ subject: { name } }) => [name, newMeasured(more(name))]))
  const each: Each = async (what, turn, among = () => true) => {
    for (const contender of contenders.filter(among)) {
      setting.signal.throwIfAborted()
      const { name, server } = contender.subject
      const into = measured.get(name) ?? newMeasured()
      const before = realm?.kdcRequests() ?? 0
      const errorsBefore = errorsIn(into)
      const outcome = await turn(contender, into)
      if (realm !== undefined) into.more[KDC_REQUESTS] = (into.more[KDC_REQUESTS] ?? 0) + realm.kdcRequests() - before
      setting.tell(`${what}: ${name} ${outcome}`)
      const errors = errorsIn(into) - errorsBefore
      if (errors > 0)
        setting.tell([`${name}: ${errors} errors; in its log:`, ...(server?.failureRecords() ?? [])].join('\n'))
      server?.forgetOutput()
    }
  }
  switch (scenario.kind) {
    case 'requests':
      await measureRequests(scenario, setting, each)
      break
    case 'transfer':
      await measureTransfers(scenario, setting, each)
      break
    case 'sign-ins':
      await measureSignIns(scenario, setting, each)
      break
    case 'handshakes':
      await measureHandshakes(scenario, setting, each)
      break
    case 'tunnels':
      await measureTunnels(scenario, setting, each)
  }
  return measured
}
