import { administer } from './administer.ts';
import { readArgs, UsageError } from './usage.ts';

const usage = 'handoff client add NAME --scope "system/*.cruds" [--organization ID]';

/**
 * Makes an OAuth2 client and prints its id and secret once; the hub keeps only a hash.
 * With an organization it sees what consent lets that organization see; without one it is an operator's client and sees everything.
 */
export const command = {
  usage,
  what: 'make an OAuth2 client and print its secret once',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, {
      scope: { type: 'string' },
      organization: { type: 'string' },
    });
    const [action, name] = positionals;
    if (action !== 'add' || !name || !values.scope) throw new UsageError(usage, 'a name and a scope are needed');
    if (!values.organization) console.error('no --organization: this client sees the data of every organization');
    const made = await administer('clients', {
      name,
      scope: values.scope,
      ...(values.organization ? { organization: values.organization } : {}),
    });
    console.log(JSON.stringify(made));
    return 0;
  },
};
