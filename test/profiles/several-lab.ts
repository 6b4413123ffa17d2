import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type LabOptions, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

export type SeveralLab = SignInLab & { readonly corp: LyingOp; readonly acquired: LyingOp }

/** Two OPs at one Torhaus: accounts of `acquired` begin with `x-`. */
export async function startSeveralLab(
  change: (config: { providers: Record<string, object>; account: object }) => object = config => config,
  options: LabOptions = {},
): Promise<SeveralLab> {
  const [corp, acquired] = [await startLyingOp(), await startLyingOp()]
  const close = () => Promise.all([corp.close(), acquired.close()])
  acquired.tell(({ sign, header, claims }) => sign(header, { ...claims, preferred_username: 'x-bob', sub: 'bob' }))
  const lab = await startSignInLab({
    ...options,
    configure: config => {
      const { oidc, account, ...rest } = config
      const usual = { ...oidc, bearer: { audiences: ['devops'] } }
      const providers = {
        corp: { ...usual, issuer: corp.issuer, accounts: '[a-w].*', title: 'The company', domains: ['corp.example'] },
        acquired: { ...usual, issuer: acquired.issuer, accounts: 'x-.*' },
      }
      return { ...rest, ...change({ providers, account }) } as unknown as typeof config
    },
  }).catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    ...lab,
    ...{ corp, acquired },
    async close() {
      await lab.close()
      await close()
    },
  }
}
