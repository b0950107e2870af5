import { hasSafetyReason, isSafetyNote } from '../../mappings/messages/safety-note.ts';
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
 * Safety notes are a class of their own from the socket on, by the words that make the document a note when it is mapped; a result
 * with a listed reason goes with them. Rule: DESIGN 3 "Lanes", DOMAIN D5.
 */
export const classify: ClassifyPort = ({ bytes, feed, partner: { safety } }, trigger) => {
  const isDocument = trigger.startsWith('MDM^');
  if (safety.documentTypes.length === 0 && Object.keys(safety.reasons).length === 0) return 'normal';
  if (!isDocument && !trigger.startsWith('ORU^')) return 'normal';
  const { message } = parseMessage(bytes, { defaultCharset: feed.charset });
  return (isDocument ? isSafetyNote(message, safety) : hasSafetyReason(message, safety)) ? 'safety' : 'normal';
};
