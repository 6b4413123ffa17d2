import type { Config } from '../../config/schema.ts'

export type RuleSettings = Config['secondFactor']['rules'][number]

/**
 * Where build agents exchange a signed assertion for a token: with any collection or virtual directory in front. They show
 * nothing else. Whoever shows a password or a ticket would act as its person, wherever a path may end so: Gitea takes a
 * file for a repository at `/api/v1/repos/OWNER/NAME/contents/_apis/oauth2/token`.
 */
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
    schemes: ['none'],
    clientClasses: [],
    networks: [],
    groups: [],
  },
}
