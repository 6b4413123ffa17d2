/** The part of the certified `oidc-provider` library that the tests use; the package ships no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

  export type AdapterPayload = {
    uid?: string
    userCode?: string
    grantId?: string
    consumed?: number
  }

  export type Adapter = {
    upsert(id: string, payload: AdapterPayload, expiresInS?: number): Promise<void>
    find(id: string): Promise<AdapterPayload | undefined>
    findByUid(uid: string): Promise<AdapterPayload | undefined>
    findByUserCode(userCode: string): Promise<AdapterPayload | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  export type Grant = {
    addOIDCScope(scope: string): void
    addOIDCClaims(claims: readonly string[]): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  /** How the End-User authenticated, as remembered by whatever a token is issued from. */
  export type Authentication = { acr?: string; amr?: string[]; authTime?: number }

  export type Context = {
    body: unknown
    type: string
    oidc: {
      acr: string | undefined
      params: Record<string, unknown> | undefined
      provider: Provider
      client: { clientId: string; clientName?: string }
      account: { accountId: string }
      session: { accountId?: string; grantIdFor(clientId: string): string | undefined }
      result?: { login?: unknown }
      requestParamClaims: Set<string>
      resourceServers: Record<string, unknown>
      entities: { AuthorizationCode?: Authentication; RefreshToken?: Authentication; DeviceCode?: Authentication }
    }
  }

  export type Interaction = {
    uid: string
    prompt: { name: string }
    params: Record<string, unknown>
  }

  export type InteractionResult =
    | { login: { accountId: string; acr: string; amr: readonly string[]; ts: number } }
    | { consent: Record<string, never> }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    callback(): RequestListener
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: InteractionResult,
      options: { mergeWithLastSubmission: boolean },
    ): Promise<void>
    on(event: 'server_error', listener: (context: Context, error: Error) => void): this
    readonly Grant: {
      new (owner: { accountId: string; clientId: string }): Grant
      find(id: string): Promise<Grant | undefined>
    }
  }

  export const interactionPolicy: {
    Check: {
      new (reason: string, description: string, error: string, check: (context: Context) => boolean): object
      readonly REQUEST_PROMPT: boolean
      readonly NO_NEED_TO_PROMPT: boolean
    }
    base(): { get(prompt: 'login' | 'consent'): { checks: { add(check: object): void } } }
  }
}
