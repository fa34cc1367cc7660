import type { Contestant } from '../../page/contestant.ts'
import { settings } from '../../page/settings.ts'
import { contestant as floor, pages } from '../floor/contestant.ts'

// The floor, but the page is read from disk when the script starts and not when the component mounts.

if (settings.screen === 'grid') void pages.read(settings.page)

export const contestant: Contestant = floor
