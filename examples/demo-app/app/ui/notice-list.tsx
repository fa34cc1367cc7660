import type { ReactNode } from 'react'
import { dismissNotice, useNotices } from '../notices.ts'
import { Icon } from './icon.tsx'

/** The region is always there, so that screen readers hear of what comes into it. */
export function NoticeList(): ReactNode {
  return (
    <ul className="notices" aria-live="polite">
      {useNotices().map((notice) => (
        <li key={notice.number} data-tone={notice.tone}>
          <span>{notice.text}</span>
          <button type="button" className="button icon-only quiet small" aria-label="Dismiss" onClick={() => dismissNotice(notice)}>
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  )
}
