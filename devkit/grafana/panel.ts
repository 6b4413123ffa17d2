/** Panels for Grafana, by the types of its schema: what it would not open, `tsc` refuses. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  type DataSourceRef,
  FieldColorModeId,
  type FieldConfigSource,
  GraphDrawStyle,
  type GraphFieldConfig,
  LegendDisplayMode,
  type Panel,
  PercentChangeColorMode,
  SortOrder,
  StackingMode,
  TableCellHeight,
  ThresholdsMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizOrientation,
} from '@grafana/schema'
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen'
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen'
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen'

/** A panel without its place. */
export type Placeless = Omit<Panel, 'gridPos' | 'id'>

export interface Query {
  readonly expression: string
  /** What a series is called: `{{label}}` and text. */
  readonly legend: string
  /** Of a histogram that has some: shown as points, each of which leads to one request. */
  readonly withExemplars?: true
}

/** Names of units in Grafana. */
export type Unit = 'reqps' | 'ops' | 's' | 'percentunit' | 'short' | 'bytes' | 'Bps' | 'none'

export interface About {
  readonly title: string
  /** The question that it answers. */
  readonly question: string
  readonly unit: Unit
}

/** Which data source is a variable of the dashboard: it fits every Grafana. */
const DATA_SOURCE: DataSourceRef = { type: 'prometheus', uid: '$datasource' }

/** `worse`: above which value yellow and red begin, or below which where the first is the greater one. */
export type Worse = readonly [yellow: number, red: number]

export function timeSeries(about: About, ...queries: readonly Query[]): Placeless {
  const custom: GraphFieldConfig = {
    drawStyle: GraphDrawStyle.Line,
    fillOpacity: 10,
    lineWidth: 1,
    showPoints: VisibilityMode.Never,
    stacking: { mode: StackingMode.None, group: 'A' },
  }
  const options: TimeSeriesOptions = {
    legend: {
      calcs: ['lastNotNull', 'max'],
      displayMode: LegendDisplayMode.Table,
      placement: 'bottom',
      showLegend: true,
    },
    tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending },
  }
  return panel('timeseries', about, targets(queries, false), { ...options }, { custom: { ...custom } })
}

export function stat(about: About, query: Query, worse?: Worse): Placeless {
  const options: StatOptions = {
    colorMode: worse === undefined ? BigValueColorMode.None : BigValueColorMode.Background,
    graphMode: BigValueGraphMode.None,
    justifyMode: BigValueJustifyMode.Auto,
    orientation: VizOrientation.Auto,
    percentChangeColorMode: PercentChangeColorMode.Standard,
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    showPercentChange: false,
    textMode: BigValueTextMode.Auto,
    wideLayout: true,
  }
  return panel('stat', about, targets([query], true), { ...options }, worse === undefined ? {} : coloured(worse))
}

/** One row a series: its labels, and the value. */
export function table(about: About, query: Query, worse?: Worse): Placeless {
  const options: TableOptions = { cellHeight: TableCellHeight.Sm, frameIndex: 0, showHeader: true }
  const made = panel('table', about, targets([query], true, 'table'), { ...options }, worse ? coloured(worse) : {})
  const hidden = Object.fromEntries(['Time', '__name__', 'job'].map(name => [name, true]))
  return { ...made, transformations: [{ id: 'organize', options: { excludeByName: hidden } }] }
}

type Defaults = FieldConfigSource['defaults']

function panel(
  type: string,
  about: About,
  targetList: Panel['targets'],
  options: object,
  defaults: Defaults,
): Placeless {
  return {
    ...{ type, title: about.title, description: about.question, datasource: DATA_SOURCE },
    ...(targetList === undefined ? {} : { targets: targetList }),
    options: { ...options },
    fieldConfig: { defaults: { unit: about.unit, ...defaults }, overrides: [] },
  }
}

const LETTERS = ['A', 'B', 'C', 'D', 'E', 'F']

const targets = (queries: readonly Query[], instant: boolean, format = 'time_series'): Record<string, unknown>[] =>
  queries.map(({ expression, legend, withExemplars }, index) => ({
    ...{ refId: LETTERS[index], datasource: DATA_SOURCE, expr: expression, legendFormat: legend },
    ...{ instant, range: !instant, format },
    ...(withExemplars && { exemplar: true }),
  }))

function coloured([yellow, red]: Worse): Defaults {
  const isRising = red >= yellow
  const [first, middle, last] = isRising ? ['green', 'yellow', 'red'] : ['red', 'yellow', 'green']
  const [low, high] = isRising ? [yellow, red] : [red, yellow]
  const steps = [
    { color: first ?? '', value: null },
    { color: middle ?? '', value: low },
    { color: last ?? '', value: high },
  ]
  return { color: { mode: FieldColorModeId.Thresholds }, thresholds: { mode: ThresholdsMode.Absolute, steps } }
}
