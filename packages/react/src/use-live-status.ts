'use client'

import type { LiveStatus, LiveTable } from '@vantage-live/core'
import { useCallback, useSyncExternalStore } from 'react'
import { inNextFrame } from './next-frame.ts'

/**
 * How the live stream of a table stands: `state`, with a `reason` where it is polling or closed; `since`, `lastEventAt`, `gaps`.
 * Undefined where the table has no stream, and in what a server renders, for the stream is connected in the browser.
 *
 * A component that uses this and nothing else connects the stream. However many events come, it renders at most once per frame.
 */
export function useLiveStatus<Row extends object>({ root }: LiveTable<Row>): LiveStatus | undefined {
  const subscribe = useCallback(
    (onChange: () => void) => {
      const change = oncePerFrame(onChange)
      const leave = root.subscribe(({ type }) => {
        if (type === 'status') change.run()
      })
      return () => {
        leave()
        change.end()
      }
    },
    [root],
  )
  return useSyncExternalStore(subscribe, () => root.streamStatus, nothing)
}

function nothing(): undefined {
  return undefined
}

/** Runs something soon when it is asked to, and then in the next frame at the earliest. */
function oncePerFrame(run: () => void): { readonly run: () => void; readonly end: () => void } {
  let isDue = false
  let isShut = false
  let isOver = false
  let callOff: (() => void) | undefined

  const flush = (): void => {
    isShut = isDue && !isOver
    isDue = false
    if (!isShut) return
    callOff = inNextFrame(flush)
    run()
  }
  return {
    run: () => {
      isDue = true
      if (isShut) return
      isShut = true
      // Not at once: a component that renders may have connected the stream, and React takes no updates meanwhile.
      queueMicrotask(flush)
    },
    end: () => {
      isOver = true
      callOff?.()
    },
  }
}
