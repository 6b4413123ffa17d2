/** The part of autocannon that the load test uses; the package brings no types. */
declare module 'autocannon' {
  interface Options {
    url: string
    connections: number
    amount: number
    /** Seconds. */
    timeout: number
    requests: {
      method: string
      path: string
      headers: Readonly<Record<string, string>>
      body?: string
      onResponse: (status: number, body: string) => void
    }[]
  }
  export default function autocannon(options: Options): Promise<{ errors: number; non2xx: number }>
}
