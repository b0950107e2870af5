import { parseMessage } from '../hl7/parse.ts';
import { type Maps, mapMessage } from '../mapping/map-message.ts';
import type { ClassifyPort, Inbound, Translated, TranslatePort } from '../model/flow.ts';
import type { Partner } from '../model/partner.ts';

/** Refusals of the mapping which say that there is no map, and not that the message is at fault. */
const NO_MAP = 'map.no-map';
const IDENTITY_WITHOUT_MAP = 'map.identity-unsupported';

/** Bytes to assertions with the compiled maps and the partners' settings. */
export function translatePort(
  maps: Maps,
  partners: readonly Partner[],
  hubKey: Buffer,
  configVersion: string,
): TranslatePort {
  return {
    version: `${maps.version}/${configVersion}`,
    translate({ bytes, feed, partner, hash, receivedAt }: Inbound): Translated {
      const { message } = parseMessage(bytes, { defaultCharset: feed.charset });
      const mapped = mapMessage(
        maps,
        message,
        {
          partner,
          partners,
          hubKey,
          receivedAt: new Date(receivedAt).toISOString(),
          bodyHash: hash,
          unidentified: 'refuse',
        },
        { loss: true },
      );
      if (mapped.refused?.code === NO_MAP) return { kind: 'unsupported', identity: false };
      if (mapped.refused?.code === IDENTITY_WITHOUT_MAP) return { kind: 'unsupported', identity: true };
      const identity = maps.find(mapped.event)?.movesIdentity;
      return { kind: 'mapped', mapped, stamp: mapped.stamp, event: mapped.event, ...(identity && { identity }) };
    },
  };
}

/**
 * Safety notes are a class of their own from the socket on. A document on a feed with safety values counts as one when TXA-2 or an
 * OBX-3 of it is listed, and also when its type cannot be read: it fails upward. Rule: DESIGN 3 "Lanes", DOMAIN D5.
 */
export const classify: ClassifyPort = ({ bytes, feed, partner }, trigger) => {
  const { documentTypes, reasons } = partner.safety;
  const isDocument = trigger.startsWith('MDM^');
  if (documentTypes.length === 0 && Object.keys(reasons).length === 0) return 'normal';
  if (!isDocument && !trigger.startsWith('ORU^')) return 'normal';
  const { message } = parseMessage(bytes, { defaultCharset: feed.charset });
  const listed = (value: string | undefined, list: readonly string[]): boolean =>
    value !== undefined && list.some((each) => each.toUpperCase() === value.trim().toUpperCase());
  if (isDocument) {
    const type = message.segment('TXA')?.get(2);
    if (type === undefined || type.trim() === '' || listed(type, documentTypes)) return 'safety';
  }
  const codes = Object.keys(reasons);
  return message.segments('OBX').some((obx) => listed(obx.get(3), codes) || listed(obx.get(3, 1, 4), codes))
    ? 'safety'
    : 'normal';
};
