import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Whether something has to be built: its output is missing, or older than one of its inputs; in a folder everything counts. */
export function isOutOfDate(output: string, inputs: readonly string[]): boolean {
  const built = modifiedAt(output)
  return built === undefined || inputs.flatMap(withContents).some((input) => (modifiedAt(input) ?? 0) > built)
}

/** A folder counts by itself too: its time changes when a file in it goes. */
function withContents(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path]
  return [path, ...readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))]
}

/** In ms since 1970; undefined where there is no such file. */
function modifiedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
