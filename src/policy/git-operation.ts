/** Reading or writing a repository, as far as a request of the smart protocol shows it (gitprotocol-http). */
export type GitOperation = 'fetch' | 'push'

const SERVICE_PATH = /\/git-(upload|receive)-pack$/i
const SERVICE_QUERY = /[?&]service=git-(upload|receive)-pack(?=&|$)/gi

/** Undefined for what is no smart-protocol request. A request that says both counts as a push. */
export function gitOperation(path: string, target: string): GitOperation | undefined {
  const byPath = SERVICE_PATH.exec(path)
  if (byPath !== null) return byPath[1]?.toLowerCase() === 'receive' ? 'push' : 'fetch'
  if (!path.toLowerCase().endsWith('/info/refs')) return undefined
  const services = [...target.matchAll(SERVICE_QUERY)].map(match => match[1]?.toLowerCase())
  if (services.length === 0) return undefined
  return services.includes('receive') ? 'push' : 'fetch'
}
