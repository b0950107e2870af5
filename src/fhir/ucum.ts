const UCUM_SYSTEM = 'http://unitsofmeasure.org';

/** Powers of the base dimensions: metre, gram, second, kelvin, mole, candela, coulomb, and arbitrary units by name. */
type Dimension = Readonly<Record<string, number>>;

interface Unit {
  readonly factor: number;
  readonly dimension: Dimension;
  /** Added after the factor (temperatures). */
  readonly offset?: number;
  readonly metric?: true;
}

const PREFIXES: Readonly<Record<string, number>> = {
  T: 1e12,
  G: 1e9,
  M: 1e6,
  k: 1e3,
  h: 1e2,
  da: 1e1,
  d: 1e-1,
  c: 1e-2,
  m: 1e-3,
  u: 1e-6,
  n: 1e-9,
  p: 1e-12,
  f: 1e-15,
};

const NONE: Dimension = {};
const METRE: Dimension = { m: 1 };
const LITRE: Dimension = { m: 3 };
const GRAM: Dimension = { g: 1 };
const SECOND: Dimension = { s: 1 };
const PASCAL: Dimension = { g: 1, m: -1, s: -2 };
const JOULE: Dimension = { g: 1, m: 2, s: -2 };

/** The units of clinical measurements. Rule: UCUM 2.1, tables of base, derived, customary and clinical units. */
const UNITS: Readonly<Record<string, Unit>> = {
  '1': { factor: 1, dimension: NONE },
  '%': { factor: 0.01, dimension: NONE },
  '10*': { factor: 10, dimension: NONE },
  '10^': { factor: 10, dimension: NONE },
  m: { factor: 1, dimension: METRE, metric: true },
  g: { factor: 1, dimension: GRAM, metric: true },
  s: { factor: 1, dimension: SECOND, metric: true },
  K: { factor: 1, dimension: { K: 1 }, metric: true },
  Cel: { factor: 1, dimension: { K: 1 }, offset: 273.15 },
  '[degF]': { factor: 5 / 9, dimension: { K: 1 }, offset: 459.67 * (5 / 9) },
  mol: { factor: 6.0221367e23, dimension: NONE, metric: true },
  eq: { factor: 6.0221367e23, dimension: NONE, metric: true },
  osm: { factor: 6.0221367e23, dimension: NONE, metric: true },
  kat: { factor: 6.0221367e23, dimension: { s: -1 }, metric: true },
  U: { factor: 6.0221367e17 / 60, dimension: { s: -1 }, metric: true },
  l: { factor: 1e-3, dimension: LITRE, metric: true },
  L: { factor: 1e-3, dimension: LITRE, metric: true },
  t: { factor: 1e6, dimension: GRAM, metric: true },
  Hz: { factor: 1, dimension: { s: -1 }, metric: true },
  Pa: { factor: 1e3, dimension: PASCAL, metric: true },
  bar: { factor: 1e8, dimension: PASCAL, metric: true },
  J: { factor: 1e3, dimension: JOULE, metric: true },
  W: { factor: 1e3, dimension: { g: 1, m: 2, s: -3 }, metric: true },
  cal: { factor: 4184, dimension: JOULE, metric: true },
  'm[H2O]': { factor: 9.80665e6, dimension: PASCAL, metric: true },
  'm[Hg]': { factor: 133.322e6, dimension: PASCAL, metric: true },
  min: { factor: 60, dimension: SECOND },
  h: { factor: 3600, dimension: SECOND },
  d: { factor: 86_400, dimension: SECOND },
  wk: { factor: 604_800, dimension: SECOND },
  mo: { factor: 2_629_800, dimension: SECOND },
  a: { factor: 31_557_600, dimension: SECOND },
  '[in_i]': { factor: 0.0254, dimension: METRE },
  '[ft_i]': { factor: 0.3048, dimension: METRE },
  '[lb_av]': { factor: 453.59237, dimension: GRAM },
  '[oz_av]': { factor: 28.349523125, dimension: GRAM },
  deg: { factor: Math.PI / 180, dimension: { rad: 1 } },
  '[iU]': { factor: 1, dimension: { '[iU]': 1 }, metric: true },
  '[IU]': { factor: 1, dimension: { '[iU]': 1 }, metric: true },
  "[arb'U]": { factor: 1, dimension: { "[arb'U]": 1 } },
  '[pH]': { factor: 1, dimension: { '[pH]': 1 } },
  '[drp]': { factor: 5e-8, dimension: LITRE },
};

const cache = new Map<string, Unit | undefined>();
const CACHE_MAX = 2000;
const CODE_MAX_LENGTH = 100;

/**
 * The range in UCUM base units with the code of those units, so that `5.4 g` finds `5400 mg`. `undefined` when the unit
 * is not UCUM or not in the table: such a quantity compares by its own code only. Rule: FHIR R4 search.html#quantity.
 */
export function canonicalQuantity(
  lo: number,
  hi: number,
  system: string | undefined,
  code: string | undefined,
): { lo: number; hi: number; code: string } | undefined {
  if (system !== UCUM_SYSTEM || code === undefined || code.length > CODE_MAX_LENGTH) return undefined;
  const unit = unitOf(code);
  if (unit === undefined) return undefined;
  const convert = (value: number) =>
    Math.abs(value) === Number.MAX_VALUE ? value : rounded(value * unit.factor + (unit.offset ?? 0));
  return { lo: convert(lo), hi: convert(hi), code: dimensionCode(unit.dimension) };
}

/** Twelve digits: the same amount written in two units must give the same number. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

function dimensionCode(dimension: Dimension): string {
  const parts = Object.keys(dimension)
    .filter((base) => dimension[base] !== 0)
    .sort()
    .map((base) => (dimension[base] === 1 ? base : `${base}${dimension[base]}`));
  return parts.length === 0 ? '1' : parts.join('.');
}

function unitOf(code: string): Unit | undefined {
  if (cache.has(code)) return cache.get(code);
  const unit = parseUnit(code);
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(code, unit);
  return unit;
}

/** Terms joined by `.` and `/`; annotations in braces do not count. Parentheses are not read. */
function parseUnit(code: string): Unit | undefined {
  const plain = code.replace(/\{[^}]*\}/g, '');
  const special = UNITS[plain];
  if (special !== undefined) return special;
  let factor = 1;
  const dimension: Record<string, number> = {};
  const terms = plain.split(/(?=[./])/);
  for (const term of terms) {
    const sign = term.startsWith('/') ? -1 : 1;
    const text = term.replace(/^[./]/, '');
    if (text === '') continue;
    const parsed = parseTerm(text);
    if (parsed === undefined) return undefined;
    factor *= parsed.unit.factor ** (parsed.exponent * sign);
    for (const [base, power] of Object.entries(parsed.unit.dimension)) {
      dimension[base] = (dimension[base] ?? 0) + power * parsed.exponent * sign;
    }
  }
  return { factor, dimension };
}

function parseTerm(term: string): { unit: Unit; exponent: number } | undefined {
  if (/^\d+$/.test(term)) return { unit: { factor: Number(term), dimension: NONE }, exponent: 1 };
  const match = /^(10[*^]|.*?[^\d+-])([+-]?\d+)?$/.exec(term);
  if (match === null) return undefined;
  const unit = prefixedUnit(match[1]!);
  // A unit with an offset has no meaning inside a product.
  return unit === undefined || unit.offset !== undefined ? undefined : { unit, exponent: Number(match[2] ?? 1) };
}

function prefixedUnit(symbol: string): Unit | undefined {
  const plain = UNITS[symbol];
  if (plain !== undefined) return plain;
  for (const [prefix, factor] of Object.entries(PREFIXES)) {
    if (!symbol.startsWith(prefix)) continue;
    const base = UNITS[symbol.slice(prefix.length)];
    if (base?.metric) return { factor: base.factor * factor, dimension: base.dimension };
  }
  return undefined;
}
