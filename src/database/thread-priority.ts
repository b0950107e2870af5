import { existsSync, readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';

const SELF = '/proc/thread-self';
const LOW = 5;

/**
 * Lets the threads that answer sockets and store messages go before this one where there are fewer processors than threads with work.
 * On Linux a thread has a priority of its own; elsewhere this changes nothing.
 */
export function lowerThreadPriority(): void {
  if (existsSync(SELF)) setPriority(Number(basename(readlinkSync(SELF))), LOW);
}
