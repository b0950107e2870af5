import { text } from 'node:stream/consumers';
import { administer, endAccess } from './administer.ts';
import { readArgs, UsageError } from './usage.ts';

const usage =
  'handoff user add NAME (--role PractitionerRole/ID | --patient Patient/ID) [--password-stdin] | handoff user end NAME';

/**
 * Makes a personal token bound to a PractitionerRole: with it a named person acknowledges. It ends when the role does.
 * With a password on standard input, one line, the person can also sign in to SMART apps under this name; a patient can only that, and
 * sees his own record. `end` ends all of it at once.
 */
export const command = {
  usage,
  what: 'make a personal token for a clinician, or a login for a patient, or end what one has',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, {
      role: { type: 'string' },
      patient: { type: 'string' },
      'password-stdin': { type: 'boolean' },
    });
    const [action, name] = positionals;
    if (action === 'end' && name) {
      await endAccess('users', name);
      return 0;
    }
    const role = /^PractitionerRole\/([A-Za-z0-9\-.]{1,64})$/.exec(values.role ?? '')?.[1];
    const patient = /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(values.patient ?? '')?.[1];
    if (action !== 'add' || !name || (role === undefined) === (patient === undefined))
      throw new UsageError(usage, 'a name and either a PractitionerRole or a Patient are needed');
    if (patient !== undefined && !values['password-stdin'])
      throw new UsageError(usage, 'a patient signs in with a password: --password-stdin');
    const password = values['password-stdin'] ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined;
    if (patient !== undefined) {
      console.log(JSON.stringify(await administer('patients', { name, patient, password })));
      return 0;
    }
    const user = { name, practitionerRole: role, ...(password === undefined ? {} : { password }) };
    console.log(JSON.stringify(await administer('users', user)));
    return 0;
  },
};
