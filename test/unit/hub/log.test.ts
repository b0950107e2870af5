import { describe, expect, it } from 'vitest';
import { makeLog } from '../../../src/hub/log.ts';

function logged(write: (log: ReturnType<typeof makeLog>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(makeLog('debug', { write: (line: string) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log (H22)', () => {
  it('keeps ids, codes, paths and milliseconds and drops every other field, at every level', () => {
    const fields = { id: '7', code: 'map.code-unmapped', location: 'PID[1]-8', ms: 3, name: 'Testwell', body: 'MSH|' };
    const lines = logged((log) => {
      log.error(fields, 'x');
      log.warn(fields, 'x');
      log.info(fields, 'x');
      log.debug(fields, 'x');
    });
    expect(lines.map(({ level }) => level)).toEqual(['error', 'warn', 'info', 'debug']);
    for (const { level: _level, time: _time, ...line } of lines)
      expect(line).toEqual({ id: '7', code: 'map.code-unmapped', location: 'PID[1]-8', ms: 3, msg: 'x' });
  });

  it('cuts what is too long to be an id, a code or a path', () => {
    const [line] = logged((log) => log.info({ reason: 'a'.repeat(5000) }, 'x'));
    expect(line?.reason).toBe('a'.repeat(200));
  });
});
