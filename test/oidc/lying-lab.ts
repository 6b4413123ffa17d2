import { after, afterEach } from 'node:test'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type LabOptions, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

interface LyingLab {
  readonly op: LyingOp
  /** A Torhaus before that OP, until the test is over. */
  start(configure?: LabOptions['configure']): Promise<SignInLab>
}

/** One OP for all tests of a file; it tells the truth again after each of them, as `alsoReset` says, too. */
export async function lyingLab(alsoReset: (op: LyingOp) => void = () => undefined): Promise<LyingLab> {
  const op = await startLyingOp()
  const labs: SignInLab[] = []
  afterEach(async () => {
    for (const lab of labs.splice(0)) await lab.close()
    op.tell()
    alsoReset(op)
  })
  after(() => op.close())
  return {
    op,
    async start(configure) {
      const lab = await startSignInLab({ issuer: op.issuer, ...(configure && { configure }) })
      labs.push(lab)
      return lab
    },
  }
}
