/** Everything that `torhaus doctor` looks at, one file a subject. A new one is a row here. */
import { causeChain } from '../cause-chain.ts'
import { examineCertificates } from './certificates.ts'
import { examineClocks } from './clocks.ts'
import { examineDescriptors } from './descriptors.ts'
import { examineDisks } from './disks.ts'
import type { DoctorContext, Examination } from './examination.ts'
import { examineFiles } from './files.ts'
import { type Finding, Skipped } from './finding.ts'
import { examineKerberos } from './kerberos.ts'
import { examineLongRequests } from './long-requests.ts'
import { examineNames } from './names.ts'
import { examinePorts } from './ports.ts'
import { examineProvider } from './provider.ts'
import { examineRedis } from './redis.ts'
import { examineStore } from './store.ts'
import { examineUpstream } from './upstream.ts'
import { examineWayIn } from './way-in.ts'

const EXAMINATIONS = {
  files: examineFiles,
  certificates: examineCertificates,
  store: examineStore,
  redis: examineRedis,
  disks: examineDisks,
  ports: examinePorts,
  descriptors: examineDescriptors,
  names: examineNames,
  clocks: examineClocks,
  provider: examineProvider,
  upstream: examineUpstream,
  kerberos: examineKerberos,
  'way-in': examineWayIn,
  'long-requests': examineLongRequests,
} as const satisfies Readonly<Record<string, Examination>>

export type Subject = keyof typeof EXAMINATIONS

export const subjects = Object.keys(EXAMINATIONS) as readonly Subject[]

export interface Examined {
  readonly subject: Subject
  readonly findings: readonly Finding[]
  /** Why it was not looked at; undefined where it was. */
  readonly skipped?: string
}

/** All at once: most wait for others. The order is that of the table. */
export const examine = (context: DoctorContext, wanted: readonly Subject[]): Promise<readonly Examined[]> =>
  Promise.all(subjects.filter(subject => wanted.includes(subject)).map(subject => examined(subject, context)))

async function examined(subject: Subject, context: DoctorContext): Promise<Examined> {
  try {
    return { subject, findings: await EXAMINATIONS[subject](context) }
  } catch (error) {
    if (error instanceof Skipped) return { subject, findings: [], skipped: error.message }
    const what = `this check failed: ${causeChain(error as Error)}`
    const why = 'its result is unknown'
    return { subject, findings: [{ what, why, remedy: 'report this with the message', severity: 'error' }] }
  }
}
