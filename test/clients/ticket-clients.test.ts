import { after, before, describe } from 'node:test'
import type { Site, Variables } from '../../devkit/compatibility/client.ts'
import { clientGroups } from '../../devkit/compatibility/clients.ts'
import { PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from '../impersonation/proxy-lab.ts'
import { type Surroundings, tryClients } from './try-clients.ts'

let lab: ProxyLab
before(async () => {
  lab = await startProxyLab()
})
after(() => lab.close())

/** There is no DNS for the names of the lab: each client has its own way to be told. */
async function surroundingsOf(proxy: LabProxy): Promise<Surroundings> {
  const { KRB5_CONFIG, KRB5CCNAME } = (await lab.client('alice')).env
  return {
    variables: { URL: proxy.url } as Variables,
    directory: `${lab.kdc.directory}/${new URL(proxy.url).port}`,
    files: { '.curlrc': `resolve = "${proxy.resolve}"\n`, hosts: `${proxy.address} ${PROXY_NAME}\n` },
    // Java reads no KRB5_CONFIG.
    environment: {
      ...{
        KRB5_CONFIG,
        KRB5CCNAME,
        JAVA_TOOL_OPTIONS: `-Djdk.net.hosts.file=hosts -Djava.security.krb5.conf=${KRB5_CONFIG}`,
      },
      ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.curloptResolve', GIT_CONFIG_VALUE_0: proxy.resolve },
    },
  }
}

const sites: readonly Site[] = ['kerberos', 'kerberos-first-factor']
for (const site of sites)
  describe(site, () => {
    let surroundings: Surroundings
    before(async () => {
      surroundings = await surroundingsOf(await lab.proxy({ firstFactorIsEnough: site === 'kerberos-first-factor' }))
    })

    tryClients(
      clientGroups.ticket.filter(client => client.site === site),
      () => surroundings,
    )
  })
