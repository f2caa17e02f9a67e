/** Calico's language of selectors, as its documentation has it: `a == 'b' && c in { 'd', "e" } && has(f) && !has(g)`. */
export type Matches = (labels: ReadonlyMap<string, string>) => boolean;

const TOKEN = /\s*(?:('[^']*'|"[^"]*")|(==|!=|&&|[!{},()])|([A-Za-z0-9_./-]+))/y;

function tokens(expression: string): readonly string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const match = TOKEN.exec(expression);
    if (match === null) throw new Error(`${expression}: cannot be read`);
    found.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return found;
}

/** Throws where the expression cannot be read. */
export function parseSelector(expression: string): Matches {
  const rest = [...tokens(expression)];
  const take = (wanted?: string): string => {
    const token = rest.shift();
    if (token === undefined || (wanted !== undefined && token !== wanted)) throw new Error(`${expression}: ${wanted ?? 'more'} expected, not ${token ?? 'its end'}`);
    return token;
  };
  const value = (): string => {
    const token = take();
    if (!/^(['"]).*\1$/.test(token)) throw new Error(`${expression}: ${token} is no value`);
    return token.slice(1, -1);
  };
  const values = (): readonly string[] => {
    const all: string[] = [];
    take('{');
    do all.push(value());
    while (rest[0] === ',' && take() !== '');
    take('}');
    return all;
  };
  const call = (): string => {
    take('(');
    const key = take();
    take(')');
    return key;
  };
  const term = (): Matches => {
    const token = take();
    if (token === '!') {
      const own = term();
      return (labels) => !own(labels);
    }
    if (token === 'all' && rest[0] === '(') {
      take('(');
      take(')');
      return () => true;
    }
    if (token === 'has' && rest[0] === '(') {
      const key = call();
      return (labels) => labels.has(key);
    }
    if (!/^[A-Za-z0-9]/.test(token)) throw new Error(`${expression}: ${token} is no label`);
    const operator = take();
    if (operator === '==') {
      const wanted = value();
      return (labels) => labels.get(token) === wanted;
    }
    if (operator === 'in') {
      const wanted = values();
      return (labels) => wanted.includes(labels.get(token) ?? '\0');
    }
    if (operator !== 'not') throw new Error(`${expression}: ${operator} is no operator`);
    take('in');
    const unwanted = values();
    return (labels) => !unwanted.includes(labels.get(token) ?? '\0');
  };
  const terms = [term()];
  while (rest.length > 0) {
    take('&&');
    terms.push(term());
  }
  return (labels) => terms.every((matches) => matches(labels));
}
