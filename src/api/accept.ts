/** One range of an Accept header: a media type, a whole family of them or all, in lower case, with its weight from 0 to 1. */
interface Range {
  readonly name: string;
  readonly weight: number;
}

const RANGES_MAX = 50;
const R4 = /^4\.0(\.\d+)?$/;

/**
 * Which of the offered media types an Accept header likes best; the earlier one where it likes two alike. Of the ranges that name a
 * type the most specific decides, and one of weight 0 shuts it out. A range for another version of FHIR names nothing here.
 * Undefined: none is acceptable. Rule: RFC 9110 §12.5.1, FHIR R4 http.html#mime-type.
 */
export function preferred(header: string, offered: readonly string[]): string | undefined {
  const ranges = rangesOf(header);
  if (ranges.length === 0) return offered[0];
  let best: { readonly type: string; readonly weight: number } | undefined;
  for (const type of offered) {
    const weight = weightOf(type, ranges);
    if (weight > (best?.weight ?? 0)) best = { type, weight };
  }
  return best?.type;
}

function rangesOf(header: string): Range[] {
  return header
    .toLowerCase()
    .split(',', RANGES_MAX)
    .flatMap((part): Range[] => {
      const [name = '', ...parameters] = part.split(';').map((each) => each.trim());
      if (name === '') return [];
      const value = (wanted: string): string | undefined =>
        parameters
          .find((each) => each.startsWith(`${wanted}=`))
          ?.slice(wanted.length + 1)
          .replaceAll('"', '');
      const version = value('fhirversion');
      if (version !== undefined && !R4.test(version)) return [{ name: '', weight: 0 }];
      const weight = Number(value('q') ?? 1);
      return [{ name, weight: Number.isFinite(weight) ? Math.min(Math.max(weight, 0), 1) : 0 }];
    });
}

function weightOf(type: string, ranges: readonly Range[]): number {
  for (const name of [type, type.replace(/\/.*$/, '/*'), '*/*']) {
    const found = ranges.filter((range) => range.name === name);
    if (found.length > 0) return Math.max(...found.map(({ weight }) => weight));
  }
  return 0;
}
