/** FHIRPath as a tree. Covers what R4 invariants and search parameters use; anything else is refused by name. */
export type Ast =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'empty' }
  | { readonly kind: 'this' }
  | { readonly kind: 'index' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'path'; readonly of: Ast; readonly name: string }
  | { readonly kind: 'call'; readonly of: Ast | undefined; readonly name: string; readonly args: readonly Ast[] }
  | { readonly kind: 'item'; readonly of: Ast; readonly index: Ast }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Ast; readonly right: Ast }
  | { readonly kind: 'negate'; readonly of: Ast }
  | { readonly kind: 'type'; readonly op: 'is' | 'as'; readonly of: Ast; readonly type: string };

interface Token {
  readonly kind: 'name' | 'quoted' | 'string' | 'number' | 'variable' | 'dollar' | 'symbol' | 'end';
  readonly text: string;
}

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_][A-Za-z0-9_]*)|`(?<quoted>[^`]+)`|'(?<string>(?:\\.|[^'\\])*)'|(?<number>\d+(?:\.\d+)?)|%(?:`(?<variableQuoted>[^`]+)`|(?<variable>[A-Za-z][A-Za-z0-9_-]*))|(?<dollar>\$[a-z]+)|(?<symbol><=|>=|!=|!~|[-.,()[\]{}|+*/&=~<>]))/y;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };

/** Binding strength of the binary operators; rule: FHIRPath 2.0.0, section 6.8 Operator precedence. */
const PRECEDENCE: Readonly<Record<string, number>> = {
  implies: 1,
  or: 2,
  xor: 2,
  and: 3,
  in: 4,
  contains: 4,
  '=': 5,
  '!=': 5,
  '~': 5,
  '!~': 5,
  '<': 6,
  '>': 6,
  '<=': 6,
  '>=': 6,
  '|': 7,
  is: 8,
  as: 8,
  '+': 9,
  '-': 9,
  '&': 9,
  '*': 10,
  '/': 10,
  div: 10,
  mod: 10,
};

/** Reads an expression; throws an Error that quotes it when it does not parse (expressions are configuration, not data). */
export function parsePath(expression: string): Ast {
  const parser = new PathParser(tokensOf(expression), expression);
  return parser.whole();
}

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(expression)?.groups;
    if (groups === undefined) {
      if (expression.slice(at).trim() === '') break;
      throw new Error(`FHIRPath: unexpected character at ${at} of "${expression}"`);
    }
    tokens.push(tokenOf(groups));
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

function tokenOf(groups: Record<string, string | undefined>): Token {
  if (groups.name !== undefined) return { kind: 'name', text: groups.name };
  if (groups.quoted !== undefined) return { kind: 'quoted', text: groups.quoted };
  if (groups.string !== undefined) {
    return { kind: 'string', text: groups.string.replace(/\\(.)/g, (_, c: string) => ESCAPES[c] ?? c) };
  }
  if (groups.number !== undefined) return { kind: 'number', text: groups.number };
  const variable = groups.variable ?? groups.variableQuoted;
  if (variable !== undefined) return { kind: 'variable', text: variable };
  if (groups.dollar !== undefined) return { kind: 'dollar', text: groups.dollar };
  return { kind: 'symbol', text: groups.symbol ?? '' };
}

class PathParser {
  #at = 0;
  readonly #tokens: readonly Token[];
  readonly #source: string;

  constructor(tokens: readonly Token[], source: string) {
    this.#tokens = tokens;
    this.#source = source;
  }

  whole(): Ast {
    const ast = this.#expression(0);
    if (this.#peek().kind !== 'end') this.#fail();
    return ast;
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    return this.#tokens[this.#at++]!;
  }

  #isSymbol(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'symbol' && token.text === text;
  }

  #take(text: string): void {
    if (!this.#isSymbol(text)) this.#fail();
    this.#at++;
  }

  #fail(): never {
    throw new Error(`FHIRPath: unexpected "${this.#peek().text}" in "${this.#source}"`);
  }

  #expression(floor: number): Ast {
    let left = this.#unary();
    for (;;) {
      const token = this.#peek();
      const strength = token.kind === 'symbol' || token.kind === 'name' ? PRECEDENCE[token.text] : undefined;
      if (strength === undefined || strength <= floor) return left;
      this.#at++;
      left =
        token.text === 'is' || token.text === 'as'
          ? { kind: 'type', op: token.text, of: left, type: this.#typeName() }
          : { kind: 'binary', op: token.text, left, right: this.#expression(strength) };
    }
  }

  #typeName(): string {
    let name = this.#identifier();
    // `System.String` and `FHIR.Patient`: the last part is the name.
    while (this.#isSymbol('.') && /^[A-Z]/.test(this.#tokens[this.#at + 1]?.text ?? '')) {
      this.#at++;
      name = this.#identifier();
    }
    return name;
  }

  #identifier(): string {
    const token = this.#next();
    if (token.kind !== 'name' && token.kind !== 'quoted') {
      this.#at--;
      this.#fail();
    }
    return token.text;
  }

  #unary(): Ast {
    if (this.#isSymbol('-')) {
      this.#at++;
      return { kind: 'negate', of: this.#unary() };
    }
    let ast = this.#term();
    for (;;) {
      if (this.#isSymbol('.')) {
        this.#at++;
        ast = this.#member(ast);
      } else if (this.#isSymbol('[')) {
        this.#at++;
        const index = this.#expression(0);
        this.#take(']');
        ast = { kind: 'item', of: ast, index };
      } else {
        return ast;
      }
    }
  }

  #member(of: Ast | undefined): Ast {
    if (this.#peek().kind === 'dollar' && of !== undefined) this.#fail();
    const name = this.#identifier();
    if (this.#isSymbol('(')) return { kind: 'call', of, name, args: this.#args(name) };
    return of === undefined ? { kind: 'name', name } : { kind: 'path', of, name };
  }

  #args(name: string): Ast[] {
    this.#take('(');
    const args: Ast[] = [];
    if (name === 'ofType' || name === 'as' || name === 'is') {
      args.push({ kind: 'name', name: this.#typeName() });
    } else {
      while (!this.#isSymbol(')')) {
        args.push(this.#expression(0));
        if (!this.#isSymbol(',')) break;
        this.#at++;
      }
    }
    this.#take(')');
    return args;
  }

  #term(): Ast {
    const token = this.#peek();
    switch (token.kind) {
      case 'string':
        this.#at++;
        return { kind: 'literal', value: token.text };
      case 'number':
        this.#at++;
        return { kind: 'literal', value: Number(token.text) };
      case 'variable':
        this.#at++;
        return { kind: 'variable', name: token.text };
      case 'dollar':
        return this.#dollar();
      case 'name':
      case 'quoted':
        if (token.kind === 'name' && (token.text === 'true' || token.text === 'false')) {
          this.#at++;
          return { kind: 'literal', value: token.text === 'true' };
        }
        return this.#member(undefined);
      default:
        return this.#bracketed();
    }
  }

  #dollar(): Ast {
    const { text } = this.#next();
    if (text === '$this') return { kind: 'this' };
    if (text === '$index') return { kind: 'index' };
    this.#at--;
    return this.#fail();
  }

  #bracketed(): Ast {
    if (this.#isSymbol('{')) {
      this.#at++;
      this.#take('}');
      return { kind: 'empty' };
    }
    this.#take('(');
    const inner = this.#expression(0);
    this.#take(')');
    return inner;
  }
}
