import { setTimeout as wait } from 'node:timers/promises'
import type { Api } from '../api.ts'
import type { Front } from '../front.ts'
import type { Fault, OthersAction, Plan, TabAction, Timed } from './soak-plan.ts'
import { act, leaveDialogs, type Stand, type Tab } from './tab.ts'

export interface PlayOptions {
  readonly api: Api
  readonly front: Front
  readonly stand: Stand
  readonly tabs: readonly Tab[]
  readonly plan: Plan
  /** In ms. */
  readonly duration: number
  /** Called while there is no server. */
  readonly onKilled: (forgets: boolean) => void
}

/** Plays all lanes of a plan beside each other, and leaves server and network as they were. */
export async function play({ api, front, stand, tabs, plan, duration, onKilled }: PlayOptions): Promise<void> {
  const start = Date.now()
  const lane = async <Action extends { readonly type: string }>(
    name: string,
    actions: readonly Timed<Action>[],
    perform: (action: Timed<Action>) => Promise<void>,
  ): Promise<void> => {
    for (const action of actions) {
      const early = start + action.at - Date.now()
      if (early > 0) await wait(early)
      // Whoever is late leaves out what would have been at the end.
      if (Date.now() > start + duration) return
      stand.ledger.log.push({ at: Date.now(), what: `${name}: ${JSON.stringify(action)}` })
      await perform(action)
      stand.ledger.log.push({ at: Date.now(), what: `${name}: ${action.type} done` })
    }
  }

  const fault = async (action: Fault): Promise<void> => {
    switch (action.type) {
      case 'kill':
        await api.kill()
        onKilled(action.forgets)
        await wait(action.for)
        return api.startAgain()
      case 'offline':
        await stand.network.setOffline(true)
        await wait(action.for)
        return stand.network.setOffline(false)
      case 'cut':
        return front.moveTo(api.url)
    }
  }

  const tabAction = async (tab: Tab, action: TabAction): Promise<void> => {
    const count = stand.ledger.actions.get(action.type) ?? { tried: 0, made: 0 }
    stand.ledger.actions.set(action.type, count)
    count.tried += 1
    try {
      await act(stand, tab, action)
      count.made += 1
    } catch (error) {
      // There is no such row or button at the moment; what the tabs come to in the end is what counts.
      if (!(error instanceof Error) || !['TimeoutError', 'GaveUpError'].includes(error.name)) throw error
    }
    await leaveDialogs(tab.page)
  }

  await Promise.all([
    ...tabs.map((tab, index) => lane<TabAction>(`tab ${index}`, plan.tabs[index] ?? [], (action) => tabAction(tab, action))),
    lane<Fault>('faults', plan.faults, fault),
    lane<OthersAction>('others', plan.others, async (action) => {
      // Where there is no server they try no second time. Nobody waits for them.
      void othersAction(api.url, action).catch(() => undefined)
    }),
  ])
}

async function othersAction(url: string, action: OthersAction): Promise<void> {
  const send = async (method: string, path: string, body?: object): Promise<void> => {
    await fetch(`${url}/api/${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) ?? null })
  }
  switch (action.type) {
    case 'patch':
      await Promise.all(action.changes.map(({ id, fields }) => send('PATCH', `orders/${id}`, fields)))
      break
    case 'insert': {
      const order = { customer: action.text, cityId: await cityAt(url, 0), product: 'bagel', unitPrice: 1 }
      await send('POST', 'orders', action.id === '' ? order : { ...order, id: action.id })
      break
    }
    case 'delete':
      await send('DELETE', `orders/${action.id}`)
      break
    case 'renameCity':
      await send('PATCH', `cities/${await cityAt(url, action.city)}`, { name: action.text })
      break
  }
}

async function cityAt(url: string, place: number): Promise<number> {
  const response = await fetch(`${url}/api/cities?limit=1&page=${place + 1}`)
  const { rows } = await response.json()
  return rows[0].id
}
