/** What the source of a function says of its parameters. */
export interface ParameterList {
  /** Those with a default value included, the rest parameter not. */
  readonly count: number;
  readonly hasRest: boolean;
}

const OPENING = '([{';
const CLOSING = ')]}';
/** Behind one of these (or at the start) a slash begins a regular expression; behind anything else it divides. */
const BEFORE_EXPRESSION = '=([{,;:?!&|+-*%^~<>';

/**
 * Reads a function's parameter list. Not a parser: it knows what may hold brackets and commas that mean nothing
 * (strings, templates, comments, regular expressions) and counts the commas that are left.
 *
 * @param source as of `Function.prototype.toString`
 * @returns undefined when it shows no source (native, bound or proxied functions)
 */
export function readParameterList(source: string): ParameterList | undefined {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return undefined;
  const start = findStart(source);
  if (start === 'one name') return { count: 1, hasRest: false };
  return start === undefined ? undefined : readFrom(source, start + 1);
}

/** Where the list opens. `one name`: an arrow function without brackets. */
function findStart(source: string): number | 'one name' | undefined {
  for (let at = 0; at < source.length;) {
    const behind = skipOpaque(source, at);
    if (behind !== at) at = behind;
    else if (source[at] === '(') return at;
    else if (source.startsWith('=>', at)) return 'one name';
    // a computed name: anything may stand in it
    else at = source[at] === '[' ? skipBrackets(source, at) : at + 1;
  }
  return undefined;
}

function readFrom(source: string, start: number): ParameterList | undefined {
  let count = 0;
  let begun = false;
  for (let at = start; at < source.length;) {
    const char = source[at]!;
    const behind = skipOpaque(source, at);
    if (behind !== at) at = behind;
    else if (char === ')') return { count: begun ? count + 1 : count, hasRest: false };
    else if (!begun && source.startsWith('...', at)) return { count, hasRest: true };
    else if (char === ',') {
      if (begun) count++;
      begun = false;
      at++;
    } else {
      begun ||= /\S/.test(char);
      at = OPENING.includes(char) ? skipBrackets(source, at) : at + 1;
    }
  }
  return undefined;
}

/** @returns the index behind the bracket that closes the one at `start` */
function skipBrackets(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length;) {
    const behind = skipOpaque(source, at);
    if (behind !== at) {
      at = behind;
      continue;
    }
    if (OPENING.includes(source[at]!)) depth++;
    else if (CLOSING.includes(source[at]!)) depth--;
    at++;
    if (depth === 0) return at;
  }
  return source.length;
}

/** @returns the index behind the comment, string, template or regular expression at `at`; `at` when there is none */
function skipOpaque(source: string, at: number): number {
  const char = source[at];
  if (char === '"' || char === "'") return skipQuoted(source, at, char);
  if (char === '`') return skipTemplate(source, at);
  if (char !== '/') return at;
  if (source[at + 1] === '/') return indexBehind(source, '\n', at);
  if (source[at + 1] === '*') return indexBehind(source, '*/', at + 2);
  const before = source.slice(0, at).trimEnd().at(-1);
  return before === undefined || BEFORE_EXPRESSION.includes(before) ? skipRegExp(source, at) : at;
}

function skipQuoted(source: string, start: number, quote: string): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === quote) return at + 1;
  }
  return source.length;
}

function skipTemplate(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '`') return at + 1;
    else if (source.startsWith('${', at)) at = skipBrackets(source, at + 1) - 1;
  }
  return source.length;
}

function skipRegExp(source: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < source.length; at++) {
    const char = source[at];
    if (char === '\\') at++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at + 1;
  }
  return source.length;
}

function indexBehind(source: string, text: string, from: number): number {
  const found = source.indexOf(text, from);
  return found < 0 ? source.length : found + text.length;
}
