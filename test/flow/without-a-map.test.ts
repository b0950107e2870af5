import { afterEach, describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../mappings/definitions.ts';
import { translatePort } from '../../src/hub/translate-port.ts';
import { compileMaps } from '../../src/mapping/map-message.ts';
import { ENGINES, type FlowUnderTest, message, PARTNER, startFlowUnderTest } from './flow-kit.ts';

const PORT = translatePort(compileMaps(DEFINITIONS), [PARTNER], Buffer.alloc(32, 'flow'), 'test');

describe.each(ENGINES)('a message without a map on %s', (engine) => {
  let flow: FlowUnderTest | undefined;
  afterEach(() => flow?.stop());

  it.each([
    ['QBP^Q11', 'Q11'],
    ['QBP^Q22', 'Q22'],
    ['QRY^A19', 'A19'],
    ['RSP^K22', 'K22'],
    ['MFN^M02', 'M02'],
    ['MFN^M05', 'M05'],
    ['RGV^O15', 'O15'],
  ])(
    '%s is stored, listed and answered AA with a warning 201; nothing of it becomes clinical data',
    async (event, trigger) => {
      flow = await startFlowUnderTest({ engine, translate: (inbound) => PORT.translate(inbound) });
      const controlId = `W${trigger}${Date.now()}`;
      const sent = await flow.send(message({ controlId, event, extra: 'QPD|Q22^Find^HL7|1|@PID.5.1^DOE' }));
      const [msh, ...rest] = Buffer.from(sent.bytes!).toString().split('\r');
      expect(msh!.split('|').slice(8, 9)).toEqual([`ACK^${trigger}^ACK`]);
      expect(rest).toEqual([
        `MSA|AA|${controlId}`,
        'ERR||MSH^1^9|201^Unsupported event code^HL70357|W|map.unsupported^^L||No map for this trigger: stored and listed',
        '',
      ]);
      expect(flow.store.applied).toEqual([]);
      const [row] = await flow.journal.list({ limit: 1 });
      expect(row).toMatchObject({
        controlId,
        state: 'listed',
        reason: { code: 'map.unsupported', location: 'MSH[1]-9' },
      });
    },
  );
});
