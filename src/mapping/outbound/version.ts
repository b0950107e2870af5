/**
 * How many fields a segment, and components a data type, has from which version on. Only what the outbound maps write.
 * Rule: HL7 v2.3–v2.8 segment and data type definitions; v2.9 adds nothing the maps write. A CWE before v2.6 is read by
 * receivers as the CE it replaced, so it has six components there.
 */
const FIELDS: Readonly<Record<string, string>> = {
  MSH: '2.3:19 2.3.1:20 2.4:21 2.6:25',
  EVN: '2.3:6 2.4:7',
  MSA: '2.3:6 2.6:8',
  PID: '2.3:30 2.4:38 2.5:39 2.7:40',
  PD1: '2.3:12 2.3.1:13 2.4:21 2.7:22',
  NK1: '2.3:37 2.5:39 2.7:41',
  PV1: '2.3:52 2.7:54',
  RF1: '2.3:11 2.6:12',
  AUT: '2.3:10',
  PRD: '2.3:9 2.6:14',
  CTD: '2.3:7',
  DG1: '2.3:19 2.5:21 2.6:26',
  PV2: '2.3:37 2.4:47 2.5:49 2.7:50',
  GT1: '2.3:54 2.3.1:55 2.5:57',
  PR1: '2.3:16 2.3.1:18 2.5:20 2.7:25',
  ROL: '2.3:10 2.4:12 2.6:13',
  SPM: '2.5:29 2.7:34',
  NTE: '2.3:3 2.3.1:4 2.6:8',
  OBR: '2.3:43 2.3.1:45 2.4:47 2.5:49 2.5.1:50 2.7:54',
  OBX: '2.3:17 2.4:19 2.5.1:25 2.7:26',
  ORC: '2.3:19 2.3.1:24 2.4:25 2.5:30 2.5.1:31 2.7:33',
  TXA: '2.3:23 2.7:26',
  SCH: '2.3:25 2.4:27',
  TQ1: '2.5:14',
  RGS: '2.3:3',
  AIS: '2.3:10 2.4:12',
  AIG: '2.3:14',
  AIL: '2.3:12',
  AIP: '2.3:12',
  ARQ: '2.3:23 2.4:25',
  RXA: '2.3:22 2.5:26 2.6:28',
  RXR: '2.3:4 2.3.1:5 2.5:6',
  PRB: '2.3:25 2.6:28',
  GOL: '2.3:21 2.6:22',
  FT1: '2.3:25 2.3.1:26 2.5:31 2.7:43',
  MRG: '2.3:7',
  ARV: '2.6:6',
  AL1: '2.3:6',
  IN1: '2.3:49 2.5:53 2.7:54',
};

const COMPONENTS: Readonly<Record<string, string>> = {
  CX: '2.3:6 2.4:8 2.5:10 2.7:12',
  XPN: '2.3:8 2.4:11 2.5:14 2.7:15',
  XCN: '2.3:14 2.3.1:15 2.4:18 2.5:23 2.7:25',
  XAD: '2.3:10 2.3.1:11 2.4:12 2.5:14 2.6:23',
  XTN: '2.3:9 2.5:12 2.6:18',
  XON: '2.3:8 2.3.1:9 2.5:10',
  CWE: '2.3:6 2.6:9 2.7:22',
  MSG: '2.3:2 2.3.1:3',
  PL: '2.3:9 2.5:11',
};

/** Versions the hub writes, oldest first. */
export const OUTBOUND_VERSIONS = [
  '2.3',
  '2.3.1',
  '2.4',
  '2.5',
  '2.5.1',
  '2.6',
  '2.7',
  '2.7.1',
  '2.8',
  '2.8.1',
  '2.8.2',
  '2.9',
];

/** Whether `version` is `since` or later. Versions compare number by number: 2.10 would follow 2.9. */
export function atLeast(version: string, since: string): boolean {
  const left = version.split('.');
  const right = since.split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = Number(left[i] ?? 0) - Number(right[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function limit(steps: string | undefined, version: string): number | undefined {
  let found: number | undefined;
  for (const step of steps?.split(' ') ?? []) {
    const [since, count] = step.split(':');
    if (atLeast(version, since!)) found = Number(count);
  }
  return found;
}

/** Undefined: the version does not have the segment. */
export const fieldsOf = (segment: string, version: string): number | undefined => limit(FIELDS[segment], version);

/** Components of a data type; a type whose length never changed has no limit here. */
export const componentsOf = (type: string, version: string): number =>
  limit(COMPONENTS[type], version) ?? Number.POSITIVE_INFINITY;
