import { text } from 'node:stream/consumers';
import { administer, endAccess } from './administer.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff user add NAME --role PractitionerRole/ID [--password-stdin] | handoff user end NAME';

/**
 * Makes a personal token bound to a PractitionerRole: with it a named person acknowledges. It ends when the role does.
 * With a password on standard input, one line, the person can also sign in to SMART apps under this name. `end` ends all of it at once.
 */
export const command = {
  usage,
  what: 'make a personal token for a clinician and print it once, or end what one has',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, {
      role: { type: 'string' },
      'password-stdin': { type: 'boolean' },
    });
    const [action, name] = positionals;
    if (action === 'end' && name) {
      await endAccess('users', name);
      return 0;
    }
    const role = /^PractitionerRole\/([A-Za-z0-9\-.]{1,64})$/.exec(values.role ?? '')?.[1];
    if (action !== 'add' || !name || !role) throw new UsageError(usage, 'a name and a PractitionerRole are needed');
    const password = values['password-stdin'] ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined;
    const user = { name, practitionerRole: role, ...(password === undefined ? {} : { password }) };
    console.log(JSON.stringify(await administer('users', user)));
    return 0;
  },
};
