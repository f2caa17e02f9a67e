/** What an object of an API may look like: fields by name, and nothing else. Each check says what is wrong, and where. */
export type Shape = (value: unknown, at: string) => readonly string[];

export function object(fields: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`];
    const own = new Map(Object.entries(value));
    return [
      ...[...own.keys()].filter((key) => fields[key] === undefined).map((key) => `${at}.${key} is no field`),
      ...required.filter((key) => own.get(key) === undefined).map((key) => `${at}.${key} is missing`),
      ...[...own].flatMap(([key, item]) => fields[key]?.(item, `${at}.${key}`) ?? []),
    ];
  };
}

export function list(item: Shape, { min = 0, max = Infinity }: { readonly min?: number; readonly max?: number } = {}): Shape {
  return (value, at) => {
    if (!Array.isArray(value)) return [`${at} is no list`];
    const size = value.length < min || value.length > max ? [`${at} has ${value.length} items`] : [];
    return [...size, ...value.flatMap((own, i) => item(own, `${at}[${i}]`))];
  };
}

export function map(key: RegExp, item: Shape): Shape {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no map`];
    return Object.entries(value).flatMap(([own, told]) => [...(key.test(own) ? [] : [`${at}: ${own} is no key`]), ...item(told, `${at}.${own}`)]);
  };
}

export function text(pattern: RegExp): Shape {
  return (value, at) => (typeof value === 'string' && pattern.test(value) ? [] : [`${at}: ${JSON.stringify(value)}`]);
}

export function oneOf(...values: readonly unknown[]): Shape {
  return (value, at) => (values.includes(value) ? [] : [`${at}: ${JSON.stringify(value)} is none of ${values.join(', ')}`]);
}

export function integer(min: number, max: number): Shape {
  return (value, at) => (Number.isInteger(value) && Number(value) >= min && Number(value) <= max ? [] : [`${at}: ${JSON.stringify(value)}`]);
}

export function either(...shapes: readonly Shape[]): Shape {
  return (value, at) => (shapes.some((shape) => shape(value, at).length === 0) ? [] : shapes.flatMap((shape) => shape(value, at)));
}

/** What must hold beside the shape: `told` says what does not. */
export function where(shape: Shape, told: (value: never, at: string) => readonly string[]): Shape {
  return (value, at) => {
    const wrong = shape(value, at);
    return wrong.length > 0 ? wrong : told(value as never, at);
  };
}

export const metadata = object({ name: text(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/), namespace: text(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/), labels: map(/./, text(/^[A-Za-z0-9._-]*$/)) }, ['name', 'namespace']);
