/** How long one turn keeps the core busy, in ms. Between turns the process notices that its parent is gone. */
const turn = 20

process.on('disconnect', () => process.exit())

function work(): void {
  for (const start = performance.now(); performance.now() < start + turn;);
  setImmediate(work)
}

work()
