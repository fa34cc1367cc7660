export * from '@vantage-live/core'
export * from '@vantage-live/react'
