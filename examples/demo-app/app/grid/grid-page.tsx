import { useQueryClient } from '@tanstack/react-query'
import { livePageOptions, useLivePage } from '@vantage-live/react'
import { useEffect, useState, type ReactNode } from 'react'
import { DeleteDialog } from '../detail/delete-dialog.tsx'
import { DetailPanel } from '../detail/detail-panel.tsx'
import { useGridQuery, viewQueryOf } from '../grid-query.ts'
import { InsertDialog } from '../insert/insert-dialog.tsx'
import { idOf, type Screen, type Value } from '../screen.ts'
import { useSession } from '../session/session.ts'
import { StatusBar } from '../status/status-bar.tsx'
import { focusGrid } from '../ui/focus-grid.ts'
import { NoticeList } from '../ui/notice-list.tsx'
import { useIsNarrow } from '../ui/use-media.ts'
import { FailedDialog } from '../writes/failed-dialog.tsx'
import { useNoticedWrites } from '../writes/use-noticed-writes.ts'
import { Grid } from './grid.tsx'
import { GridState } from './grid-state.tsx'
import { NewsBanner } from './news-banner.tsx'
import { Pager } from './pager.tsx'
import { editAsSomebody } from './somebody.ts'
import { StaleBanner } from './stale-banner.tsx'
import { Toolbar } from './toolbar.tsx'
import { useGridTable } from './use-grid-table.ts'
import { useScrollToTop } from './use-scroll-to-top.ts'

/** A live grid over a table, with all that can be done to its rows. */
export function GridPage({ screen }: { readonly screen: Screen }): ReactNode {
  const { notices } = useSession()
  const [query, change] = useGridQuery(screen)
  const isNarrow = useIsNarrow()
  const [isInserting, setInserting] = useState(false)
  const [idToDelete, setIdToDelete] = useState<string>()
  const [isFailedShown, setFailedShown] = useState(false)

  const view = screen.table.view(viewQueryOf(screen, query))
  const live = useLivePage(view, query.page, { pageSize: query.pageSize, liveMode: 'notify' })
  const { rows, total, pageCount, pendingIds, failed, isPlaceholderData, error } = live

  // The next page is there before it is asked for. Where that fails, it is asked for when it is.
  const client = useQueryClient()
  const isLast = pageCount === undefined || query.page >= pageCount
  useEffect(() => {
    if (!isPlaceholderData && !isLast) client.query(livePageOptions(view, query.page + 1, query.pageSize)).catch(() => undefined)
  }, [client, view, query.page, query.pageSize, isPlaceholderData, isLast])

  const table = useGridTable({ screen, rows, pageCount, query, onChange: change, isNarrow })
  const writes = useNoticedWrites(screen)
  const save = (id: Value, field: string, value: Value): void => void writes.patch(id, { [field]: value })
  const open = (openId: string): void => change({ openId }, { replace: query.openId !== undefined })

  const openKey = query.openId === undefined ? undefined : screen.table.rowKey(query.openId)

  const showNews = (): void => {
    live.apply()
    // The button that has the focus goes; the reader looks on where they are.
    focusGrid({ preventScroll: true })
  }

  const scroller = useScrollToTop(query.page)
  const { Context = NoContext } = screen
  return (
    <main className="grid-page">
      <Toolbar
        screen={screen}
        query={query}
        onChange={change}
        onInsert={() => setInserting(true)}
        onSomebodyElse={() => void editAsSomebody(screen, rows, notices)}
      />
      <div className="grid-and-detail">
        {live.isHeld && <NewsBanner newCount={live.newCount} onApply={showNews} />}
        <div ref={scroller} className="grid-scroller" data-is-flipping={isPlaceholderData}>
          {rows.length > 0 ? (
            <Context rows={rows}>
              <Grid
                screen={screen}
                table={table}
                total={total}
                pendingIds={pendingIds}
                failed={failed}
                openKey={openKey}
                isNarrow={isNarrow}
                isFlipping={isPlaceholderData}
                onSave={save}
                onOpen={open}
                onDelete={setIdToDelete}
              />
            </Context>
          ) : (
            <GridState
              noun={screen.noun}
              isLoading={live.isPending || isPlaceholderData}
              error={error}
              pageCount={pageCount ?? 0}
              onRetry={() => void live.refetch()}
              onLastPage={() => change({ page: pageCount ?? 1 })}
              onClear={() => change({ filters: {}, search: '' })}
            />
          )}
        </div>
        {query.openId !== undefined && (
          <DetailPanel
            screen={screen}
            id={query.openId}
            listed={rows.find((row) => screen.table.rowKey(idOf(screen.table, row)) === openKey)}
            listedAt={live.data?.fetchedAt}
            pendingIds={pendingIds}
            failed={failed}
            isNarrow={isNarrow}
            onSave={save}
            onStored={open}
            onClose={() => change({ openId: undefined }, { replace: true })}
            onDelete={setIdToDelete}
          />
        )}
        <NoticeList />
      </div>
      {/* Below the rows, which stay where they are under the pointer. */}
      {rows.length > 0 && <StaleBanner table={view} error={error} fetchedAt={live.data?.fetchedAt} onRetry={() => void live.refetch()} />}
      <Pager table={table} total={total} />
      <StatusBar table={view} live={live} query={query} onShowFailed={() => setFailedShown(true)} />
      {isInserting && (
        <InsertDialog
          screen={screen}
          onClose={() => setInserting(false)}
          onInserted={(id) => {
            setInserting(false)
            open(id)
          }}
        />
      )}
      {idToDelete !== undefined && (
        <DeleteDialog
          screen={screen}
          id={idToDelete}
          onClose={() => setIdToDelete(undefined)}
          onDelete={() => {
            setIdToDelete(undefined)
            if (query.openId === idToDelete) change({ openId: undefined }, { replace: true })
            void writes.remove(idToDelete)
          }}
        />
      )}
      {isFailedShown && failed.length > 0 && <FailedDialog screen={screen} failed={failed} onClose={() => setFailedShown(false)} />}
    </main>
  )
}

function NoContext({ children }: { readonly children: ReactNode }): ReactNode {
  return children
}
