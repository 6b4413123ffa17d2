import { certificateWarnings } from '../../config/certificate-warnings.ts'
import { certificateOption, ownChainOf, type TlsPairFiles } from '../../config/tls-pair.ts'
import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'

export const examineCertificates: Examination = async ({ config, now }) => [
  ...certificateWarnings(config, now()).map(({ path, what, remedy, isOver }): Finding => {
    const why = 'who does not trust a certificate does not connect'
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
      what: `${option.file} holds the certificate alone, without that of ${own.issuer.replaceAll('\n', ', ')}, which has signed it`,
      why: 'where an intermediate has signed it, git and agents do not find the way to the root, though browsers do',
      remedy: 'append the chain, own certificate first, unless a root has signed it',
      option: `listener.tls.${option.name}`,
      severity: 'warning',
    },
  ]
}
