import { createHash } from 'node:crypto';
import { DEFINITIONS } from '../mappings/definitions.ts';
import { parseMessage } from '../src/hl7/parse.ts';
import { foldResource } from '../src/mapping/bundle.ts';
import { compileMaps, mapMessage } from '../src/mapping/map-message.ts';
import { partner } from '../test/unit/mapping/partner.ts';

/**
 * Parse + full map + JSON on one core: `node bench/map.ts [seconds]`. Rates are per second of CPU time, so that other work on the machine
 * does not count. Prints one line of JSON; exit 1 below the floor of issue 3.
 */

const SECONDS = Number(process.argv[2] ?? 3);
const FLOOR = { adt: 8000, oru: 1500, compileMs: 300 };

const sender = partner();

const NPI = '1093817465^Hale^Miriam^^^Dr^MD^^NPI^^^^NPI';
const adt = (n: number): string[] => [
  `MSH|^~\\&|APP|FAC|HUB|HUB|20260302101500||ADT^A01^ADT_A01|C${n}|T|2.5.1`,
  'EVN|A01|20260302101500',
  `PID|1||M${n}^^^MRN^MR||Doe^Pat^Q||19880412|F||2106-3^White^CDCREC|1 Elm Street^^Riverton^NY^10001^USA^H||^PRN^PH^^1^555^5550123|||S|||||||2186-5^Not Hispanic^CDCREC`,
  `PD1||||${NPI}`,
  'NK1|1|Doe^Rowan|SIB|14 Elm Street^^Riverton^NY^10001^USA|^PRN^PH^^1^555^5550130',
  `PV1|1|I|PSY^301^1^FAC||||${NPI}|||PSY||||7|||||V${n}^^^VN|||||||||||||||||||||||||20260302091000`,
  'PV2|||^Suicidal ideation without plan',
  'DG1|1||F33.2^Major depressive disorder^I10||20260302|A',
  'DG1|2||F41.1^Generalized anxiety disorder^I10||20260302|A',
  'AL1|1|DA|7980^Penicillin G^RXNORM|SV|Hives',
  'IN1|1|GOLD|P4471|Empire Synthetic Health||||||||20250501|||||SEL|||||||||||||||||||EMP-88213',
  `ROL|1|AD|PP^Primary Care Provider^HL70443|${NPI}|20250101`,
];
const oru = (n: number): string[] => [
  `MSH|^~\\&|APP|FAC|HUB|HUB|20260302101500||ORU^R01^ORU_R01|C${n}|T|2.5.1`,
  `PID|1||M${n}^^^MRN^MR||Doe^Pat^Q||19880412|F`,
  `OBR|1||F${n}^ID|24323-8^Comprehensive metabolic panel^LN|||20260302090000|||||||||||||||20260302100000|||F`,
  ...Array.from(
    { length: 30 },
    (_, i) =>
      `OBX|${i + 1}|NM|${2000 + i}-1^Analyte ${i}^LN||${i}.5|mg/dL^^UCUM|1-40|N^Normal^HL70078|||F|||20260302090000`,
  ),
];

const startedAt = performance.now();
const maps = compileMaps(DEFINITIONS);
const compileMs = performance.now() - startedAt;

function run(message: (n: number) => string[]): number {
  const bodies = Array.from({ length: 2000 }, (_, n) => Buffer.from(message(n).join('\r')));
  const once = (n: number): number => {
    const bytes = bodies[n % bodies.length]!;
    const mapped = mapMessage(maps, parseMessage(bytes).message, {
      partner: sender,
      partners: [sender],
      hubKey: KEY,
      receivedAt: '2026-03-02T15:15:01.000Z',
      bodyHash: createHash('sha256').update(bytes).digest('hex'),
      unidentified: 'refuse',
    });
    if (mapped.refused !== undefined) throw new Error(mapped.refused.code);
    return JSON.stringify(mapped.resources.map(foldResource)).length;
  };
  for (let n = 0; n < 2000; n += 1) once(n);
  let count = 0;
  const from = performance.now();
  const cpu = process.cpuUsage();
  while (performance.now() - from < SECONDS * 1000) for (let i = 0; i < 100; i += 1) once(count++);
  const { user, system } = process.cpuUsage(cpu);
  return Math.round((count / (user + system)) * 1_000_000);
}

const KEY = Buffer.alloc(32, 'bench');
const result = { adtPerS: run(adt), oru30PerS: run(oru), compileMs: Math.round(compileMs) };
console.log(JSON.stringify(result));
if (result.adtPerS < FLOOR.adt || result.oru30PerS < FLOOR.oru || result.compileMs > FLOOR.compileMs)
  process.exitCode = 1;
