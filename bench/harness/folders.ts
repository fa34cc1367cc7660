import { join } from 'node:path'

export const benchFolder: string = join(import.meta.dirname, '..')
export const rootFolder: string = join(benchFolder, '..')
/** The contestants' bundles. */
export const builtFolder: string = join(benchFolder, 'dist')
