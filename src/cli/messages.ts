import { hubClient } from './hub-client.ts';
import { readArgs } from './usage.ts';

const usage = 'handoff messages [--state parked] [--feed ID] [--limit N] [--json]';

/** What the journal shows of one message: no content. */
interface MessageRow {
  readonly id: string;
  readonly receivedAt: string;
  readonly feed: string;
  readonly trigger: string | null;
  readonly controlId: string | null;
  readonly state: string;
  readonly reason: string | null;
}

/** Lists the journal, newest first: what came, what became of it, and why it waits. */
export const command = {
  usage,
  what: 'list the journal, as the console shows it',
  async run(args: readonly string[]): Promise<number> {
    const { values } = readArgs(usage, args, {
      state: { type: 'string' },
      feed: { type: 'string' },
      limit: { type: 'string', default: '50' },
      json: { type: 'boolean', default: false },
    });
    const query = new URLSearchParams({ limit: values.limit });
    if (values.state) query.set('state', values.state);
    if (values.feed) query.set('feed', values.feed);
    const { messages } = await hubClient().get<{ messages: readonly MessageRow[] }>(`/ops/messages?${query}`);
    for (const row of messages) {
      if (values.json) console.log(JSON.stringify(row));
      else
        console.log(
          [row.id, row.receivedAt, row.feed, row.trigger ?? '-', row.controlId ?? '-', row.state, row.reason ?? '']
            .join('  ')
            .trimEnd(),
        );
    }
    return 0;
  },
};
