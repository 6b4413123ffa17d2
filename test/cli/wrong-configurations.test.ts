/** Each mistake of devkit/mistakes/: `torhaus check` names file, line, option and what to do. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileMistakes } from '../../devkit/mistakes/file-mistakes.ts'
import type { Mistake } from '../../devkit/mistakes/mistake.ts'
import { createPlace, type Place } from '../../devkit/mistakes/place.ts'
import { textMistakes } from '../../devkit/mistakes/text-mistakes.ts'
import { canMount } from '../../devkit/torhaus/small-disk.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'
import { command } from '../../src/cli/check-config.ts'
import { CommandError, readArguments } from '../../src/cli/command.ts'
import { exitCode } from '../../src/exit-codes.ts'
import { system } from '../../src/system.ts'

/** Lines and exit code of `torhaus check`. */
async function check({ configFile, directory }: Place, environment: object): Promise<[string[], number]> {
  const before = { ...system.environment }
  Object.assign(system.environment, environment)
  let text = ''
  try {
    const given = readArguments(command, ['--config', configFile])
    const code = await command.run(
      given,
      printed => (text += printed),
      () => Promise.reject(new Error('nobody is asked')),
    )
    return [linesOf(text, directory), code]
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error))
    return [linesOf(error.message, directory), error.code]
  } finally {
    for (const name of Object.keys(environment)) delete system.environment[name]
    Object.assign(system.environment, before)
  }
}

/** Notes, of what could be done better, aside. */
const linesOf = (text: string, directory: string) =>
  text
    .replaceAll(directory, '/etc/torhaus')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('note: '))

test('nothing is said against a configuration that is right', async () => {
  using place = createPlace()
  assert.deepEqual(await check(place, {}), [['/etc/torhaus/torhaus.yaml is valid'], exitCode.done])
})

/** Nobody's account: what it may, root is not asked for. */
const NOBODY = 65_534

/** The same by the program, run by an account that has the folder and nothing else. */
async function checkAsNobody({ configFile, directory, giveTo }: Place): Promise<[string[], number]> {
  giveTo(NOBODY)
  const options = { uid: NOBODY, gid: NOBODY }
  return new Promise(done => {
    execFile(process.execPath, [torhausCommand, 'check', '--config', configFile], options, (error, out, complaints) =>
      done([linesOf(out + complaints, directory), Number(error?.code ?? 0)]),
    )
  })
}

const told = ({ what, make, environment = {}, says, isWarning, takes }: Mistake) =>
  test(`${isWarning === true ? 'warned of' : 'refused'}: ${what}`, {
    skip: takes !== undefined && !canMount,
  }, async () => {
    using place = createPlace()
    make(place)
    const [lines, code] = await (takes === 'account' ? checkAsNobody(place) : check(place, environment))
    assert.equal(code, isWarning === true ? exitCode.done : exitCode.config, lines.join('\n'))
    const problems = lines.filter(line => !line.endsWith('is valid'))
    assert.equal(problems.length, says.length, lines.join('\n'))
    for (const [at, line] of says.entries()) {
      const beginning = line.endsWith('...') ? line.slice(0, -3) : undefined
      const isSaid = beginning === undefined ? problems[at] === line : problems[at]?.startsWith(beginning)
      assert.ok(isSaid, `${problems[at]}\nis not\n${line}`)
    }
  })

for (const mistake of [...textMistakes, ...fileMistakes]) told(mistake)
