/** Two certificates for a Torhaus that changes from one to the other, and which one its workers serve. */
import { once } from 'node:events'
import { after } from 'node:test'
import { connect } from 'node:tls'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'

/** Two idle workers share these between them. */
export const LOOKS = 40

/** They are removed after the tests of the file. */
export async function twoCertificates(): Promise<readonly [Certificate, Certificate]> {
  const first = await createCertificate('IP:127.0.0.1')
  after(() => first.remove())
  const second = await createCertificate('IP:127.0.0.1')
  after(() => second.remove())
  return [first, second]
}

/** In PEM, of one more connection. */
export async function served(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerX509Certificate()?.toString().trim() ?? ''
  socket.destroy()
  return certificate
}
