/** monitoring/grafana/*.json. Run as a program it writes the files; a test holds them current. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dashboard } from '../grafana/dashboard.ts'
import { around } from '../grafana/dashboards/around.ts'
import { now } from '../grafana/dashboards/now.ts'
import { people } from '../grafana/dashboards/people.ts'
import { workers } from '../grafana/dashboards/workers.ts'

const FOLDER = join(import.meta.dirname, '../../monitoring/grafana')

/** Names of the files, and what they hold. */
export const dashboardFiles: ReadonlyMap<string, string> = new Map(
  [now, people, around, workers].map(description => [
    `${description.uid}.json`,
    `${JSON.stringify(dashboard(description), undefined, 2)}\n`,
  ]),
)

if (import.meta.main) for (const [name, text] of dashboardFiles) writeFileSync(join(FOLDER, name), text)
