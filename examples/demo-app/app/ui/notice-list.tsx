import type { ReactNode } from 'react'
import { useNotices, useSession } from '../session/session.ts'
import { Icon } from './icon.tsx'

/** The region is always there, so that screen readers hear of what comes into it. */
export function NoticeList(): ReactNode {
  const { dismiss } = useSession().notices
  return (
    <ul className="notices" aria-live="polite">
      {useNotices().map((notice) => (
        <li key={notice.number} data-tone={notice.tone}>
          <span>{notice.text}</span>
          <button type="button" className="button icon-only quiet small" aria-label="Dismiss" onClick={() => dismiss(notice)}>
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  )
}
