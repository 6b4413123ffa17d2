import { Pool } from 'undici'

interface PoolOrder {
  readonly port: number
  readonly connections: number
  /** Over TLS, with a certificate that this one has signed: any other is refused. */
  readonly ca?: string | undefined
}

/** Connections of a generator, each with one request at a time. */
export const poolOf = ({ port, connections, ca }: PoolOrder) =>
  new Pool(`${ca === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, {
    ...{ connections, pipelining: 1 },
    ...(ca !== undefined && { connect: { ca } }),
  })
