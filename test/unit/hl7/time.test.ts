import { describe, expect, it } from 'vitest';
import {
  fhirDate,
  fhirTime,
  formatInstant,
  parseTime,
  resolveTime,
  senderTime,
  v2Time,
} from '../../../src/hl7/time.ts';
import { isZone, localToInstant, offsetAt } from '../../../src/hl7/zone.ts';

function shown(text: string, zone: string | undefined, msh7?: string): (string | undefined)[] {
  const { fhir, instant, issue } = resolveTime(text, senderTime(zone, msh7));
  return [fhir, instant, issue];
}

describe('reading a v2 time', () => {
  it.each([
    ['2026', 'year'],
    ['202603', 'month'],
    ['20260308', 'day'],
    ['2026030802', 'hour'],
    ['202603080230', 'minute'],
    ['20260308023015', 'second'],
    ['20260308023015.1', 'fraction'],
    ['20260308023015.123456789', 'fraction'],
    ['20260308023015.1234-0500', 'fraction'],
  ])('%s is exact to the %s', (text, precision) => {
    expect(parseTime(text)?.precision).toBe(precision);
  });

  it.each([
    '',
    'x',
    '202',
    '20261301',
    '20260230',
    '20250229',
    '2026030824',
    '202603080260',
    '20260308023060',
    '00000101',
    '20260308-5',
    '20260308+1500',
    '2026-03-08',
    '20260308T02',
    '20260308023015.',
    '20260308023015Z',
  ])('%j is not a time', (text) => {
    expect(parseTime(text)).toBeUndefined();
    expect(resolveTime(text, senderTime('America/New_York', undefined))).toEqual({
      original: text,
      precision: undefined,
      fhir: undefined,
      instant: undefined,
      issue: 'invalid',
    });
  });

  it('keeps the original text', () => {
    expect(resolveTime('202603', senderTime(undefined, undefined)).original).toBe('202603');
  });
});

describe('a date', () => {
  it.each([
    ['1980', '1980'],
    ['198001', '1980-01'],
    ['19800101', '1980-01-01'],
    ['19800101+0500', '1980-01-01'],
  ])('%s stays %s, in no zone and with no instant', (text, fhir) => {
    for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago', undefined])
      expect(shown(text, zone)).toEqual([fhir, undefined, undefined]);
  });

  it('is what is left of a time of birth; nothing is converted', () => {
    expect(fhirDate('19800101233000-0800')).toBe('1980-01-01');
    expect(fhirDate('1980')).toBe('1980');
    expect(fhirDate('19800230')).toBeUndefined();
  });
});

// Rule: H8. Spring forward 2026-03-08 and fall back 2026-11-01, 02:00 local in each US zone that changes.
describe('the nights on which clocks change', () => {
  it.each([
    ['America/New_York', '20260308015959', '2026-03-08T01:59:59-05:00', '2026-03-08T06:59:59.000Z', undefined],
    ['America/New_York', '20260308020000', '2026-03-08T03:00:00-04:00', '2026-03-08T07:00:00.000Z', 'gap'],
    ['America/New_York', '20260308023000', '2026-03-08T03:30:00-04:00', '2026-03-08T07:30:00.000Z', 'gap'],
    ['America/New_York', '20260308030000', '2026-03-08T03:00:00-04:00', '2026-03-08T07:00:00.000Z', undefined],
    ['America/New_York', '20261101005959', '2026-11-01T00:59:59-04:00', '2026-11-01T04:59:59.000Z', undefined],
    ['America/New_York', '20261101013000', '2026-11-01T01:30:00-04:00', '2026-11-01T05:30:00.000Z', 'overlap'],
    ['America/New_York', '20261101020000', '2026-11-01T02:00:00-05:00', '2026-11-01T07:00:00.000Z', undefined],
    ['America/Chicago', '20260308023000', '2026-03-08T03:30:00-05:00', '2026-03-08T08:30:00.000Z', 'gap'],
    ['America/Chicago', '20261101013000', '2026-11-01T01:30:00-05:00', '2026-11-01T06:30:00.000Z', 'overlap'],
    ['America/Phoenix', '20260308023000', '2026-03-08T02:30:00-07:00', '2026-03-08T09:30:00.000Z', undefined],
    ['America/Phoenix', '20261101013000', '2026-11-01T01:30:00-07:00', '2026-11-01T08:30:00.000Z', undefined],
    ['Australia/Lord_Howe', '20261004021500', '2026-10-04T02:45:00+11:00', '2026-10-03T15:45:00.000Z', 'gap'],
  ])('%s %s is %s', (zone, text, fhir, instant, issue) => {
    expect(shown(text, zone)).toEqual([fhir, instant, issue]);
  });

  it('an offset in the text settles a repeated hour', () => {
    expect(shown('20261101013000-0500', 'America/New_York')).toEqual([
      '2026-11-01T01:30:00-05:00',
      '2026-11-01T06:30:00.000Z',
      undefined,
    ]);
  });

  it('is right around the turn of a year and far away', () => {
    expect(shown('20251231233000', 'America/New_York')[1]).toBe('2026-01-01T04:30:00.000Z');
    expect(shown('20260101003000', 'Asia/Tokyo')[1]).toBe('2025-12-31T15:30:00.000Z');
    expect(shown('20990704120000', 'America/New_York')[1]).toBe('2099-07-04T16:00:00.000Z');
  });
});

describe('a time without an offset', () => {
  it('is in the zone of the partner', () => {
    expect(shown('202607041200', 'America/Chicago')).toEqual([
      '2026-07-04T12:00:00-05:00',
      '2026-07-04T17:00:00.000Z',
      undefined,
    ]);
  });

  it('does not inherit the offset of MSH-7 beyond a change of clocks', () => {
    // Sent in winter at -0500, for an appointment in summer: 14:00 on the wall is -0400 there.
    expect(shown('20260314140000', 'America/New_York', '20260302101500-0500')[0]).toBe('2026-03-14T14:00:00-04:00');
  });

  it('has the offset of MSH-7 where that contradicts the zone, or where there is no zone', () => {
    expect(shown('20260314140000', 'America/New_York', '20260302101500+0100')[0]).toBe('2026-03-14T14:00:00+01:00');
    expect(shown('20260314140000', undefined, '20260302101500-0500')[0]).toBe('2026-03-14T14:00:00-05:00');
  });

  it('is its date alone where nothing says which zone', () => {
    expect(shown('20260314140000', undefined)).toEqual(['2026-03-14', undefined, 'zone-unknown']);
    expect(shown('20260314140000', 'Mars/Olympus')).toEqual(['2026-03-14', undefined, 'zone-unknown']);
  });

  it('keeps every digit of a fraction; the instant has milliseconds', () => {
    expect(shown('20260314140000.12345', 'America/New_York')).toEqual([
      '2026-03-14T14:00:00.12345-04:00',
      '2026-03-14T18:00:00.123Z',
      undefined,
    ]);
    expect(shown('20260314140000.5', 'America/New_York')[1]).toBe('2026-03-14T18:00:00.500Z');
  });

  it('at the end of time has no instant, but a text', () => {
    expect(shown('99991231235959', 'America/New_York')).toEqual(['9999-12-31T23:59:59-05:00', undefined, undefined]);
    expect(shown('00010101000000', 'Asia/Tokyo')[1]).toBeUndefined();
  });

  it('before 1970 keeps its seconds', () => {
    expect(shown('19550601120001.9', 'America/New_York')).toEqual([
      '1955-06-01T12:00:01.9-04:00',
      '1955-06-01T16:00:01.900Z',
      undefined,
    ]);
  });
});

describe('writing v2 times', () => {
  it.each([
    ['2026', '2026'],
    ['2026-03', '202603'],
    ['2026-03-08', '20260308'],
    ['2026-03-08T07:30:00Z', '20260308033000-0400'],
    ['2026-03-08T06:30:00.123456Z', '20260308013000.1234-0500'],
    ['2026-11-01T01:30:00-05:00', '20261101013000-0500'],
  ])('%s is %s in New York', (fhir, v2) => {
    expect(v2Time(fhir, 'America/New_York')).toBe(v2);
  });

  it('refuses what is not a FHIR time, and an unknown zone', () => {
    expect(v2Time('2026-03-08T07:30:00', 'America/New_York')).toBeUndefined();
    expect(v2Time('2026-02-31T07:30:00Z', 'America/New_York')).toBeUndefined();
    expect(v2Time('2026-03-08T07:30:00Z', 'Nowhere')).toBeUndefined();
    expect(v2Time('9999-12-31T23:59:59-05:00', 'UTC')).toBeUndefined();
  });

  it('formats an instant for MSH-7', () => {
    expect(formatInstant(Date.UTC(2026, 0, 1), 'Asia/Kolkata')).toBe('20260101053000+0530');
  });

  it('reads TM', () => {
    expect(['0930', '093015', '093015.5-0500', '09'].map(fhirTime)).toEqual([
      '09:30:00',
      '09:30:15',
      '09:30:15.5',
      '09:00:00',
    ]);
    expect(['2430', '9', '0960'].map(fhirTime)).toEqual([undefined, undefined, undefined]);
  });
});

describe('zones', () => {
  it('know their names', () => {
    expect(['America/New_York', 'UTC', 'Nowhere/Land', ''].map(isZone)).toEqual([true, true, false, false]);
  });

  it('agree with the platform for every hour of a year', () => {
    for (const zone of [
      'America/New_York',
      'America/Phoenix',
      'Europe/London',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
    ]) {
      const format = new Intl.DateTimeFormat('en-CA', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
      });
      for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 2); at += 3_600_000) {
        const wall = format.format(at).replace(', ', 'T');
        const offset = offsetAt(at, zone);
        expect(new Date(at + offset).toISOString().slice(0, 16)).toBe(wall);
        const back = localToInstant(at + offset, zone);
        if (back.anomaly === undefined) expect(back).toEqual({ instant: at, offset, anomaly: undefined });
        else expect(back.anomaly).toBe('overlap');
      }
    }
  });
});
