/** The filter language of docs/search.md, parsed in the browser: comparisons joined by AND, OR, NOT and parentheses. */

export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE" | "RLIKE" | "IN" | "BETWEEN" | "IS NULL";

export interface Comparison {
  kind: "comparison";
  /** Column as the table names it: `metrics.loss`, `metrics.loss@min`, `attributes.status`. */
  column: string;
  operator: Operator;
  negated: boolean;
  values: (string | number)[];
  /** Where it stands in the text. */
  start: number;
  end: number;
}

export type Expression = Comparison | { kind: "and" | "or"; parts: Expression[] } | { kind: "not"; part: Expression };

export class FilterError extends Error {
  constructor(
    message: string,
    readonly start: number,
    readonly end: number,
  ) {
    super(message);
  }
}

interface Token {
  kind: "word" | "number" | "text" | "quoted" | "sign" | "end";
  text: string;
  start: number;
  end: number;
}

const KINDS: Record<string, string> = {
  metric: "metrics", metrics: "metrics", param: "params", params: "params", parameter: "params", parameters: "params",
  tag: "tags", tags: "tags", attribute: "attributes", attributes: "attributes", attr: "attributes", run: "attributes",
  dataset: "datasets", datasets: "datasets",
};
const ATTRIBUTES = ["run_id", "run_name", "status", "user_id", "start_time", "end_time", "experiment_id", "lifecycle_stage"];
const NUMBER_ATTRIBUTES = ["start_time", "end_time"];
const TOKEN = /\s*(?:([<>!]=|[=<>(),])|(-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w./:-]))|('(?:[^'\\]|\\'|\\(?!')|'')*')|("(?:[^"]|"")*")|((?:[\w/:-]|[.](?![`"]))+(?:\.(?:`[^`]*`|"(?:[^"]|"")*"))?)|(`[^`]*`)|(\S))/y;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) break;
    const [whole, sign, number, single, double, word, tick, other] = match;
    const content = whole.trimStart();
    const start = at + whole.length - content.length;
    at += whole.length;
    const place = { start, end: at };
    if (sign) found.push({ kind: "sign", text: sign, ...place });
    else if (number) found.push({ kind: "number", text: number, ...place });
    else if (single) found.push({ kind: "text", text: single.slice(1, -1).replace(/\\'|''/g, "'"), ...place });
    else if (double) found.push({ kind: "text", text: double.slice(1, -1).replace(/""/g, '"'), ...place });
    else if (word) found.push({ kind: "word", text: word, ...place });
    else if (tick) found.push({ kind: "quoted", text: tick.slice(1, -1), ...place });
    else throw new FilterError(`unexpected ${JSON.stringify(other)}`, start, at);
  }
  found.push({ kind: "end", text: "", start: text.trimEnd().length, end: text.length + 1 });
  return found;
}

/** The expression that a text means, null for none. Raises FilterError with the place. */
export function parseFilter(text: string): Expression | null {
  if (!text.trim()) return null;
  return new Parser(tokens(text)).whole();
}

class Parser {
  private at = 0;

  constructor(private readonly tokens: Token[]) {}

  whole(): Expression {
    const found = this.or();
    const rest = this.next;
    if (rest.kind !== "end") throw this.error(`expected AND or OR, found ${shown(rest)}`);
    return found;
  }

  private get next(): Token {
    return this.tokens[this.at] as Token;
  }

  private take(): Token {
    return this.tokens[this.at++] as Token;
  }

  private error(message: string, token = this.next): FilterError {
    return new FilterError(message, token.start, Math.max(token.end, token.start + 1));
  }

  private word(...words: string[]): boolean {
    const token = this.next;
    if (token.kind !== "word" || !words.includes(token.text.toUpperCase())) return false;
    this.at += 1;
    return true;
  }

  private sign(text: string): boolean {
    if (this.next.kind !== "sign" || this.next.text !== text) return false;
    this.at += 1;
    return true;
  }

  private or(): Expression {
    const parts = [this.and()];
    while (this.word("OR")) parts.push(this.and());
    return parts.length === 1 ? (parts[0] as Expression) : { kind: "or", parts };
  }

  private and(): Expression {
    const parts = [this.not()];
    while (this.word("AND")) parts.push(this.not());
    return parts.length === 1 ? (parts[0] as Expression) : { kind: "and", parts };
  }

  private not(): Expression {
    if (this.word("NOT")) return { kind: "not", part: this.not() };
    if (!this.sign("(")) return this.comparison();
    const inside = this.or();
    if (!this.sign(")")) throw this.error(`expected ), found ${shown(this.next)}`);
    return inside;
  }

  private comparison(): Comparison {
    const start = this.next.start;
    const column = this.column();
    const numeric = isNumeric(column);
    const made = (operator: Operator, negated: boolean, values: (string | number)[]): Comparison => ({
      kind: "comparison", column, operator, negated, values, start, end: (this.tokens[this.at - 1] as Token).end,
    });
    if (this.word("IS")) {
      const negated = this.word("NOT");
      if (!this.word("NULL")) throw this.error(`expected NULL, found ${shown(this.next)}`);
      return made("IS NULL", negated, []);
    }
    const negated = this.word("NOT");
    const operator = this.operator(negated);
    if (operator === "IN") return made("IN", negated, this.texts());
    if (operator === "BETWEEN") {
      const low = this.value(numeric);
      if (!this.word("AND")) throw this.error(`expected AND, found ${shown(this.next)}`);
      return made("BETWEEN", negated, [low, this.value(numeric)]);
    }
    if (!numeric && ["<", "<=", ">", ">="].includes(operator)) {
      throw this.error(`${column} is text: it takes =, !=, LIKE, ILIKE, RLIKE, IN, IS NULL`, this.tokens[this.at - 1]);
    }
    if (numeric && ["LIKE", "ILIKE", "RLIKE"].includes(operator)) {
      throw this.error(`${column} is a number: it takes =, !=, <, <=, >, >=, BETWEEN, IS NULL`, this.tokens[this.at - 1]);
    }
    return made(operator, negated, [this.value(numeric)]);
  }

  private operator(negated: boolean): Operator {
    const token = this.take();
    const text = token.text.toUpperCase();
    const signs = ["=", "!=", "<", "<=", ">", ">="];
    if (token.kind === "sign" && signs.includes(text) && !negated) return text as Operator;
    if (token.kind === "word" && ["LIKE", "ILIKE", "RLIKE", "IN", "BETWEEN"].includes(text)) return text as Operator;
    throw this.error(`expected an operator, found ${shown(token)}`, token);
  }

  private column(): string {
    const token = this.take();
    if (token.kind !== "word") throw this.error(`expected a name such as metrics.loss, found ${shown(token)}`, token);
    const dot = token.text.indexOf(".");
    if (dot < 0) {
      if (ATTRIBUTES.includes(token.text)) return `attributes.${token.text}`;
      throw this.error(`there is no ${token.text}; names are such as metrics.loss, params.lr, status`, token);
    }
    const kind = KINDS[token.text.slice(0, dot)];
    if (!kind) throw this.error(`cannot search by ${token.text.slice(0, dot)}; did you mean metrics, params or tags?`, token);
    const key = unwrapped(token.text.slice(dot + 1));
    if (kind === "attributes" && !ATTRIBUTES.includes(key)) throw this.error(`there is no attribute ${key}`, token);
    if (!key) throw this.error(`${token.text} names no key`, token);
    return `${kind}.${key}`;
  }

  private value(numeric: boolean): string | number {
    const token = this.take();
    if (token.kind === "word" && /^[+-]?inf(inity)?$/i.test(token.text)) {
      return token.text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    if (numeric) {
      if (token.kind === "number") return Number(token.text);
      throw this.error(`expected a number, found ${shown(token)}`, token);
    }
    if (token.kind === "text") return token.text;
    throw this.error(`expected text in quotes, found ${shown(token)}`, token);
  }

  private texts(): (string | number)[] {
    if (!this.sign("(")) throw this.error(`expected (, found ${shown(this.next)}`);
    const found: (string | number)[] = [];
    do found.push(this.value(false));
    while (this.sign(","));
    if (!this.sign(")")) throw this.error(`expected , or ), found ${shown(this.next)}`);
    return found;
  }
}

export function isNumeric(column: string): boolean {
  return column.startsWith("metrics.") || NUMBER_ATTRIBUTES.some((name) => column === `attributes.${name}`);
}

function unwrapped(key: string): string {
  if (key.startsWith("`")) return key.slice(1, -1);
  if (key.startsWith('"')) return key.slice(1, -1).replace(/""/g, '"');
  return key;
}

function shown(token: Token): string {
  return token.kind === "end" ? "the end" : JSON.stringify(token.text);
}
