import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isClusterName, isKind, isLabelKey, isLabelName, isLabelValue, isPortName, isSubdomain } from '../../src/model/names.ts';

const x = (n: number): string => 'x'.repeat(n);

type Case = readonly [text: string, expected: boolean];

describe.each<readonly [string, (text: string) => boolean, readonly Case[]]>([
  [
    'the name of a namespace',
    isLabelName,
    [
      ['shop', true],
      ['a', true],
      ['7', true],
      ['kube-system', true],
      ['a--b', true],
      [x(63), true],
      [x(64), false],
      ['', false],
      ['-shop', false],
      ['shop-', false],
      ['Shop', false],
      ['shop.pay', false],
      ['shop_pay', false],
      ['shop/pay', false],
      ['..', false],
      ['shöp', false],
      ['shop\n', false],
      ['shop\u0000', false],
    ],
  ],
  [
    'the name of a pod',
    isSubdomain,
    [
      ['web-6b746f74dc-9rcxx', true],
      ['node-1.example.com', true],
      ['system:node', false],
      ['a.b.c', true],
      ['.a', false],
      ['a.', false],
      ['a..b', false],
      ['a.-b', false],
      ['', false],
      [`${x(63)}.${x(63)}.${x(63)}.${x(61)}`, true],
      [`${x(63)}.${x(63)}.${x(63)}.${x(62)}`, false],
      ['../../etc/passwd', false],
      ['web\u001b[31m', false],
    ],
  ],
  [
    'a kind',
    isKind,
    [
      ['Deployment', true],
      ['CronJob', true],
      ['deployment', true],
      ['V1Thing', true],
      ['1Thing', false],
      ['Deploy-ment', false],
      ['', false],
      ['a\u001b[31m', false],
      [x(63), true],
      [x(64), false],
    ],
  ],
  [
    'the name of a cluster',
    isClusterName,
    [
      ['prod', true],
      ['Prod_EU.1', true],
      ['', false],
      ['-prod', false],
      ['prod/eu', false],
      ['../etc', false],
      [x(253), true],
      [x(254), false],
    ],
  ],
  [
    'the key of a label',
    isLabelKey,
    [
      ['app', true],
      ['App_1.x', true],
      ['app.kubernetes.io/name', true],
      ['', false],
      ['/name', false],
      ['app.kubernetes.io/', false],
      ['a/b/c', false],
      ['App/name', false], // the prefix is a DNS name
      ['app=x', false],
      ['app,x', false],
      ['-app', false],
      [x(63), true],
      [x(64), false],
      [`example.com/${x(63)}`, true],
    ],
  ],
  [
    'the value of a label',
    isLabelValue,
    [
      ['', true],
      ['web', true],
      ['v1.2_3-x', true],
      ['say "hi"', false],
      ['a,b', false],
      ['a=b', false],
      ['-a', false],
      [x(63), true],
      [x(64), false],
    ],
  ],
  [
    'the name of a port',
    isPortName,
    [
      ['http', true],
      ['http-2', true],
      ['8080', false], // no letter: it would be a number
      ['http--2', false],
      ['Http', false],
      ['', false],
      ['-http', false],
      [x(15), true],
      [x(16), false],
    ],
  ],
])('%s', (_, holds, cases) => {
  it.each(cases)('%j: %s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });
});

describe('names', () => {
  it('hold nothing that means something in a path, a label list, YAML or a terminal', () => {
    const tests = [isLabelName, isSubdomain, isKind, isClusterName, isLabelValue, isPortName];
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('/', '\\', '|', '>', '=', ',', ':', '"', "'", '\n', '\u001b', '\u0000', ' '),
        fc.string(),
        (before, bad, after) => {
          for (const holds of tests) expect(holds(before + bad + after)).toBe(false);
        },
      ),
    );
  });
});
