import type { WriteWatch } from '../database/write-watch.ts';
import { failureOf } from '../model/failure.ts';
import type { NotReady } from '../model/readiness.ts';

export type Watches = Readonly<Partial<Record<NotReady['component'], WriteWatch>>>;

/**
 * What `/readyz` asks: whether what came to the databases was written and can be read, and whether feeds refuse for want of room.
 * `refusal`: the code with which every feed refuses. `read`: any read of the store.
 */
export function readiness(
  watches: Watches,
  refusal: () => string | undefined,
  read: () => Promise<unknown>,
): () => Promise<readonly NotReady[]> {
  const names = Object.keys(watches) as NotReady['component'][];
  const [first = 'database', last = first] = [names[0], names.at(-1)];
  return async () => {
    const faults = await Promise.all(
      names.map(async (component): Promise<NotReady[]> => {
        const fault = await watches[component]?.fault();
        return fault ? [notReady(component, fault.code, fault.since)] : [];
      }),
    );
    const found = faults.flat();
    const has = (component: NotReady['component']): boolean => found.some((each) => each.component === component);
    const refused = refusal();
    if (refused !== undefined && !has(first)) found.push(notReady(first, refused));
    // One that cannot be written is not asked: its answer may take as long as the engine waits.
    if (!has(last) && !(await succeeds(read))) found.push(notReady(last, 'database.unavailable'));
    return found;
  };
}

const notReady = (component: NotReady['component'], code: string, since?: number): NotReady => ({
  component,
  code,
  text: failureOf(code).text,
  ...(since === undefined ? {} : { since }),
});

const succeeds = (read: () => Promise<unknown>): Promise<boolean> =>
  read().then(
    () => true,
    () => false,
  );
