export { restTable } from '@vantage-live/core'
export * from './read-only.ts'
