import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasNoOpening, successOf } from '../../src/learn/success.ts';
import type { Tally } from '../../src/model/edge.ts';
import type { Protocol, Witness } from '../../src/model/flow.ts';
import { evidence, witness } from '../support/evidence.ts';

const SHOWS = new Set(['hubble']);
const NEVER = new Set<string>();
const source = witness('source');
const server = witness('destination');
const proxy = witness('destination', 'envoy-access-log', 'inbound');
const client = witness('source', 'envoy-access-log', 'outbound');

type Seen = readonly (readonly [Witness, Partial<Tally>])[];
const of = (seen: Seen, protocol: Protocol = 'TCP', shown: ReadonlySet<string> = SHOWS): string =>
  successOf(evidence({ witnesses: seen }), protocol, shown);

describe('connections of an edge succeeded', () => {
  it.each<[string, Seen, string]>([
    ['if they were answered', [[server, { opened: 3, answered: 1 }]], 'confirmed'],
    ['if they were answered, however often they were refused', [[server, { opened: 9, answered: 1, refused: 8 }]], 'confirmed'],
    [
      'if anybody saw the answer',
      [
        [server, { opened: 1 }],
        [source, { answered: 1 }],
      ],
      'confirmed',
    ],
    ['if established traffic was answered', [[server, { ongoing: 1, answered: 1 }]], 'confirmed'],
    ['not if nothing was answered, where the source shows answers', [[server, { opened: 3 }]], 'none'],
    ['not if they were refused', [[server, { opened: 3, refused: 3 }]], 'none'],
    ['not if they were denied', [[server, { denied: 3 }]], 'none'],
    ['not if they failed', [[server, { failed: 3 }]], 'none'],
    ['not if they were only audited', [[server, { audited: 3 }]], 'none'],
    ['not if an answer was lost', [[server, { opened: 1, lostAnswers: 3 }]], 'none'],
  ])('%s', (_, seen, expected) => {
    expect(of(seen)).toBe(expected);
  });

  it.each<[string, Seen, Protocol, string]>([
    ['if they went through: it is judged by what it can show', [[server, { opened: 3 }]], 'TCP', 'unconfirmed'],
    ['if established traffic went through', [[server, { ongoing: 3 }]], 'TCP', 'unconfirmed'],
    ['if some went through', [[server, { opened: 3, refused: 2 }]], 'TCP', 'unconfirmed'],
    ['not if all were refused', [[server, { opened: 3, refused: 3 }]], 'TCP', 'none'],
    ['not if all failed', [[server, { failed: 3 }]], 'TCP', 'none'],
    ['where some were dropped on the way and others went through', [[server, { opened: 1, failed: 2 }]], 'TCP', 'unconfirmed'],
    ['not if they were denied', [[server, { denied: 3 }]], 'TCP', 'none'],
    ['not if they were only audited', [[server, { audited: 3 }]], 'UDP', 'none'],
  ])('where a source never shows answers, %s', (_, seen, protocol, expected) => {
    expect(of(seen, protocol, NEVER)).toBe(expected);
  });

  it.each<[string, Seen, string]>([
    ['if it went through', [[server, { opened: 3 }]], 'unconfirmed'],
    ['not if it was refused', [[server, { opened: 3, refused: 3 }]], 'none'],
    ['not if it was denied', [[server, { denied: 1 }]], 'none'],
    ['for sure, if it was answered', [[server, { opened: 3, answered: 3 }]], 'confirmed'],
  ])('without an answer over UDP, which nobody need answer, %s', (_, seen, expected) => {
    expect(of(seen, 'UDP', SHOWS)).toBe(expected);
  });

  it('is judged source by source: one that shows answers says nothing of another', () => {
    const other = witness('destination', 'netflow');
    expect(of([[other, { opened: 3 }]])).toBe('unconfirmed');
    expect(
      of([
        [server, { opened: 3 }],
        [other, { opened: 3 }],
      ]),
    ).toBe('unconfirmed');
    expect(of([[other, { opened: 3 }]], 'TCP', new Set(['hubble', 'netflow']))).toBe('none');
  });

  it('once answered, is never lost to more evidence, but to the server’s own word', () => {
    const counts = fc.record({
      opened: fc.nat(3),
      ongoing: fc.nat(3),
      answered: fc.nat(3),
      refused: fc.nat(3),
      failed: fc.nat(3),
      audited: fc.nat(3),
      lostAnswers: fc.nat(3),
    });
    const seen = fc.array(fc.tuple(fc.constantFrom(source, server, proxy, client), counts), { maxLength: 4 });
    fc.assert(
      fc.property(seen, seen, fc.constantFrom<Protocol>('TCP', 'UDP'), fc.constantFrom(SHOWS, NEVER), (some, more, protocol, shown) => {
        if (of(some, protocol, shown) === 'confirmed') expect(of([...some, ...more], protocol, shown)).toBe('confirmed');
        expect(of([...some, ...more], protocol, shown)).toBe(of([...more, ...some], protocol, shown));
      }),
    );
  });
});

describe('what the server’s proxy stopped did not succeed', () => {
  it.each<[string, Seen, string]>([
    [
      'though the client’s proxy saw an answer: it was the refusal',
      [
        [client, { opened: 1, answered: 1 }],
        [proxy, { denied: 1 }],
      ],
      'none',
    ],
    ['but the client’s word stands while the server’s end is not known', [[client, { opened: 1, answered: 1 }]], 'confirmed'],
    [
      'but one that got through counts',
      [
        [client, { opened: 2, answered: 2 }],
        [proxy, { denied: 1, opened: 1, answered: 1 }],
      ],
      'confirmed',
    ],
    [
      'but one that got through as the node saw it counts',
      [
        [client, { opened: 2, answered: 2 }],
        [proxy, { denied: 1 }],
        [server, { opened: 1 }],
      ],
      'confirmed',
    ],
    ['and what the client’s own end denied says nothing of the server', [[client, { opened: 1, answered: 1, denied: 1 }]], 'confirmed'],
  ])('%s', (_, seen, expected) => {
    expect(of(seen)).toBe(expected);
  });
});

describe('a connection that is older than the records', () => {
  it.each<[Partial<Tally>, boolean]>([
    [{ ongoing: 1 }, true],
    [{ answered: 1 }, true],
    [{ ongoing: 5, answered: 5 }, true],
    [{ opened: 1, ongoing: 5, answered: 5 }, false],
    [{ denied: 1 }, false],
    [{ lostAnswers: 1 }, false],
  ])('shows in %j: %s', (counts, expected) => {
    expect(hasNoOpening(evidence({ witnesses: [[server, counts]] }))).toBe(expected);
  });

  it('is not one that another witness saw open', () => {
    expect(
      hasNoOpening(
        evidence({
          witnesses: [
            [server, { ongoing: 1 }],
            [source, { opened: 1 }],
          ],
        }),
      ),
    ).toBe(false);
  });
});
