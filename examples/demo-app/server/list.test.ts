import { describe, expect, test } from 'vitest'
import type { Row } from './column.ts'
import { folded } from './search-text.ts'
import { homeKinds, smallApps, smallSize } from './small-app.ts'

describe.each(homeKinds)('%s', (kind) => {
  const apps = smallApps(kind)

  function column(rows: readonly Row[], name: string): (string | number | undefined)[] {
    return rows.map((row) => row[name])
  }

  /** In the order in which the database has them: by code point. */
  function sorted(values: readonly (string | number | undefined)[]): (string | number | undefined)[] {
    return values.toSorted((a, b) =>
      typeof a === 'number' && typeof b === 'number' ? a - b : Buffer.compare(Buffer.from(`${a}`), Buffer.from(`${b}`)),
    )
  }

  describe('pages', () => {
    test('a list without parameters is the first page, newest first, with the total', async () => {
      const { list } = await apps.shared()
      const { rows, total } = await list('/api/orders')
      expect(total).toBe(smallSize.orders)
      expect(rows).toHaveLength(50)
      expect(column(rows, 'placedAt')).toEqual(sorted(column(rows, 'placedAt')).reverse())
      expect(Object.keys(rows[0] ?? {})).toEqual([
        'id',
        'placedAt',
        'customer',
        'cityId',
        'product',
        'quantity',
        'unitPrice',
        'total',
        'status',
        'channel',
        'deliveryDate',
        'notes',
        'version',
      ])
    })

    test('pages of rows that are equal in the order follow each other without a gap or a repetition', async () => {
      const { list } = await apps.shared()
      const all = await list('/api/orders?sort=status,-channel&limit=400')
      const pages = await Promise.all([1, 2, 3, 4, 5, 6].map((page) => list(`/api/orders?sort=status,-channel&limit=70&page=${page}`)))
      expect(pages.flatMap(({ rows }) => rows)).toEqual(all.rows)
      expect(new Set(column(all.rows, 'id')).size).toBe(smallSize.orders)
    })

    test('a page behind the end has no rows, and the total all the same', async () => {
      const { list } = await apps.shared()
      expect(await list('/api/cities?page=1000000')).toEqual({ rows: [], total: smallSize.cities })
    })
  })

  describe('orders of rows', () => {
    test('a column that is named again is passed over', async () => {
      const { list } = await apps.shared()
      const once = await list('/api/orders?limit=400&sort=status,-channel')
      expect(await list(`/api/orders?limit=400&sort=status,-channel${',-status,channel'.repeat(60)}`)).toEqual(once)
    })

    test.each(['placedAt', 'customer', 'quantity', 'total', 'notes', 'id'])('%s, up and down', async (name) => {
      const { list } = await apps.shared()
      const up = column((await list(`/api/orders?limit=400&sort=${name}`)).rows, name)
      const down = column((await list(`/api/orders?limit=400&sort=-${name}`)).rows, name)
      expect(up).toEqual(sorted(up))
      expect(down).toEqual(sorted(up).reverse())
    })
  })

  describe('filters', () => {
    const filters: readonly (readonly [string, (row: Row) => boolean])[] = [
      ['status=open', (row) => row['status'] === 'open'],
      ['status[eq]=open', (row) => row['status'] === 'open'],
      ['status[ne]=delivered', (row) => row['status'] !== 'delivered'],
      ['total[gt]=20.3', (row) => Number(row['total']) > 20.3],
      ['total[gte]=20.3', (row) => Number(row['total']) >= 20.3],
      ['total[lt]=20.3', (row) => Number(row['total']) < 20.3],
      ['total[lte]=20.3', (row) => Number(row['total']) <= 20.3],
      [
        'quantity[gte]=2&quantity[lt]=5&channel=web',
        (row) => Number(row['quantity']) >= 2 && Number(row['quantity']) < 5 && row['channel'] === 'web',
      ],
      ['status[in]=open&status[in]=baking', (row) => row['status'] === 'open' || row['status'] === 'baking'],
      ['quantity[in]=1', (row) => row['quantity'] === 1],
      ['placedAt[gte]=2025-06-30', (row) => String(row['placedAt']) >= '2025-06-30T00:00:00.000Z'],
      ['deliveryDate=2025-06-30', (row) => row['deliveryDate'] === '2025-06-30'],
      ['notes=', (row) => row['notes'] === ''],
      ['customer[contains]=MA', (row) => String(row['customer']).toLowerCase().includes('ma')],
      ['customer[contains]=%C3%9Cr', (row) => String(row['customer']).toLowerCase().includes('ür')],
      ['customer[contains]=%C3%B6der', (row) => String(row['customer']).toLowerCase().includes('öder')],
      ['notes[contains]=%22happy%2040TH', (row) => String(row['notes']).toLowerCase().includes('"happy 40th')],
      ['notes[contains]=Happy%2040TH', (row) => String(row['notes']).toLowerCase().includes('happy 40th')],
      ['quantity[contains]=1', (row) => String(row['quantity']).includes('1')],
      ['notes[contains]=%25', () => false],
      ['notes[contains]=', () => true],
      ['quantity=1.5', () => false],
      ['quantity[lt]=1e300', () => true],
      ['customer[gt]=a', (row) => String(row['customer']) > 'a'],
      ['customer[gt]=null', () => false],
      ['customer=null', () => false],
      ['customer[ne]=null', () => true],
      ['status[in]=null&status[in]=open', (row) => row['status'] === 'open'],
    ]

    test.each(filters)('%s', async (filter, expected) => {
      const { list } = await apps.shared()
      const everything = await list('/api/orders?limit=400&sort=id')
      const found = await list(`/api/orders?limit=400&sort=id&${filter}`)
      expect(found.rows).toEqual(everything.rows.filter(expected))
      expect(found.total).toBe(found.rows.length)
    })

    test('the text null is written in quotes', async () => {
      const { list, send } = await apps.open()
      await send('PATCH', '/api/orders/B-000001', { customer: 'null' })
      await send('PATCH', '/api/orders/B-000002', { customer: '"null"' })
      expect(column((await list('/api/orders?customer=%22null%22')).rows, 'id')).toEqual(['B-000001'])
      expect(column((await list('/api/orders?customer=%22%22null%22%22')).rows, 'id')).toEqual(['B-000002'])
    })
  })

  describe('search', () => {
    test.each([
      'zoë',
      'ZOE',
      'B-0001',
      'muffin',
      'mu',
      'r',
      '🎂',
      '“happy 40th',
      'muffin zoë',
      'öz mu',
      '愛',
      'shev шев',
      '"',
      "'",
      '%',
      '*',
      'NOT',
      'AND',
    ])('%s finds the rows that have its words, without regard to case and accents', async (text) => {
      const { list } = await apps.shared()
      const everything = await list('/api/orders?limit=400&sort=id')
      const found = await list(`/api/orders?limit=400&sort=id&q=${encodeURIComponent(text)}`)
      const expected = everything.rows.filter((row) => {
        const searched = folded([row['id'], row['customer'], row['product'], row['notes']].join('\n'))
        return folded(text)
          .split(' ')
          .every((word) => searched.includes(word))
      })
      expect(found.rows).toEqual(expected)
      expect(found.total).toBe(expected.length)
    })

    test('cities are found by a name in plain letters', async () => {
      const { list } = await apps.shared()
      expect(column((await list('/api/cities?q=sao%20paulo')).rows, 'name')).toEqual(['São Paulo'])
    })

    test('a word of two characters beyond the first 65,536 is short too', async () => {
      const { list, send } = await apps.open()
      await send('PATCH', '/api/orders/B-000007', { notes: '🍰🍰🍰' })
      expect(column((await list(`/api/orders?q=${encodeURIComponent('🍰🍰')}`)).rows, 'id')).toEqual(['B-000007'])
    })

    test('a word that is said 400 times is looked for once', async () => {
      const { list } = await apps.shared()
      for (const [often, once] of [
        [Array.from({ length: 400 }, () => 'a').join(' '), 'a'],
        ['muffin zoe '.repeat(60), 'muffin zoe'],
        ['Zoë zoe ZO muff muffin', 'zoe muffin'],
      ] as const) {
        expect(await list(`/api/orders?q=${encodeURIComponent(often)}`)).toEqual(await list(`/api/orders?q=${encodeURIComponent(once)}`))
      }
    })

    test('a very long word is looked for to its end', async () => {
      const { list, send } = await apps.open()
      const word = 'donaudampfschifffahrtsgesellschaftskapitän🎂'
      await send('PATCH', '/api/orders/B-000007', { notes: `for the ${word}s` })
      await send('PATCH', '/api/orders/B-000008', { notes: word.replace('kapitän', 'kajüte') })
      for (const parameter of ['q', 'notes[contains]']) {
        expect(column((await list(`/api/orders?${parameter}=${encodeURIComponent(word)}`)).rows, 'id')).toEqual(['B-000007'])
      }
    })

    test('a part of a text may have any number of words', async () => {
      const { list, send } = await apps.open()
      const notes = Array.from({ length: 200 }, (_, index) => `w${index}`).join(' ')
      await send('PATCH', '/api/orders/B-000007', { notes: `${notes}.` })
      await send('PATCH', '/api/orders/B-000008', { notes: notes.replace('w7 ', 'w ') })
      expect(column((await list(`/api/orders?notes[contains]=${encodeURIComponent(notes)}`)).rows, 'id')).toEqual(['B-000007'])
    })

    test('an empty one finds everything', async () => {
      const { list } = await apps.shared()
      expect((await list('/api/orders?q=')).total).toBe(smallSize.orders)
    })

    test('it follows inserts, changes and deletes', async () => {
      const { list, send } = await apps.open()
      const count = async (): Promise<number> => (await list('/api/orders?q=Pumpernickel')).total
      expect(await count()).toBe(0)
      await send('POST', '/api/orders', { id: 'x', customer: 'Pia Pumpernickel', cityId: 1796236, product: 'bagel', unitPrice: 2 })
      await send('PATCH', '/api/orders/B-000007', { notes: 'not the pumpernickel!' })
      expect(await count()).toBe(2)
      await send('PATCH', '/api/orders/B-000007', { notes: '' })
      expect(await count()).toBe(1)
      await send('DELETE', '/api/orders/x')
      expect(await count()).toBe(0)
    })
  })

  describe('bad parameters are refused', () => {
    test.each([
      ['page=0', 'invalid-value', 'page'],
      ['page=-1', 'invalid-value', 'page'],
      ['page=NaN', 'invalid-value', 'page'],
      ['page=1.5', 'invalid-value', 'page'],
      ['page=1e3', 'invalid-value', 'page'],
      ['page=99999999999999999999', 'invalid-value', 'page'],
      ['page=', 'invalid-value', 'page'],
      ['page=1&page=2', 'invalid-value', 'page'],
      ['limit=0', 'invalid-value', 'limit'],
      ['limit=501', 'invalid-value', 'limit'],
      ['sort=', 'unknown-column', 'sort'],
      ['sort=colour', 'unknown-column', 'sort'],
      ['sort=-placedAt,', 'unknown-column', 'sort'],
      ['sort=--placedAt', 'unknown-column', 'sort'],
      ['sort=rowNumber', 'unknown-column', 'sort'],
      ['sort=version', 'unknown-column', 'sort'],
      ['sort=placedAt%20DESC', 'unknown-column', 'sort'],
      ['sort=(SELECT%201)', 'unknown-column', 'sort'],
      ['colour=red', 'unknown-column', 'colour'],
      ['searchText=a', 'unknown-column', 'searchText'],
      ['version=a', 'unknown-column', 'version'],
      ['__proto__=a', 'unknown-column', '__proto__'],
      ['constructor=a', 'unknown-column', 'constructor'],
      ['id)%20OR%20(1=1', 'unknown-column', 'id) OR (1'],
      ['total[like]=1', 'unknown-operator', 'total[like]'],
      ['total[]=1', 'unknown-operator', 'total[]'],
      ['total[gte=1', 'unknown-column', 'total[gte'],
      ['total[gte]=much', 'invalid-value', 'total[gte]'],
      ['total=', 'invalid-value', 'total'],
      ['status=eaten', 'invalid-value', 'status'],
      ['status[in]=open&status[in]=eaten', 'invalid-value', 'status[in]'],
      ['status=open&status=ready', 'invalid-value', 'status'],
      ['placedAt[lt]=tomorrow', 'invalid-value', 'placedAt[lt]'],
      [`q=${'long'.repeat(251)}`, 'invalid-value', 'q'],
      [`q=${Array.from({ length: 400 }, (_, index) => index.toString(36)).join('+')}`.slice(0, 1_002), 'invalid-value', 'q'],
      ['q=one+two+three+four+five+six+seven+eight+nine', 'invalid-value', 'q'],
      ['q=a%00b', 'invalid-value', 'q'],
      ['notes=a%00b', 'invalid-value', 'notes'],
      ['notes[contains]=%00', 'invalid-value', 'notes[contains]'],
      [Array.from({ length: 101 }, () => 'status[in]=open').join('&'), 'invalid-value', 'status[in]'],
    ])('%s', async (parameters, code, field) => {
      const { send } = await apps.shared()
      expect(await send('GET', `/api/orders?${parameters}`)).toEqual({
        status: 400,
        body: { error: { code, field, message: expect.any(String) } },
      })
    })

    test('more filters than 12', async () => {
      const { send, list } = await apps.shared()
      const filters = ['total', 'quantity', 'unitPrice'].flatMap((name) =>
        ['gt', 'gte', 'lt', 'ne'].map((operator) => `${name}[${operator}]=1`),
      )
      expect(await list(`/api/orders?${filters.join('&')}`)).toHaveProperty('rows')
      expect(await send('GET', `/api/orders?${filters.join('&')}&status=open`)).toEqual({
        status: 400,
        body: { error: { code: 'too-many-filters', message: 'the list has more than 12 filters' } },
      })
    })

    test('the message names what was given and what was expected', async () => {
      const { send } = await apps.shared()
      const { body } = await send('GET', '/api/orders?status=eaten')
      expect(body).toHaveProperty('error.message', 'status is "eaten"; expected one of open, baking, ready, delivered, cancelled')
    })
  })
})
