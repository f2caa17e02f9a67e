import { largest } from '../model/group.ts';

/** Reading objects that somebody else wrote: own properties only, and nothing is taken to be of a type that it is not. */

export type Json = unknown;

export function get(value: Json, ...path: readonly (string | number)[]): Json {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Readonly<Record<string | number, Json>>)[step];
  }
  return current;
}

export function text(value: Json): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function texts(value: Json): readonly string[] {
  return list(value).filter((item): item is string => typeof item === 'string' && item !== '');
}

/** A string map; values that are no strings (a bare `yes` or a number in YAML) count as their text. */
export function stringMap(value: Json): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([key, item]) => [key, typeof item === 'string' ? item : JSON.stringify(item)] as const);
}

/** A whole number, also one that was quoted. */
export function integer(value: Json): number | null {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  return typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value) ? Number(value) : null;
}

/** Milliseconds since 1970. */
export function time(value: Json): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : value instanceof Date ? value.getTime() : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** The latest of those that are known. */
export function maxTime(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : largest(known);
}
