import { cidrContains, parseCidr, type Address } from '../../model/address.ts';
import { headerOf } from './attributes.ts';
import { inTrustDomains, namespaceTest, serviceAccountTest, trustDomainTest } from './identity.ts';
import { pathTest } from './path.ts';
import type { MeshRequest } from './request.ts';
import { textTest } from './text-match.ts';

/** Whether a request has one of the values of an attribute, and none of those that it must not have. */
export interface Condition {
  readonly attribute: string;
  matches(request: MeshRequest): boolean;
  /** Whether the request says anything of the attribute at all. */
  isSaid(request: MeshRequest): boolean;
}

/** What the values of a condition are read with. */
export interface Reading {
  /** The policy's. */
  readonly namespace: string;
  /** The mesh's own first, then its aliases. */
  readonly trustDomains: readonly string[];
  readonly isZtunnel: boolean;
}

export interface ValueLists {
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

type Test<Value> = (value: Value) => boolean;

/** What is not there is none of any values: `values` do not match it, `notValues` do. */
function condition<Value>(attribute: string, read: (request: MeshRequest) => Value | null, testOf: (value: string) => Test<Value>, { values, notValues }: ValueLists): Condition {
  const [wanted, unwanted] = [values.map(testOf), notValues.map(testOf)];
  const isAny = (tests: readonly Test<Value>[], value: Value | null): boolean => value !== null && tests.some((test) => test(value));
  return {
    attribute,
    matches: (request) => {
      const value = read(request);
      return (wanted.length === 0 || isAny(wanted, value)) && !isAny(unwanted, value);
    },
    isSaid: (request) => read(request) !== null,
  };
}

export function compileCondition(attribute: string, lists: ValueLists, reading: Reading): Condition {
  const { namespace, trustDomains, isZtunnel } = reading;
  switch (attribute) {
    case 'source.principal':
      return condition(attribute, principalOf, principalTest(isZtunnel ? [] : trustDomains), lists);
    case 'source.namespace':
      return condition(attribute, principalOf, (value) => namespaceTest(value, isZtunnel), lists);
    case 'source.serviceAccount':
      return condition(attribute, principalOf, (value) => serviceAccountTest(value, namespace), lists);
    case 'source.trustDomain':
      return condition(attribute, principalOf, (value) => trustDomainTest(value, trustDomains), lists);
    case 'source.ip':
    case 'remote.ip':
      return condition(attribute, ({ ip }) => ip, rangeTest, lists);
    case 'destination.ip':
      return condition(attribute, ({ destination }) => destination, rangeTest, lists);
    case 'destination.port':
      return condition(attribute, ({ port }) => port, (value) => (port) => port === Number(value), lists);
    case 'connection.sni':
      return condition(attribute, ({ sni }) => sni, textTest, lists);
    case 'hosts':
      return condition(attribute, ({ host }) => host, hostTest, lists);
    case 'methods':
      return condition(attribute, ({ method }) => method, headerTest, lists);
    case 'paths':
      return condition(attribute, ({ path }) => path, pathTest, lists);
    default: {
      const header = headerOf(attribute);
      return condition(attribute, (request) => (header === null ? null : headerIn(request, header)), headerTest, lists);
    }
  }
}

const principalOf = ({ principal }: MeshRequest): string | null => principal;

/** ztunnel knows of no aliases. */
function principalTest(trustDomains: readonly string[]): (value: string) => Test<string> {
  return (value) => {
    const tests = (trustDomains.length === 0 ? [value] : inTrustDomains(value, trustDomains)).map(textTest);
    return (principal) => tests.some((test) => test(principal));
  };
}

function rangeTest(value: string): Test<Address> {
  const range = parseCidr(value);
  return (address) => range !== null && cidrContains(range, address);
}

/** A header that is there is there, even if it is empty. */
function headerTest(value: string): Test<string> {
  return value === '*' ? () => true : textTest(value);
}

/** With its port, if the request has it there: `example.com:*` is a value of its own. */
function hostTest(value: string): Test<string> {
  const test = headerTest(value.toLowerCase());
  return (host) => test(host.toLowerCase());
}

/** What HTTP/2 calls its pseudo-headers are headers to a proxy. */
function headerIn({ host, method, path, headers }: MeshRequest, name: string): string | null {
  switch (name) {
    case ':authority':
    case 'host':
      return host;
    case ':method':
      return method;
    case ':path':
      return path;
    default:
      return headers.get(name) ?? null;
  }
}
