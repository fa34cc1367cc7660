import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { cleanup, render } from '@testing-library/react'
import { useState, version, type ReactElement } from 'react'
import { version as domVersion } from 'react-dom'
import { afterEach, expect, test } from 'vitest'

/** The major version of React that vitest.config.ts promises these tests. */
declare const REACT_MAJOR: number

afterEach(cleanup)

test('these tests run on the React that their project names', () => {
  expect(version).toMatch(new RegExp(String.raw`^${REACT_MAJOR}\.`))
  expect(domVersion).toBe(version)
})

test('React 18 comes with the lowest TanStack Query that is supported, which has no client.query() yet', () => {
  expect('query' in QueryClient.prototype).toBe(REACT_MAJOR > 18)
})

test('the tests, TanStack Query and Testing Library share one React', async () => {
  // Hooks of a second React would throw: it knows nothing of the component that the first one renders.
  function Greeting(): ReactElement {
    const [name] = useState('Brezel')
    const { data } = useQuery({ queryKey: ['greeting'], queryFn: () => Promise.resolve('Guten Morgen') })
    return (
      <p>
        {data}, {name}
      </p>
    )
  }
  const { findByText } = render(
    <QueryClientProvider client={new QueryClient()}>
      <Greeting />
    </QueryClientProvider>,
  )
  expect((await findByText('Guten Morgen, Brezel')).tagName).toBe('P')
})
