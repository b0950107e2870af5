import { expect, it } from 'vitest';
import { WorkQueue } from '../../../src/flow/work-queue.ts';

/** Takes all there is. */
function taken(queue: WorkQueue<string>, normalToo = true): string[] {
  const found: string[] = [];
  for (let next = queue.next(normalToo); next !== undefined; next = queue.next(normalToo)) {
    found.push(queue.shift(next)!);
  }
  return found;
}

it('safety goes first, then what a sender waits for; of each four turns one is a normal one’s', () => {
  const queue = new WorkQueue<string>();
  for (const n of [1, 2]) queue.push(`n${n}`, 'normal');
  for (const n of [1, 2, 3, 4, 5, 6, 7]) queue.push(`w${n}`, 'waited');
  queue.push('s', 'safety');
  expect(queue.size).toBe(10);
  expect(taken(queue)).toEqual(['s', 'w1', 'w2', 'w3', 'n1', 'w4', 'w5', 'w6', 'n2', 'w7']);
});

it('normal ones stay where they may not go now', () => {
  const queue = new WorkQueue<string>();
  for (const name of ['w1', 'w2', 'w3', 'w4', 'w5']) queue.push(name, 'waited');
  queue.push('n', 'normal');
  expect(taken(queue, false)).toEqual(['w1', 'w2', 'w3', 'w4', 'w5']);
  expect(queue.sizeOf('normal')).toBe(1);
  expect(taken(queue)).toEqual(['n']);
});

it('keeps the order of thousands', () => {
  const queue = new WorkQueue<string>();
  const all = Array.from({ length: 5000 }, (_, n) => `n${n}`);
  for (const each of all) queue.push(each, 'normal');
  expect(taken(queue)).toEqual(all);
});
