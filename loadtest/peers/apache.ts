/** Apache mod_proxy without authentication, without an access log. */
import { freePort } from '../../devkit/torhaus/free-port.ts'
import type { SubjectStarter } from '../subject.ts'
import { startApache } from './apache-server.ts'

export const apache: SubjectStarter = async surroundings => {
  const port = await freePort()
  const server = await startApache({
    ...{ surroundings, name: 'apache', port },
    modules: [],
    directives: '',
    location: 'Require all granted',
  })
  return { name: 'apache', port, server }
}
