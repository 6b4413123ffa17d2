/**
 * The first thing main.ts imports. Calls into libgssapi wait on libuv's threads, a dead KDC holds some of them for 25 s, and
 * four (libuv's default) are soon taken. libuv reads the variable when the first job is queued, so it is set before anything else.
 */
import { system } from '../system.ts'

system.environment.UV_THREADPOOL_SIZE ??= '16'
