import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import type { Entrant } from '../contestants/list.ts'
import { benchFolder } from './folders.ts'

/** What the figures were measured on. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  /** In GB. */
  readonly memory: number
  readonly system: string
  readonly node: string
  readonly browser: string
}

export function thisMachine(browser: string): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 1e9),
    system: distribution() ?? `${type()} ${release()}`,
    node: process.versions.node,
    browser: `Chromium ${browser}`,
  }
}

/** The versions of all that was measured. */
export function versionsOf(entrants: readonly Entrant[]): Readonly<Record<string, string>> {
  const packages = new Set(['react', 'react-dom', 'vite', ...entrants.flatMap((entrant) => entrant.packages)])
  return Object.fromEntries([...packages].toSorted().map((name) => [name, versionOf(name)]))
}

function versionOf(name: string): string {
  const found: unknown = JSON.parse(readFileSync(join(benchFolder, 'node_modules', name, 'package.json'), 'utf8'))
  if (typeof found === 'object' && found !== null && 'version' in found && typeof found.version === 'string') return found.version
  throw new Error(`${name} has no version`)
}

/** Linux systems tell their own name here. */
function distribution(): string | undefined {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  } catch {
    return undefined
  }
}
