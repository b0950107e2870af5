import { expect, it } from 'vitest';
import { EVERYTHING } from '../../../src/model/visibility.ts';
import type { ReadArgs } from '../../../src/server/commands.ts';
import { ReadTogether } from '../../../src/server/read-together.ts';

/** Knows every resource; one that is called `broken` fails the command that asks for it. */
function database() {
  const asked: string[][] = [];
  return {
    asked,
    read: async <R>(_: string, args: unknown): Promise<R> => {
      const ids = (args as ReadArgs).keys.map(({ id }) => id);
      asked.push(ids);
      if (ids.includes('broken')) throw new Error('broken');
      return ids.map((id) => (id === 'absent' ? undefined : { id })) as R;
    },
  };
}

it('what is asked for in one turn is one command, and each gets its own', async () => {
  const db = database();
  const together = new ReadTogether(db);
  const ids = ['a', 'absent', 'b'];
  const found = await Promise.all(ids.map((id) => together.read('Task', id, EVERYTHING)));
  expect(found.map((each) => each?.id)).toEqual(['a', undefined, 'b']);
  await together.read('Task', 'c', EVERYTHING);
  expect(db.asked).toEqual([ids, ['c']]);
});

it('readers that may see other things are asked apart', async () => {
  const db = database();
  const together = new ReadTogether(db);
  const patient = { kind: 'patient', patient: 'p', types: [] } as const;
  await Promise.all([together.read('Task', 'a', EVERYTHING), together.read('Task', 'a', patient)]);
  expect(db.asked).toEqual([['a'], ['a']]);
});

it('one that fails keeps no other from its answer', async () => {
  const together = new ReadTogether(database());
  const [a, broken, b] = await Promise.allSettled(
    ['a', 'broken', 'b'].map((id) => together.read('Task', id, EVERYTHING)),
  );
  expect([a?.status, broken?.status, b?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
