/** Where a KDC listens. */
export interface KdcAddress {
  readonly host: string
  readonly port: number
}

/** RFC 4120 7.2.1. */
const KDC_PORT = 88

/** `host`, `host:port`, `[address]` or `[address]:port`; undefined where it is none of these. */
export function parseKdc(text: string): KdcAddress | undefined {
  const parts = /^(?:\[(?<address>[0-9A-Fa-f:.]+)\]|(?<host>[A-Za-z0-9._-]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups
  const host = parts?.address ?? parts?.host
  const port = parts?.port === undefined ? KDC_PORT : Number(parts.port)
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port }
}
