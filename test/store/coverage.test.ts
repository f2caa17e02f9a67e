import { describe, expect, it } from 'vitest';
import type { CoverageCell } from '../../src/learn/delta.ts';
import { HOUR } from '../../src/model/edge.ts';
import { delta } from '../support/deltas.ts';
import { T0 } from '../support/hubble.ts';
import { storeOf } from '../support/stores.ts';

const NOW = Math.floor(T0 / HOUR);

function after(...cells: readonly Partial<CoverageCell>[]): unknown {
  const store = storeOf();
  for (const cell of cells) {
    const whole: CoverageCell = { source: 'hubble/node-a', hour: NOW, counts: new Map([['records', 1]]), lastRecord: T0, ...cell };
    store.transaction(() => store.add(delta({ coverage: [whole] }), []));
  }
  return store.coverage.read();
}

describe('what each source gave', () => {
  it('is added up by hour and kind', () => {
    expect(after({ counts: new Map([['records', 3], ['flows', 2], ['reply', 1]]) }, { counts: new Map([['records', 4]]) }, { hour: NOW + 1 })).toEqual([
      {
        source: 'hubble/node-a',
        lastRecord: T0,
        hours: new Map([
          [NOW, new Map([['records', 7], ['flows', 2], ['reply', 1]])],
          [NOW + 1, new Map([['records', 1]])],
        ]),
      },
    ]);
  });

  it('is kept for each source, in the order of their names', () => {
    expect(after({ source: 'b' }, { source: 'a' }, { source: 'b' })).toMatchObject([
      { source: 'a', hours: new Map([[NOW, new Map([['records', 1]])]]) },
      { source: 'b', hours: new Map([[NOW, new Map([['records', 2]])]]) },
    ]);
  });

  it('has the latest time, whatever comes last', () => {
    expect(after({ lastRecord: T0 }, { lastRecord: T0 + 5 }, { lastRecord: T0 + 2 }, { hour: -1, lastRecord: 0 })).toMatchObject([{ lastRecord: T0 + 5 }]);
    expect(after({ hour: -1, lastRecord: 0 }, { lastRecord: T0 })).toMatchObject([{ lastRecord: T0 }]);
  });

  it('has no latest time where no record has one', () => {
    expect(after({ hour: -1, lastRecord: 0 })).toMatchObject([{ lastRecord: null, hours: new Map([[-1, new Map([['records', 1]])]]) }]);
    expect(after({ hour: -1, lastRecord: 0 }, { hour: -1, lastRecord: 0 })).toMatchObject([{ lastRecord: null }]);
  });
});
