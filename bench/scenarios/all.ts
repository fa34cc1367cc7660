import { liveBurst } from './burst.ts'
import { invalidate } from './invalidate.ts'
import { pageFlip } from './page-flip.ts'
import { patchQueue } from './patches.ts'
import { rowHooks } from './row-hooks.ts'
import type { Scenario } from './scenario.ts'
import { warmReload } from './warm-reload.ts'

export const scenarios: readonly Scenario[] = [warmReload, invalidate, liveBurst, rowHooks, pageFlip, patchQueue]
