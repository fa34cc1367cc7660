import type { Metric } from '../scenarios/scenario.ts'
import type { Report } from './report.ts'
import type { Outcome, Result } from './rounds.ts'
import type { Summary } from './statistics.ts'

/** A table, ready to be laid out. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** One table for each scenario and variant, with a row for each contestant, and one for the sizes. */
export function tablesOf(report: Report): readonly Table[] {
  const tables = report.results.map((result) => tableOf(result, report))
  return report.sizes.length === 0 ? tables : [...tables, sizeTable(report)]
}

function tableOf({ title, variant, metrics, outcomes }: Result, { titles, base, runs }: Report): Table {
  const floor = outcomes[base]
  return {
    title: variant === '' ? title : `${title}: ${variant}`,
    head: ['', ...metrics.map((metric) => metric.title)],
    rows: Object.entries(outcomes).map(([name, outcome]) => [
      label(titles[name] ?? name, outcome, runs),
      ...cells(metrics, outcome, floor),
    ]),
  }
}

/** A contestant that was too slow to be measured as often as the others is marked. */
function label(title: string, outcome: Outcome, runs: number): string {
  return outcome.state === 'measured' && outcome.runs < runs ? `${title} (${outcome.runs} runs)` : title
}

function cells(metrics: readonly Metric[], outcome: Outcome, floor: Outcome | undefined): readonly string[] {
  switch (outcome.state) {
    case 'measured':
      return metrics.map((metric) => figure(metric, outcome.figures[metric.name], floorOf(metric, floor)))
    case 'cannot':
      return [outcome.reason, ...metrics.slice(1).map(() => '')]
    case 'failed':
      return ['FAILED, see above', ...metrics.slice(1).map(() => '')]
  }
}

export function floorOf({ name }: Metric, floor: Outcome | undefined): number | undefined {
  return floor?.state === 'measured' ? floor.figures[name]?.median : undefined
}

/** The ratio to the floor first, where there is one; then the median, and the quartiles in brackets. */
function figure({ unit, compared }: Metric, found: Summary | undefined, floor: number | undefined): string {
  if (found === undefined) return '–'
  const spread = found.min === found.max ? '' : ` (${amount(found.lowerQuartile)}–${amount(found.upperQuartile)})`
  const absolute = `${amount(found.median)}${unit === 'count' || found.median === Infinity ? '' : ` ${unit}`}${spread}`
  if (!compared || floor === undefined || floor === 0) return absolute
  return `${ratio(found.median / floor)} · ${absolute}`
}

/** Two digits after the point, as long as they matter. */
export function ratio(value: number): string {
  return `${value < 10 ? value.toFixed(2) : amount(value)} ×`
}

/** Three digits that count. What is infinite never came. */
export function amount(value: number): string {
  if (value === Infinity) return 'never'
  if (Number.isInteger(value)) return value.toLocaleString('en')
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function sizeTable({ sizes, titles }: Report): Table {
  return {
    title: 'Bundle size, minified and gzipped, beside React',
    head: ['', 'of', 'kB'],
    rows: sizes.map(({ contestant, of, beside, bytes }) => [
      titles[contestant] ?? contestant,
      beside.length === 0 ? of : `${of}, beside ${beside.join(' and ')}`,
      (bytes / 1000).toFixed(1),
    ]),
  }
}

/** For a terminal. */
export function asText({ title, head, rows }: Table): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [title, ...lines].join('\n')
}

/** For a README. */
export function asMarkdown(table: Table): string {
  return `**${table.title}**\n\n${untitledMarkdown(table)}`
}

export function untitledMarkdown({ head, rows }: Pick<Table, 'head' | 'rows'>): string {
  return [markdownRow(head), markdownRow(head.map(() => '---')), ...rows.map(markdownRow)].join('\n')
}

function markdownRow(cellTexts: readonly string[]): string {
  return `| ${cellTexts.join(' | ')} |`
}

/** When, on what and with which versions the figures were measured. */
export function context({ date, runs, machine, versions }: Report): string {
  const { processor, cores, memory, system, node, browser } = machine
  const parts = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return (
    `Measured on ${date.slice(0, 10)}: ${browser}, ${system}, ${processor}, ${cores} cores, ${memory} GB, Node ${node}; ` +
    `medians of ${runs} runs with quartiles in brackets; × is the ratio to the floor. ${parts.join(', ')}.`
  )
}
