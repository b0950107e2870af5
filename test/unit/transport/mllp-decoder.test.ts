import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameDecoder, type FrameEvent } from '../../../src/transport/mllp-decoder.ts';
import { frame } from '../../../src/transport/mllp-frame.ts';

const MESSAGE = 'MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|T|2.5.1\rPID|1\r';
const VT = '\x0b';
const END = '\x1c\r';

function shown(event: FrameEvent): string {
  if (event.kind === 'frame') return `frame:${Buffer.from(event.bytes).toString('latin1')}`;
  if (event.kind === 'broken') return `${event.why}:${event.bytesCount}:${Buffer.from(event.head).toString('latin1')}`;
  return `${event.kind}:${event.bytesCount}`;
}

function decode(
  stream: string | Buffer,
  { splits = [], frameMaxBytes = 1000 }: { splits?: number[]; frameMaxBytes?: number } = {},
) {
  const bytes = typeof stream === 'string' ? Buffer.from(stream, 'latin1') : stream;
  const decoder = new FrameDecoder({ frameMaxBytes });
  const cuts = [0, ...splits.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  // Each piece in memory of its own, overwritten afterwards: what was handed out may only be a view of an unsplit piece.
  const events = cuts.slice(1).flatMap((until, index) => decoder.feed(Buffer.from(bytes.subarray(cuts[index], until))));
  return [...events, ...decoder.end()].map(shown);
}

describe('what a stream of bytes means', () => {
  const rules: [string, string, string[]][] = [
    ['one frame', `${VT}${MESSAGE}${END}`, [`frame:${MESSAGE}`]],
    ['two frames in one write', `${VT}MSH1${END}${VT}MSH2${END}`, ['frame:MSH1', 'frame:MSH2']],
    [
      'three frames in one write',
      `${VT}MSH1${END}${VT}MSH2${END}${VT}MSH3${END}`,
      ['frame:MSH1', 'frame:MSH2', 'frame:MSH3'],
    ],
    [
      'CR and LF between frames are tolerated in silence',
      `\r\n${VT}MSH1${END}\n\r\n${VT}MSH2${END}\r\n`,
      ['frame:MSH1', 'frame:MSH2'],
    ],
    [
      'other bytes before VT are junk, counted, and the frame is read',
      `hello\r\n${VT}MSH1${END}`,
      ['junk:5', 'frame:MSH1'],
    ],
    ['junk after the last frame is reported at the end of the stream', `${VT}MSH1${END}tail`, ['frame:MSH1', 'junk:4']],
    ['FS without CR before a frame ends the frame', `${VT}MSH1\x1c${VT}MSH2${END}`, ['frame:MSH1', 'frame:MSH2']],
    ['FS LF ends the frame', `${VT}MSH1\x1c\n${VT}MSH2${END}`, ['frame:MSH1', 'frame:MSH2']],
    ['FS at the end of the stream ends the frame', `${VT}MSH1\x1c`, ['frame:MSH1']],
    [
      'FS before any other byte is content, so that no part passes as the whole',
      `${VT}MSH1\x1cmore${END}`,
      ['frame:MSH1\x1cmore'],
    ],
    ['FS FS CR: the first is content', `${VT}MSH1\x1c${END}`, ['frame:MSH1\x1c']],
    [
      'a frame begun inside an unfinished one breaks it and is read itself',
      `${VT}MSH1${VT}MSH2${END}`,
      ['restarted:4:MSH1', 'frame:MSH2'],
    ],
    [
      'a batch header begins a frame inside an unfinished one too',
      `${VT}MSH1${VT}FHS2${END}`,
      ['restarted:4:MSH1', 'frame:FHS2'],
    ],
    [
      'a vertical tab in a note is content',
      `${VT}MSH1${VT}line${VT}Mine${VT}MSx${END}`,
      [`frame:MSH1${VT}line${VT}Mine${VT}MSx`],
    ],
    [
      'an empty frame inside an unfinished one does not complete it',
      `${VT}MSH1${VT}${END}`,
      ['restarted:4:MSH1', 'empty:0:'],
    ],
    ['VT after VT is junk', `${VT}${VT}MSH1${END}`, ['junk:1', 'frame:MSH1']],
    ['an empty frame is no message', `${VT}${END}${VT}MSH1${END}`, ['empty:0:', 'frame:MSH1']],
    ['the end of the stream ends no frame', `${VT}MSH1`, ['truncated:4:MSH1']],
    ['the end of the stream after a VT in a frame ends no frame', `${VT}MSH1${VT}M`, [`truncated:6:MSH1${VT}M`]],
    ['a lone VT is a truncated frame', VT, ['truncated:0:']],
    ['LF as segment separator is content', `${VT}MSH|\nPID|\n${END}`, ['frame:MSH|\nPID|\n']],
    ['a frame of garbage is still a frame', `${VT}\x00\xff\x01${END}`, ['frame:\x00\xff\x01']],
    ['nothing is nothing', '', []],
  ];
  test.each(rules)('%s', (_, stream, events) => {
    expect(decode(stream)).toEqual(events);
    const everyByte = Array.from({ length: stream.length }, (_, at) => at);
    expect(decode(stream, { splits: everyByte })).toEqual(events);
  });
});

describe('the frame limit', () => {
  test('a frame of exactly the limit is read', () => {
    expect(decode(`${VT}MSHx${END}`, { frameMaxBytes: 4 })).toEqual(['frame:MSHx']);
  });

  test('an oversized frame is declared once, thrown away up to its end, and the next frame is read', () => {
    expect(decode(`${VT}MSHxyz${END}${VT}MSH2${END}`, { frameMaxBytes: 4 })).toEqual([
      'oversize:5:MSHxy',
      'discarded:6',
      'frame:MSH2',
    ]);
  });

  test('it is declared as soon as the limit is passed, before the frame ends', () => {
    const decoder = new FrameDecoder({ frameMaxBytes: 4 });
    expect(decoder.feed(Buffer.from(`${VT}MSHxy`)).map(shown)).toEqual(['oversize:5:MSHxy']);
    expect(decoder.unfinished).toBe(true);
  });

  test('a frame begun inside the thrown away part is read', () => {
    expect(decode(`${VT}MSHxyz${VT}MSH2${END}`, { frameMaxBytes: 4 })).toEqual([
      'oversize:5:MSHxy',
      'discarded:6',
      'frame:MSH2',
    ]);
  });

  test('bytes thrown away do not stay in memory', () => {
    const decoder = new FrameDecoder({ frameMaxBytes: 1000 });
    decoder.feed(Buffer.from(VT));
    const before = process.memoryUsage().arrayBuffers;
    const chunk = Buffer.alloc(65_536, 0x41);
    for (let i = 0; i < 1000; i += 1) decoder.feed(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000);
    expect(decoder.end().map(shown)).toEqual(['discarded:65536000']);
  });
});

describe('a sender that leaves out the CR and waits', () => {
  test('settle ends the frame, and a CR that comes later is tolerated', () => {
    const decoder = new FrameDecoder({ frameMaxBytes: 100 });
    expect(decoder.feed(Buffer.from(`${VT}MSH1\x1c`))).toEqual([]);
    expect(decoder.awaitingTail).toBe(true);
    expect(decoder.settle().map(shown)).toEqual(['frame:MSH1']);
    expect(decoder.feed(Buffer.from(`\r${VT}MSH2${END}`)).map(shown)).toEqual(['frame:MSH2']);
  });

  test('settle without an FS does nothing', () => {
    const decoder = new FrameDecoder({ frameMaxBytes: 100 });
    decoder.feed(Buffer.from(`${VT}MSH1`));
    expect(decoder.settle()).toEqual([]);
    expect(decoder.feed(Buffer.from(`2${END}`)).map(shown)).toEqual(['frame:MSH12']);
  });
});

test('a stream of junk without a frame is reported while it runs', () => {
  const decoder = new FrameDecoder({ frameMaxBytes: 100 });
  expect(decoder.feed(Buffer.alloc(150_000, 0x41)).map(shown)).toEqual(['junk:65536', 'junk:65536']);
  expect(decoder.end().map(shown)).toEqual(['junk:18928']);
});

test('a frame within one chunk is a view of it', () => {
  const chunk = Buffer.from(`${VT}MSH1${END}`);
  const [event] = new FrameDecoder({ frameMaxBytes: 100 }).feed(chunk);
  expect(event?.kind === 'frame' && event.bytes.buffer === chunk.buffer).toBe(true);
});

test('a frame over many chunks does not change when the chunks are overwritten', () => {
  const decoder = new FrameDecoder({ frameMaxBytes: 100 });
  const first = Buffer.from(`${VT}MSH`);
  decoder.feed(first);
  first.fill(0);
  const [event] = decoder.feed(Buffer.from(`1${END}`));
  expect(event && shown(event)).toBe('frame:MSH1');
});

test.each([
  ['8 MB in 64 KB chunks', 8_000_000, 65_536],
  ['1 MB in single bytes', 1_000_000, 1],
])('a frame of %s comes out whole', (_, size, chunkBytes) => {
  const content = Buffer.alloc(size, 'MSH|abcdefghijklmnopqrstuvwxyz');
  const bytes = frame(content)!;
  const decoder = new FrameDecoder({ frameMaxBytes: size });
  const events: FrameEvent[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    events.push(...decoder.feed(bytes.subarray(at, at + chunkBytes)));
  expect(events).toHaveLength(1);
  expect(events[0]?.kind === 'frame' && content.equals(events[0].bytes)).toBe(true);
});

const piece = fc.oneof(
  fc.constantFrom(
    VT,
    '\x1c',
    '\r',
    '\n',
    END,
    'MSH',
    'FHS',
    'BHS',
    'M',
    'MS',
    'PID|',
    `${VT}MSH|1${END}`,
    `${VT}MSH|${'x'.repeat(30)}`,
  ),
  fc.string({ unit: 'binary', maxLength: 6 }).map((text) => Buffer.from(text).toString('latin1')),
);
const stream = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

test('any split of any stream gives the same events', () => {
  fc.assert(
    fc.property(
      stream,
      fc.array(fc.nat(), { maxLength: 30 }),
      fc.constantFrom(3, 8, 20, 1000),
      (text, splits, frameMaxBytes) => {
        const everyByte = Array.from({ length: text.length }, (_, at) => at);
        const whole = decode(text, { frameMaxBytes });
        expect(decode(text, { splits, frameMaxBytes })).toEqual(whole);
        expect(decode(text, { splits: everyByte, frameMaxBytes })).toEqual(whole);
      },
    ),
    { numRuns: 5000 },
  );
});

test('no byte vanishes: content, junk, marks and tolerated line ends add up to the stream', () => {
  const content = (event: FrameEvent): number => {
    if (event.kind === 'frame') return event.bytes.length;
    return event.kind === 'broken' && event.why === 'oversize' ? 0 : event.bytesCount;
  };
  fc.assert(
    fc.property(stream, fc.constantFrom(8, 1000), (text, frameMaxBytes) => {
      const bytes = Buffer.from(text, 'latin1');
      const decoder = new FrameDecoder({ frameMaxBytes });
      const accounted = [...decoder.feed(bytes), ...decoder.end()].reduce((sum, event) => sum + content(event), 0);
      const marksAndLineEnds = bytes.filter((byte) => [0x0b, 0x1c, 0x0d, 0x0a].includes(byte)).length;
      expect(accounted).toBeLessThanOrEqual(bytes.length);
      expect(accounted + marksAndLineEnds).toBeGreaterThanOrEqual(bytes.length);
    }),
  );
});

test('well-formed frames come back as they were sent, whatever is between them', () => {
  const text = fc.uint8Array({ minLength: 1, maxLength: 50 }).filter((bytes) => frame(bytes) !== undefined);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('', '\r\n', '\n'), text)), fc.array(fc.nat()), (parts, splits) => {
      const bytes = Buffer.concat(parts.flatMap(([between, content]) => [Buffer.from(between), frame(content)!]));
      expect(decode(bytes, { splits })).toEqual(parts.map(([, content]) => shown({ kind: 'frame', bytes: content })));
    }),
  );
});

test('content that holds VT or FS cannot be framed', () => {
  expect(frame(Buffer.from('MSH|\x0b'))).toBeUndefined();
  expect(frame(Buffer.from('MSH|\x1c'))).toBeUndefined();
  expect(frame(Buffer.from('MSH|'))?.toString('latin1')).toBe(`${VT}MSH|${END}`);
});
