/**
 * What signals do to a service before it listens to them itself. Told to stop while it is loaded, it has nothing to undo, and
 * ends as after any stop; told to reload, it has yet to load. SIGUSR1 is nothing to Torhaus, and would open a debugger otherwise.
 */
const isWindows = process.platform === 'win32'
// There, the last two are Ctrl-Break and a console that is closed.
for (const signal of ['SIGTERM', 'SIGINT', ...(isWindows ? ['SIGBREAK', 'SIGHUP'] : [])])
  process.on(signal, () => {
    // Never taken away: what had come by then would be lost.
    if (process.listenerCount(signal) === 1) process.exit(0)
  })
for (const signal of [...(isWindows ? [] : ['SIGHUP']), 'SIGUSR1']) process.on(signal, () => undefined)
