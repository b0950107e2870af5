import { describe, expect, it } from 'vitest';
import { type BodyKeys, open, seal } from '../../../src/database/envelope.ts';

const KEYS: BodyKeys = { current: 'b', keys: { a: '11'.repeat(32), b: '22'.repeat(32) } };
const BODY = Buffer.from('PID|1||100');

describe('sealed bodies', () => {
  it('open again with their key, and hold nothing readable', () => {
    const sealed = seal(BODY, KEYS);
    expect(Buffer.from(sealed.bytes).includes('PID')).toBe(false);
    expect(Buffer.from(open(sealed, KEYS))).toEqual(BODY);
  });

  it('of a retired key still open', () => {
    expect(Buffer.from(open(seal(BODY, { ...KEYS, current: 'a' }), KEYS))).toEqual(BODY);
  });

  it('are told from changed ones, and from those of a key that is gone', () => {
    const sealed = seal(BODY, KEYS);
    const changed = Buffer.from(sealed.bytes);
    changed[14]! ^= 1;
    expect(() => open({ ...sealed, bytes: changed }, KEYS)).toThrow(
      expect.objectContaining({ code: 'database.corrupt' }),
    );
    expect(() => open({ ...sealed, keyId: 'gone' }, KEYS)).toThrow(
      expect.objectContaining({ code: 'body.key-unknown' }),
    );
    expect(() => open(sealed, undefined)).toThrow(expect.objectContaining({ code: 'body.key-unknown' }));
  });

  it('without a key are plain', () => {
    expect(seal(BODY, undefined)).toEqual({ keyId: '', bytes: BODY });
  });
});
