/** monitoring/elastic/kibana.ndjson. Run as a program it writes the file; a test holds it current. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { savedSearches } from '../elastic/saved-searches.ts'

export const KIBANA_FILE = join(import.meta.dirname, '../../monitoring/elastic/kibana.ndjson')

const DATA_VIEW = 'torhaus-records'
const INDEX = 'kibanaSavedObjectMeta.searchSourceJSON.index'

/** One object a line, as Kibana imports them: where the records are, and what to look for in them. */
export function kibanaObjects(): string {
  const view = {
    ...{ type: 'index-pattern', id: DATA_VIEW, references: [] },
    attributes: { title: 'logs-torhaus*', name: 'Torhaus', timeFieldName: '@timestamp' },
  }
  const searches = savedSearches.map(({ id, title, question, query, columns }) => ({
    ...{ type: 'search', id },
    references: [{ type: 'index-pattern', id: DATA_VIEW, name: INDEX }],
    attributes: {
      ...{ title, description: question, columns, sort: [['@timestamp', 'desc']] },
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({ query: { query, language: 'kuery' }, filter: [], indexRefName: INDEX }),
      },
    },
  }))
  return `${[view, ...searches].map(object => JSON.stringify(object)).join('\n')}\n`
}

if (import.meta.main) writeFileSync(KIBANA_FILE, kibanaObjects())
