import type { Metric } from '../scenarios/scenario.ts'
import type { Report } from './report.ts'
import type { Result } from './rounds.ts'
import { amount, context, floorOf, ratio, untitledMarkdown, type Table } from './tables.ts'

/** One table of all figures: a row for each, a column for each contestant. */
export function overviewOf(report: Report): Table {
  const { shorts, base, results } = report
  const others = Object.keys(shorts).filter((name) => name !== base && results.some(({ outcomes }) => outcomes[name] !== undefined))
  return {
    title: 'At a glance',
    head: ['', 'due', shorts[base] ?? base, ...others.map((name) => shorts[name] ?? name)],
    rows: [
      ...results.flatMap((result) => result.metrics.map((metric) => figureRow(result, metric, base, others))),
      ...sizeRows(report, others),
    ],
  }
}

function figureRow(result: Result, metric: Metric, base: string, others: readonly string[]): readonly string[] {
  const { title, variant, outcomes } = result
  const floor = floorOf(metric, outcomes[base])
  const isRatio = metric.compared && floor !== undefined && floor > 0
  const cell = (name: string): string => {
    const outcome = outcomes[name]
    if (outcome === undefined) return ''
    if (outcome.state !== 'measured') return outcome.state
    const found = outcome.figures[metric.name]?.median
    if (found === undefined) return '–'
    return isRatio && found !== Infinity ? ratio(found / floor) : withUnit(found, metric)
  }
  return [
    `${title}${variant === '' ? '' : `, ${variant}`}: ${metric.title}`,
    metric.due === undefined ? '' : isRatio ? `${metric.due} ×` : amount(metric.due),
    floor === undefined ? '' : withUnit(floor, metric),
    ...others.map(cell),
  ]
}

function withUnit(found: number, { unit }: Metric): string {
  return unit === 'count' || found === Infinity ? amount(found) : `${amount(found)} ${unit}`
}

/** One row for each thing that some contestant imports. */
function sizeRows({ sizes, base }: Report, others: readonly string[]): readonly (readonly string[])[] {
  const rows = Map.groupBy(sizes, ({ of, beside, contestant }) =>
    beside.length === 0 || contestant === base ? of : `${of}, ${beside[0]} not counted`,
  )
  return [...rows].map(([of, all]) => {
    const due = all.find((size) => size.due !== undefined)?.due
    const cell = (name: string): string => {
      const size = all.find(({ contestant }) => contestant === name)
      return size === undefined ? '' : `${(size.bytes / 1000).toFixed(1)} kB`
    }
    return [`Bundle, ${of}`, due === undefined ? '' : `${due} kB`, cell(base), ...others.map(cell)]
  })
}

const [begin, end] = ['<!-- The benchmark writes what follows. -->', '<!-- The end of what the benchmark writes. -->'] as const

/**
 * A README with the overview of this run in the place of an earlier one's.
 *
 * @throws Error where it has no such place
 */
export function withOverview(readme: string, report: Report): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the README has no place for the table: ${begin} and ${end}`)
  const text = [untitledMarkdown(overviewOf(report)), context(report)].join('\n\n')
  return `${readme.slice(0, from + begin.length)}\n\n${text}\n\n${readme.slice(to)}`
}
