/** A dashboard out of rows of panels: who stands where follows from how many there are. */
import { type Dashboard, defaultDashboard, type Panel, type RowPanel, VariableRefresh } from '@grafana/schema'
import type { Placeless } from './panel.ts'

export interface Row {
  readonly title: string
  readonly height: number
  readonly panels: readonly Placeless[]
}

export interface Description {
  /** Part of its address in Grafana, and name of its file: never changed. */
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly rows: readonly Row[]
}

/** In queries: the instances that are chosen at the top. */
export const CHOSEN = 'instance=~"$instance"'

const COLUMNS = 24

export function dashboard({ uid, title, description, rows }: Description): Dashboard {
  return {
    ...defaultDashboard,
    ...{ uid, title: `Torhaus / ${title}`, description, tags: ['torhaus'] },
    ...{ refresh: '30s', time: { from: 'now-3h', to: 'now' } },
    links: [
      {
        ...{ type: 'dashboards', title: 'Torhaus', tags: ['torhaus'], icon: 'external link', tooltip: '' },
        ...{ asDropdown: false, includeVars: true, keepTime: true, targetBlank: false },
      },
    ],
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        {
          ...{ name: 'instance', label: 'Instance', type: 'query', multi: true, includeAll: true, allValue: '.+' },
          datasource: { type: 'prometheus', uid: '$datasource' },
          query: { qryType: 1, query: 'label_values(torhaus_workers, instance)', refId: 'instances' },
          refresh: VariableRefresh.onTimeRangeChanged,
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    panels: placed(rows),
  }
}

function placed(rows: readonly Row[]): (Panel | RowPanel)[] {
  let y = 0
  let id = 0
  return rows.flatMap(({ title, height, panels }) => {
    const row: RowPanel = {
      ...{ type: 'row', id: ++id, title, collapsed: false, panels: [] },
      gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 },
    }
    const width = Math.floor(COLUMNS / panels.length)
    const all = panels.map(
      (panel, index): Panel => ({
        ...panel,
        id: ++id,
        gridPos: { x: index * width, y, w: width, h: height },
      }),
    )
    y += height
    return [row, ...all]
  })
}
