import { describe, expect, it } from 'vitest';
import { outboundMaps } from '../../mappings/outbound/maps.ts';
import { render } from '../../src/mapping/outbound/render.ts';
import { golden, outboundCases } from './outbound-cases.ts';

describe('outbound golden cases', () => {
  for (const { name, event, bundle, endpoint, partner } of outboundCases()) {
    it(`${name}: the message and its issues are what a person agreed to`, () => {
      const rendered = render(outboundMaps(), event, bundle, endpoint, partner);
      if ('refused' in rendered) throw new Error(`refused: ${JSON.stringify(rendered.refused)}`);
      const text = Buffer.from(rendered.bytes).toString('latin1').replaceAll('\r', '\n');
      expect(text).toBe(golden(name, '1-outbound.hl7', text));
      const issues = rendered.issues.map(({ severity, code, location, text: words }) =>
        [severity, code, location ?? '-', words].join('  '),
      );
      const listed = `${issues.join('\n')}\n`;
      expect(listed).toBe(golden(name, '1-issues.txt', listed));
    });

    it(`${name}: rendering again gives the same bytes`, () => {
      const once = render(outboundMaps(), event, bundle, endpoint, partner);
      const again = render(outboundMaps(), structuredClone(event), structuredClone(bundle), endpoint, partner);
      expect(again).toEqual(once);
    });
  }
});
