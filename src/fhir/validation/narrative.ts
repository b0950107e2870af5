const ELEMENTS = new Set(
  (
    'a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ' +
    'ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var kbd address ins del bdo'
  ).split(' '),
);
const VOID_ELEMENTS = new Set(['br', 'hr', 'img', 'col']);
const ATTRIBUTES = new Set(
  (
    'abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite ' +
    'class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan ' +
    'rules scope shape span src start style summary tabindex title type valign value vspace width xml:id xml:lang xmlns'
  ).split(' '),
);
const NAMESPACE = 'http://www.w3.org/1999/xhtml';
const TOKEN = /<(\/?)([A-Za-z][A-Za-z0-9]*)((?:[^<>"']|"[^"<]*"|'[^'<]*')*?)(\/?)>/g;
// The look-behind makes a long run of blanks start one attempt, not one per blank.
const ATTRIBUTE = /(?<!\s)\s+([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ACTIVE_LINK = /^(?:javascript:|vbscript:|data:(?!image\/)|[^:/?#]*&)/i;

/**
 * Why a narrative's `div` is not the restricted XHTML that FHIR allows; `undefined` when it is. No scripts, forms,
 * frames, event handlers or active links pass. Rule: FHIR R4 narrative.html, txt-1 and txt-2.
 */
export function narrativeFault(div: unknown): string | undefined {
  if (typeof div !== 'string') return 'must be a JSON string of XHTML';
  const xhtml = withoutComments(div)?.trim();
  if (xhtml === undefined) return 'is not well-formed XHTML';
  if (!/^<div[\s>/]/.test(xhtml)) return 'must be one XHTML div element';
  const open: string[] = [];
  let visible = false;
  let at = 0;
  for (const match of xhtml.matchAll(TOKEN)) {
    const text = xhtml.slice(at, match.index);
    if (/[<>]/.test(text.replace(/>/g, ''))) return 'is not well-formed XHTML';
    if (/\S/.test(text)) visible = true;
    if (at > 0 && open.length === 0) return 'must be one XHTML div element';
    at = match.index + match[0].length;
    const fault = applyTag(match, open);
    if (fault !== undefined) return fault;
    if (match[2] === 'img') visible = true;
  }
  if (open.length > 0 || xhtml.slice(at).trim() !== '') return 'is not well-formed XHTML';
  return visible ? undefined : 'must have some text or an image';
}

/** By index and not by pattern: many unclosed comments would take quadratic time. Undefined: one is not closed. */
function withoutComments(xhtml: string): string | undefined {
  let rest = '';
  let at = 0;
  for (let start = xhtml.indexOf('<!--'); start >= 0; start = xhtml.indexOf('<!--', at)) {
    const end = xhtml.indexOf('-->', start + 4);
    if (end < 0) return undefined;
    rest += xhtml.slice(at, start);
    at = end + 3;
  }
  return at === 0 ? xhtml : rest + xhtml.slice(at);
}

function applyTag(match: RegExpExecArray, open: string[]): string | undefined {
  const [, closing, name, attributes, selfClosing] = match;
  if (!ELEMENTS.has(name!)) return 'holds an element that narratives may not have';
  if (closing === '/') return open.pop() === name ? undefined : 'is not well-formed XHTML';
  const fault = attributeFault(attributes!, open.length === 0);
  if (fault !== undefined) return fault;
  if (selfClosing !== '/') {
    if (VOID_ELEMENTS.has(name!)) return 'is not well-formed XHTML';
    open.push(name!);
  }
  return undefined;
}

function attributeFault(attributes: string, isRoot: boolean): string | undefined {
  let namespaced = false;
  for (const [, name, double, single] of attributes.matchAll(ATTRIBUTE)) {
    const value = double ?? single ?? '';
    if (!ATTRIBUTES.has(name!)) return 'holds an attribute that narratives may not have';
    if ((name === 'href' || name === 'src') && ACTIVE_LINK.test(withoutBlanks(value))) return 'holds an active link';
    if (name === 'xmlns') namespaced = value === NAMESPACE;
  }
  if (attributes.replace(ATTRIBUTE, '').trim() !== '') return 'is not well-formed XHTML';
  return isRoot && !namespaced ? `must be in the namespace ${NAMESPACE}` : undefined;
}

/** Browsers skip white space and control characters inside a scheme. An entity before the colon counts as hiding one. */
function withoutBlanks(link: string): string {
  return link.replace(/[\u0000-\u0020]+/g, '');
}
