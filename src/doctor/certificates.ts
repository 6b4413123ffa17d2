import { certificateWarnings } from '../../config/certificate-warnings.ts'
import { certificateOption, ownChainOf, type TlsPairFiles } from '../../config/tls-pair.ts'
import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'

export const examineCertificates: Examination = async ({ config, now }) => [
  ...certificateWarnings(config, now()).map(({ path, what, remedy, isOver }): Finding => {
    const why = 'clients and servers that do not trust a certificate do not connect'
    return { what, why, remedy, option: path, severity: isOver ? 'error' : 'warning' }
  }),
  ...loneCertificate(config.listener.tls),
]

/** A certificate that an intermediate has signed, without that one: browsers may know it, git and .NET do not. */
function loneCertificate(files: TlsPairFiles | undefined): Finding[] {
  if (files === undefined) return []
  const option = certificateOption(files)
  const [own, ...chain] = ownChainOf(files)
  if (option === undefined || own === undefined || chain.length > 0 || own.checkIssued(own)) return []
  return [
    {
      what: `${option.file} contains only the certificate, without that of ${own.issuer.replaceAll('\n', ', ')}, which signed it`,
      why: 'if an intermediate signed it, git and build agents cannot build the chain to the root, though browsers can',
      remedy: 'append the chain after the certificate, unless a root signed it',
      option: `listener.tls.${option.name}`,
      severity: 'warning',
    },
  ]
}
