import type { Definitions, ElementDefinition } from '../definitions.ts';
import { FUNCTIONS, ITERATORS } from './functions.ts';
import { NONE, type Nodes, type Run, readElement, type Scope } from './nodes.ts';
import { binaryOperator } from './operators.ts';
import { type Ast, parsePath } from './parse.ts';
import { isOfType, isSubtype } from './type-test.ts';

/**
 * A compiled expression. `type` is the FHIR type of what it gives where that is known before running;
 * `choices` names the properties of a choice element that has not been narrowed yet.
 */
export interface Compiled {
  readonly run: Run;
  readonly type: string | undefined;
  /** Value set of the element's required binding. */
  readonly binding?: string;
  readonly choices?: { readonly of: Compiled; readonly keys: readonly ChoiceKey[]; narrow(index: number): Compiled };
}

export interface ChoiceKey {
  readonly key: string;
  readonly type: string;
}

/** Compiles an expression on a given type (`Patient`, `Patient.contact`, `Period`). Throws on what it does not know. */
export function compilePath(expression: string, type: string, definitions: Definitions): Compiled {
  return compileAst(parsePath(expression), type, definitions);
}

/** Compiles a tree whose names are relative to `type`. */
export function compileAst(ast: Ast, type: string | undefined, definitions: Definitions): Compiled {
  const compiler = new PathCompiler(definitions);
  return compiler.compile(ast, { type, run: (focus) => focus });
}

/** Evaluates on one resource. */
export function evaluate(compiled: Compiled, resource: unknown, resolve?: Scope['resolve']): Nodes {
  const scope: Scope = { resource, rootResource: resource, context: resource, ...(resolve ? { resolve } : {}) };
  return compiled.run([resource], scope);
}

class PathCompiler {
  readonly #definitions: Definitions;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** `focus` is what a bare name starts from. */
  compile(ast: Ast, focus: Compiled): Compiled {
    switch (ast.kind) {
      case 'literal': {
        const nodes: Nodes = [ast.value];
        return { type: undefined, run: () => nodes };
      }
      case 'empty':
        return { type: undefined, run: () => NONE };
      case 'this':
        return { type: focus.type, run: (input, scope) => (scope.self === undefined ? input : [scope.self]) };
      case 'index':
        return { type: 'integer', run: (_, scope) => (scope.index === undefined ? NONE : [scope.index]) };
      case 'variable':
        return this.#variable(ast.name);
      case 'name':
        return this.#isOwnType(ast.name, focus) ? focus : this.#step(focus, ast.name);
      case 'path':
        return this.#step(this.compile(ast.of, focus), ast.name);
      case 'item':
        return this.#item(ast, focus);
      case 'negate': {
        const inner = this.compile(ast.of, focus);
        return { type: inner.type, run: (input, scope) => inner.run(input, scope).map((node) => -(node as number)) };
      }
      case 'type':
        return this.#typed(this.compile(ast.of, focus), ast.op, ast.type);
      case 'binary':
        return this.#binary(ast, focus);
      case 'call':
        return this.#call(ast, focus);
    }
  }

  /** `Patient.name` on a Patient, `Resource.id` on anything: the leading type name stands for the focus itself. */
  #isOwnType(name: string, focus: Compiled): boolean {
    if (!/^[A-Z]/.test(name)) return false;
    if (focus.type === undefined || focus.type === name || name === 'Resource' || name === 'DomainResource')
      return true;
    throw new Error(`FHIRPath: ${name} is not the type ${focus.type}`);
  }

  #variable(name: string): Compiled {
    if (name === 'resource') return { type: undefined, run: (_, scope) => [scope.resource] };
    if (name === 'rootResource') return { type: undefined, run: (_, scope) => [scope.rootResource] };
    if (name === 'context') return { type: undefined, run: (_, scope) => [scope.context] };
    if (name === 'ucum') return { type: 'uri', run: () => ['http://unitsofmeasure.org'] };
    throw new Error(`FHIRPath: unknown variable %${name}`);
  }

  #step(of: Compiled, name: string): Compiled {
    const element = of.type === undefined ? undefined : this.#definitions.element(of.type, name);
    if (element?.choice) {
      const keys = choiceKeys(element);
      return {
        type: undefined,
        choices: {
          of,
          keys,
          narrow: (index) => ({ type: keys[index]!.type, run: readAny(of.run, [keys[index]!.key]) }),
        },
        run: readAny(
          of.run,
          keys.map((choice) => choice.key),
        ),
      };
    }
    const run = of.run;
    if (element === undefined) return { type: undefined, run: readDynamic(run, name) };
    return {
      type: element.nested ?? (element.types.length === 1 ? element.types[0]!.code : undefined),
      ...(element.binding === undefined ? {} : { binding: element.binding }),
      run: readAny(run, [name]),
    };
  }

  #item(ast: Extract<Ast, { kind: 'item' }>, focus: Compiled): Compiled {
    const of = this.compile(ast.of, focus);
    const index = this.compile(ast.index, focus);
    return {
      type: of.type,
      run: (input, scope) => {
        const at = index.run(input, scope)[0] as number;
        const nodes = of.run(input, scope);
        return at < nodes.length ? [nodes[at]] : NONE;
      },
    };
  }

  #typed(of: Compiled, op: 'is' | 'as', type: string): Compiled {
    if (of.choices !== undefined) {
      const chosen = of.choices.keys.filter((choice) => isSubtype(choice.type, type, this.#definitions));
      const keys = chosen.map((choice) => choice.key);
      const run = keys.length === 0 ? () => NONE : readAny(of.choices.of.run, keys);
      if (op === 'as') return { type: chosen.length === 1 ? chosen[0]!.type : type, run };
      const whole = of.run;
      return {
        type: 'boolean',
        run: (input, scope) => (whole(input, scope).length === 0 ? NONE : [run(input, scope).length > 0]),
      };
    }
    const run = of.run;
    const known = of.type;
    const test = (node: unknown) =>
      known !== undefined && isSubtype(known, type, this.#definitions) ? true : isOfType(node, type, this.#definitions);
    if (op === 'as') return { type, run: (input, scope) => run(input, scope).filter(test) };
    return {
      type: 'boolean',
      run: (input, scope) => {
        const nodes = run(input, scope);
        return nodes.length === 0 ? NONE : [test(nodes[0])];
      },
    };
  }

  #binary(ast: Extract<Ast, { kind: 'binary' }>, focus: Compiled): Compiled {
    const left = this.compile(ast.left, focus);
    const right = this.compile(ast.right, focus);
    const type = ast.op === '|' && left.type === right.type ? left.type : undefined;
    return { type, run: binaryOperator(ast.op, left.run, right.run) };
  }

  #call(ast: Extract<Ast, { kind: 'call' }>, focus: Compiled): Compiled {
    const of = ast.of === undefined ? focus : this.compile(ast.of, focus);
    const [first] = ast.args;
    if ((ast.name === 'ofType' || ast.name === 'as') && first?.kind === 'name')
      return this.#typed(of, 'as', first.name);
    if (ast.name === 'is' && first?.kind === 'name') return this.#typed(of, 'is', first.name);

    const iterator = ITERATORS[ast.name];
    if (iterator !== undefined && (first !== undefined || iterator.bare !== undefined)) {
      const inner = first === undefined ? undefined : this.compile(first, { type: of.type, run: (input) => input });
      const keepsType = ast.name === 'where' || ast.name === 'exists' || ast.name === 'all';
      const run = iterator.compile(of.run, inner?.run);
      return { type: keepsType ? of.type : inner?.type, run };
    }
    if (ast.name === 'iif') return this.#iif(of, ast.args);

    const make = FUNCTIONS[ast.name];
    if (make === undefined) throw new Error(`FHIRPath: unknown function ${ast.name}()`);
    const args = ast.args.map((arg) => this.compile(arg, focus).run);
    const keepsType = ['first', 'last', 'tail', 'skip', 'take', 'trace', 'distinct', 'not'].includes(ast.name);
    const type = ast.name === 'extension' ? 'Extension' : keepsType ? of.type : undefined;
    return { type, run: make(of.run, args) };
  }

  #iif(of: Compiled, args: readonly Ast[]): Compiled {
    const [test, yes, no] = args.map((arg) => this.compile(arg, { type: of.type, run: (input) => input }).run);
    if (test === undefined || yes === undefined) throw new Error('FHIRPath: iif() needs two arguments');
    return {
      type: undefined,
      run: (input, scope) => {
        const nodes = of.run(input, scope);
        if (test(nodes, scope)[0] === true) return yes(nodes, scope);
        return no === undefined ? NONE : no(nodes, scope);
      },
    };
  }
}

/** The JSON properties a choice element may stand under. */
export function choiceKeys(element: ElementDefinition): ChoiceKey[] {
  return element.types.map(({ code }) => ({ key: element.name + code[0]!.toUpperCase() + code.slice(1), type: code }));
}

function readAny(of: Run, names: readonly string[]): Run {
  const [only] = names;
  // Made once: a name that is put together has to be hashed at each look-up.
  const siblings = names.map((name) => `_${name}`);
  if (names.length === 1 && only !== undefined) {
    const sibling = siblings[0]!;
    return (input, scope) => {
      const nodes = of(input, scope);
      if (nodes.length === 0) return NONE;
      const out: unknown[] = [];
      for (const node of nodes) readElement(node, only, out, sibling);
      return out;
    };
  }
  return (input, scope) => {
    const out: unknown[] = [];
    for (const node of of(input, scope)) {
      for (let at = 0; at < names.length; at++) readElement(node, names[at]!, out, siblings[at]!);
    }
    return out;
  };
}

/** Where the type is not known before running: the property itself, else the one whose name continues with a type. */
function readDynamic(of: Run, name: string): Run {
  return (input, scope) => {
    const out: unknown[] = [];
    for (const node of of(input, scope)) {
      const before = out.length;
      readElement(node, name, out);
      if (out.length === before && typeof node === 'object' && node !== null) {
        for (const key of Object.keys(node)) {
          if (key.length > name.length && key.startsWith(name) && /[A-Z]/.test(key[name.length]!))
            readElement(node, key, out);
        }
      }
    }
    return out;
  };
}
