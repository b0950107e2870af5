import { Buffer } from 'node:buffer';
import { cpus } from 'node:os';
import { leaves } from '../src/hl7/leaves.ts';
import { parseMessage } from '../src/hl7/parse.ts';
import { peek } from '../src/hl7/peek.ts';

/**
 * Parses a second of a 12-segment ADT on one core. A parse is `parseMessage` and the reading of the fields an ADT map reads.
 * Prints one JSON line. Run: node bench/parse.ts [seconds]
 */
const ADT = Buffer.from(
  [
    'MSH|^~\\&|GENERAL^2.16.840.1.113883.19.1^ISO|GENERAL HOSPITAL|HANDOFF|RIVERSIDE|20260302101500-0500||ADT^A01^ADT_A01|MSG000000001|T|2.5.1|||AL|NE|USA|UNICODE UTF-8',
    'EVN|A01|20260302101500|||1234^ADMIN^ANNA^^^^^^GENERAL&2.16.840.1.113883.19.1&ISO|20260302101000',
    'PID|1||100001^^^GENERAL&2.16.840.1.113883.19.1&ISO^MR~900001^^^STATE^SS||Example^Pat^Q^^^^L~Example^Patty^^^^^N||19800115|F||2106-3^White^CDCREC|12 Sample St^^Springfield^NY^12345^USA^H||^PRN^PH^^1^555^5550100~^NET^Internet^pat@example.org||en^English^ISO639|M|||||||||||||||N',
    'PD1|||RIVERSIDE PHP^^1001|2001^Provider^Olivia^^^Dr^MD',
    'ROL|1|AD|PP|2001^Provider^Olivia^^^Dr^MD|20260101',
    'NK1|1|Example^Robin|SPO^Spouse^HL70063|12 Sample St^^Springfield^NY^12345|^PRN^PH^^1^555^5550101||C',
    'PV1|1|I|PSY^201^A^GENERAL^^^^^Psychiatry|U|||3001^Attending^Alex^^^Dr^MD|3002^Referring^Rae|||PSY||||1|||3001^Attending^Alex|PSY|V100001^^^GENERAL&2.16.840.1.113883.19.1&ISO^VN|||||||||||||||||||GENERAL|||||20260302101000',
    'PV2||SEMI|^Severe depressive episode without psychotic features\\T\\ insomnia|||||20260302|20260309',
    'OBX|1|NM|8302-2^Body height^LN||170|cm^cm^UCUM|||||F|||20260302100000',
    'AL1|1|DA|7980^Penicillin^RxNorm|MO|Hives|20100101',
    'DG1|1||F32.2^Major depressive disorder, single episode, severe^I10||20260302|A',
    'IN1|1|PLAN1^Sample plan|INS1|Sample Insurance|1 Payer Rd^^Albany^NY^12201|||GRP100||||20260101|20261231|||Example^Pat|SEL^Self^HL70063|19800115|12 Sample St^^Springfield^NY^12345|||||||||||||||||POL1000001',
    '',
  ].join('\r'),
);

const PATHS: readonly (readonly [string, string])[] = [
  ['PID', '3.1'],
  ['PID', '3.4.1'],
  ['PID', '3.4.2'],
  ['PID', '3[2].1'],
  ['PID', '5.1'],
  ['PID', '5.2'],
  ['PID', '7'],
  ['PID', '8'],
  ['PID', '11.1'],
  ['PID', '11.3'],
  ['PID', '13[2].4'],
  ['PV1', '2'],
  ['PV1', '3.1'],
  ['PV1', '7.2'],
  ['PV1', '19'],
  ['PV1', '44'],
  ['PV2', '3.2'],
  ['DG1', '3.1'],
  ['DG1', '3.2'],
  ['IN1', '36'],
];

function read(): number {
  const { message } = parseMessage(ADT);
  let length = message.header.controlId!.length + message.header.triggerEvent!.length;
  for (const [segment, path] of PATHS) {
    const text = message.segment(segment)?.text(path);
    if (text === undefined) throw new Error(`${segment}-${path} was not read`);
    length += text.length;
  }
  return length;
}

function perSecond(work: () => number, seconds: number): number {
  const until = performance.now() + seconds * 1000;
  const start = performance.now();
  let done = 0;
  let total = 0;
  while (performance.now() < until) {
    for (let i = 0; i < 500; i += 1) total += work();
    done += 500;
  }
  if (total === 0) throw new Error('nothing was read');
  return Math.round((done * 1000) / (performance.now() - start));
}

const seconds = Number(process.argv[2] ?? 3);
perSecond(read, 1);
console.log(
  JSON.stringify({
    bench: 'parse',
    machine: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    messageBytes: ADT.length,
    segments: 12,
    parsesPerSecond: perSecond(read, seconds),
    peeksPerSecond: perSecond(() => peek(ADT).patients.length, seconds),
    fullReadsPerSecond: perSecond(
      () => leaves(parseMessage(ADT).message).reduce((n, leaf) => n + leaf.text.length, 0),
      seconds,
    ),
  }),
);
