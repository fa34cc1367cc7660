import type { Contestant } from '../../page/contestant.ts'
import { settings } from '../../page/settings.ts'
import { contestant as vantageLive } from '../vantage-live/contestant.tsx'

// The same, but the page is asked for when the table has been made and not when the component mounts, as the guide has it.

if (settings.screen === 'grid') void vantageLive.pages.prefetch?.(settings.page)

export const contestant: Contestant = vantageLive
