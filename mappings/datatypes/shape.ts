import { Annotated, Several } from '../../src/mapping/annotated.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Json } from '../../src/model/json.ts';

function value(read: Json | Annotated | Several | undefined): Json | undefined {
  if (read instanceof Several) return read.values[0];
  return read instanceof Annotated ? read.value : read;
}

/** An extension that holds the value: `extension('http://…', 'valueString', st)`. */
export function extension(url: string, name: `value${string}`, map: DataMap): DataMap {
  return {
    name: map.name,
    parts: map.parts,
    read: (node, scope) => {
      const found = map.read(node, scope);
      if (found === undefined) return undefined;
      const holder: Record<string, Json> = { url, [name]: value(found)! };
      if (found instanceof Annotated) holder[`_${name}`] = { extension: found.extension };
      return holder;
    },
  };
}

/** An extension made of one inner extension, as patient-citizenship and its like. */
export function nested(url: string, inner: string, name: `value${string}`, map: DataMap): DataMap {
  const held = extension(inner, name, map);
  return {
    name: map.name,
    parts: map.parts,
    read: (node, scope) => {
      const found = held.read(node, scope);
      return found === undefined ? undefined : { url, extension: [value(found)!] };
    },
  };
}

/** A backbone element that holds the value under a name, beside what is fixed: `{ type: ATND, individual: … }`. */
export function holding(name: string, map: DataMap, fixed: Readonly<Record<string, Json>> = {}): DataMap {
  return {
    name: map.name,
    parts: map.parts,
    read: (node, scope) => {
      const found = value(map.read(node, scope));
      return found === undefined ? undefined : { ...fixed, [name]: found };
    },
  };
}
