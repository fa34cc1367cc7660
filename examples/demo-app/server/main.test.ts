import { describe, expect, test } from 'vitest'
import { readSettings } from './main.ts'

describe('readSettings', () => {
  test.each([
    [[], {}, { port: undefined, latency: 0, allowedHosts: [], databaseUrl: undefined }],
    [['--port', '5000'], {}, { port: 5000, latency: 0, allowedHosts: [], databaseUrl: undefined }],
    [[], { PORT: '5001' }, { port: 5001, latency: 0, allowedHosts: [], databaseUrl: undefined }],
    [['--port=5000', '--latency=300'], { PORT: '5001' }, { port: 5000, latency: 300, allowedHosts: [], databaseUrl: undefined }],
    [
      ['--allowed-host', 'Demo.example.com', '--allowed-host=[::2]'],
      {},
      { port: undefined, latency: 0, allowedHosts: ['demo.example.com', '[::2]'], databaseUrl: undefined },
    ],
    [[], { DATABASE_URL: '' }, { port: undefined, latency: 0, allowedHosts: [], databaseUrl: undefined }],
    [
      [],
      { DATABASE_URL: 'postgres://me@host/db' },
      { port: undefined, latency: 0, allowedHosts: [], databaseUrl: 'postgres://me@host/db' },
    ],
  ])('%j with %j in the environment', (args, environment, settings) => {
    expect(readSettings(args, environment)).toEqual(settings)
  })

  test.each([
    [['--port', 'http'], 'port is "http"; expected a whole number from 0 to 65535'],
    [['--port', '65536'], 'port is "65536"'],
    [['--latency', '1.5'], 'latency is "1.5"'],
    [['--allowed-host', 'https://demo.example.com'], 'allowed-host is "https://demo.example.com"; expected a name without a port'],
    [['--allowed-host', 'demo.example.com:80'], 'allowed-host is "demo.example.com:80"'],
    [['--allowed-host', ''], 'allowed-host is ""'],
    [['--speed', '9'], "Unknown option '--speed'"],
    [['5000'], 'Unexpected argument'],
  ])('%j is refused', (args, message) => {
    expect(() => readSettings(args, {})).toThrow(message)
  })

  test.each(['mysql://localhost/demo', 'localhost', 'postgres:/demo'])('the DATABASE_URL %j is refused', (url) => {
    expect(() => readSettings([], { DATABASE_URL: url })).toThrow('DATABASE_URL is no URL of a PostgreSQL database')
  })
})
