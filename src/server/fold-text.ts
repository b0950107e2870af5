import type { Stamp } from '../model/assertion.ts';
import type { Json } from '../model/json.ts';
import type { ElementState, FoldState } from './fold.ts';

/** Where statements come from. One message states many elements, so it stands once. */
type Origin = readonly [at: string, sequence: number | null, hash: string, source: string, serial?: string];
/** Index of the origin, whether a listed row, and the value; without a value it was deleted. */
type Packed = readonly [origin: number, over: 0 | 1, value?: Json];

interface FoldText extends Omit<FoldState, 'elements'> {
  readonly origins: readonly Origin[];
  readonly packed: Readonly<Record<string, Packed>>;
}

/** A fold as it is kept: about a quarter of its plain JSON. */
export function foldToText({ elements, ...state }: FoldState): string {
  const origins: Origin[] = [];
  const known = new Map<string, number>();
  const packed: Record<string, Packed> = {};
  let last: { readonly stamp: Stamp; readonly source: string; readonly at: number } | undefined;
  for (const [path, { stamp, source, value, overFhir }] of Object.entries(elements)) {
    if (last?.stamp !== stamp || last.source !== source) {
      const { at: instant, sequence = null, hash, serial } = stamp;
      const origin: Origin =
        serial === undefined ? [instant, sequence, hash, source] : [instant, sequence, hash, source, serial];
      const key = origin.join('\u0000');
      let index = known.get(key);
      if (index === undefined) {
        index = origins.push(origin) - 1;
        known.set(key, index);
      }
      last = { stamp, source, at: index };
    }
    const { at } = last;
    packed[path] = value === undefined ? [at, overFhir ? 1 : 0] : [at, overFhir ? 1 : 0, value];
  }
  return JSON.stringify({ ...state, origins, packed } satisfies FoldText);
}

/** What `foldToText` was given. */
export function foldFromText(text: string): FoldState {
  const { origins, packed, ...state } = JSON.parse(text) as FoldText;
  const from = origins.map(([at, sequence, hash, source, serial]) => ({
    stamp: { at, ...(sequence === null ? {} : { sequence }), ...(serial === undefined ? {} : { serial }), hash },
    source,
  }));
  const elements: Record<string, ElementState> = {};
  for (const [path, [origin, over, ...value]] of Object.entries(packed)) {
    elements[path] = {
      ...from[origin]!,
      ...(value.length > 0 ? { value: value[0]! } : {}),
      ...(over === 1 ? { overFhir: true as const } : {}),
    };
  }
  return { ...state, elements };
}
