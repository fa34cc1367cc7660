import type { Option } from '../screen.ts'

/** Options in the order of a record from value to label. */
export function optionsOf(labels: Readonly<Record<string, string>>): readonly Option[] {
  return Object.entries(labels).map(([value, label]) => ({ value, label }))
}

/** One of them by chance, but not this one. */
export function anyOther(options: readonly Option[], value: unknown): string {
  const others = options.filter((option) => option.value !== value)
  return others[Math.floor(Math.random() * others.length)]?.value ?? ''
}
