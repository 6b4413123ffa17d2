/** What happens to instances behind a balancer, under constant load. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosEnvironment } from './environment.ts'
import type { Fault } from './fault.ts'
import type { Instance } from './instance.ts'

const RELOADS = 'torhaus_config_reloads_total{outcome="success"}'

export const instanceFaults: readonly Fault<ChaosEnvironment>[] = [
  { name: 'none', sparesPushes: true, happen: () => sleep(3000) },
  {
    name: 'a worker killed',
    sparesPushes: false,
    async happen({ instances: [one] }) {
      process.kill(one.workers()[0] ?? 0, 'SIGKILL')
    },
  },
  {
    name: 'an instance killed, and started again',
    sparesPushes: false,
    async happen({ instances: [, two] }) {
      two.killAll()
      await sleep(3000)
      await two.start()
    },
  },
  {
    name: 'Redis killed for 5 s',
    sparesPushes: true,
    async happen({ redis }) {
      await redis.kill()
      await sleep(5000)
      await redis.start()
    },
  },
  {
    name: 'rolling restart',
    sparesPushes: true,
    async happen({ instances }) {
      for (const instance of instances) {
        await instance.stop()
        await instance.start()
        // Until the balancer has seen it.
        await sleep(2000)
      }
    },
  },
  {
    name: 'configuration reloaded',
    sparesPushes: true,
    async happen({ instances }) {
      await Promise.all(instances.map(instance => afterReload(instance, async () => instance.signal('SIGHUP'))))
    },
  },
  {
    name: 'certificate swapped',
    sparesPushes: true,
    async happen({ instances, swapCertificate }) {
      const [one, two] = instances
      await afterReload(one, () => afterReload(two, swapCertificate))
    },
  },
]

async function afterReload(instance: Instance, act: () => Promise<void>): Promise<void> {
  const before = await instance.metric(RELOADS)
  await act()
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await instance.metric(RELOADS)) > before) return
    await sleep(100)
  }
  throw new Error('no reload')
}
