import { leaves } from '../hl7/leaves.ts';
import { printLocation } from '../hl7/location.ts';
import type { Message } from '../hl7/tree.ts';
import { type MappedMessage, type Maps, mapMessage } from './map-message.ts';
import type { MapContext, Traced } from './scope.ts';

/** One element that came out: the row that made it, and the field it came from. */
export interface Made {
  /** `Patient/<id> birthDate`. */
  readonly element: string;
  /** `PID[Patient] PID-7 → birthDate`; of what code of the message map states, the name of that map. */
  readonly by: string;
  /** `PID[1]-7`. */
  readonly from: string | undefined;
}

/** One leaf that went in, and what became of it. Names places and rows, never values. */
export interface Used {
  readonly location: string;
  readonly fate: 'carried' | 'decided' | 'lost';
  readonly by: readonly string[];
}

export interface Explanation {
  readonly mapped: MappedMessage;
  readonly outputs: readonly Made[];
  readonly inputs: readonly Used[];
}

/** Maps a message and says of each output element what made it, and of each input what became of it. Slower than `mapMessage`. */
export function explain(maps: Maps, message: Message, context: MapContext): Explanation {
  const made = new Map<string, Traced>();
  const inputs: Used[] = [];
  const mapped = mapMessage(maps, message, context, {
    loss: true,
    trace: {
      row: (traced) => made.set(`${traced.draft.type}/${traced.draft.id} ${traced.element}`, traced),
      end: (scope, fateOf) => {
        for (const leaf of leaves(message)) {
          if (leaf.text.trim() === '') continue;
          const fate = fateOf(leaf, scope);
          const location = printLocation(leaf.location);
          if (fate === undefined) inputs.push({ location, fate: 'lost', by: ['no row for this segment'] });
          else if (fate.carried.length > 0) inputs.push({ location, fate: 'carried', by: fate.carried });
          else if (fate.decided !== undefined) inputs.push({ location, fate: 'decided', by: [fate.decided] });
          else inputs.push({ location, fate: 'lost', by: ['no row for this place'] });
        }
      },
    },
  });
  const map = maps.find(mapped.event)?.name ?? mapped.event;
  const outputs = mapped.resources.flatMap(({ type, id, elements }) =>
    elements.map(({ element }): Made => {
      const name = `${type}/${id} ${element}`;
      const traced = made.get(name);
      if (traced === undefined) return { element: name, by: `message map ${map}`, from: undefined };
      const { segment, field, row } = traced;
      return { element: name, by: row, from: `${segment.name}[${segment.occurrence}]-${field}` };
    }),
  );
  return { mapped, outputs, inputs };
}
