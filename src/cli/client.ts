import { administer, endAccess } from './administer.ts';
import { readArgs, UsageError } from './usage.ts';

const usage =
  'handoff client add NAME --scope "system/*.cruds" [--organization ID | --redirect URI… [--public] [--launch-uri URI]] | handoff client end ID';

/**
 * Makes an OAuth2 client and prints its id and secret once; the hub keeps only a hash.
 * With an organization it sees what consent lets that organization see; without one it is an operator's client and sees everything.
 * `end` ends one by its id. With a redirect URI it is a SMART app: it sees what the person who signs in sees, as far as its scopes go.
 */
export const command = {
  usage,
  what: 'make an OAuth2 client or register a SMART app, and print its secret once; or end one',
  async run(args: readonly string[]): Promise<number> {
    const { values, positionals } = readArgs(usage, args, {
      scope: { type: 'string' },
      organization: { type: 'string' },
      redirect: { type: 'string', multiple: true },
      public: { type: 'boolean' },
      'launch-uri': { type: 'string' },
    });
    const [action, name] = positionals;
    if (action === 'end' && name) {
      await endAccess('clients', name);
      return 0;
    }
    const { scope, organization, redirect, 'launch-uri': launchUri } = values;
    if (action !== 'add' || !name || !scope) throw new UsageError(usage, 'a name and a scope are needed');
    if (!redirect && (values.public || launchUri)) throw new UsageError(usage, 'an app has a redirect URI');
    if (!organization && !redirect) console.error('no --organization: this client sees the data of every organization');
    const made = await administer('clients', {
      name,
      scope,
      ...(organization ? { organization } : {}),
      ...(redirect ? { redirectUris: redirect } : {}),
      ...(values.public ? { public: true } : {}),
      ...(launchUri ? { launchUri } : {}),
    });
    console.log(JSON.stringify(made));
    return 0;
  },
};
