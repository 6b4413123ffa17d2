/** Reading or writing a repository, as far as a request of the smart protocol shows it (gitprotocol-http). */
export type GitOperation = 'fetch' | 'push'

const SERVICE_PATH = /\/git-(upload|receive)-pack$/
const SERVICE_QUERY = /[?&]service=git-(upload|receive)-pack(?=&|$)/g

/** Undefined for what is no smart-protocol request. A request that says both counts as a push. */
export function gitOperation(path: string, target: string): GitOperation | undefined {
  const byPath = SERVICE_PATH.exec(path)
  if (byPath !== null) return byPath[1] === 'receive' ? 'push' : 'fetch'
  if (!path.endsWith('/info/refs')) return undefined
  const services = [...target.matchAll(SERVICE_QUERY)].map(match => match[1])
  if (services.length === 0) return undefined
  return services.includes('receive') ? 'push' : 'fetch'
}
