/** PROXY protocol headers as a balancer writes them, right or wrong (HAProxy's proxy-protocol.txt). */

export const v1 = (source: string, family: 'TCP4' | 'TCP6' = 'TCP4') =>
  Buffer.from(`PROXY ${family} ${source} ${family === 'TCP4' ? '192.0.2.1' : '2001:db8::1'} 4711 443\r\n`)

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n')

/**
 * Any version 2 header: version and command, family and transport, and what follows, with its true length by default.
 */
export function v2Bytes(command: number, protocol: number, block: Buffer, length = block.length): Buffer {
  const fixed = Buffer.from([command, protocol, length >> 8, length & 255])
  return Buffer.concat([SIGNATURE, fixed, block])
}

export const v2 = (source: string, tlvs = Buffer.alloc(0)) =>
  v2Bytes(0x21, 0x11, Buffer.concat([ipv4(source), ipv4('192.0.2.1'), Buffer.from([0x12, 0x67, 1, 187]), tlvs]))

export const v2Local = v2Bytes(0x20, 0, Buffer.alloc(0))

const ipv4 = (address: string) => Buffer.from(address.split('.').map(Number))
