import type { Config } from '../../config/schema.ts'

export type RuleSettings = Config['secondFactor']['rules'][number]

/** Where build agents exchange a signed assertion for a token: with any collection or virtual directory in front. */
export const AGENT_TOKEN_RULE: RuleSettings = {
  name: 'agent-token-exchange',
  reason: 'the server checks the assertion',
  require: 'nothing',
  reportOnly: false,
  allowIdentityChange: false,
  allowLastingRights: false,
  when: {
    path: '(?:/[^/]+)*/_apis/oauth2/token',
    methods: ['POST'],
    schemes: [],
    clientClasses: [],
    networks: [],
    groups: [],
  },
}
