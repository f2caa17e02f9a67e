import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashSpan, Interner } from '../../src/scan/intern.ts';
import { pathTemplate } from '../../src/scan/path.ts';
import { TimeReader } from '../../src/scan/time.ts';

describe('recognising spans', () => {
  it('gives back what was added for the same bytes, and nothing for other bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ maxLength: 80 }), fc.string({ maxLength: 8 })), { maxLength: 60 }), (pairs) => {
        const interner = new Interner<string>(2, { entries: 1000, bytes: 1 << 20 });
        const model = new Map<string, string>();
        for (const [a, b] of pairs) {
          const bytes = Buffer.from(`##${a}|${b}##`);
          const cut = 2 + Buffer.byteLength(a);
          const spans = Int32Array.of(2, cut, cut + 1, bytes.length - 2);
          // A hash that nearly always collides: only the bytes may decide.
          const hash = hashSpan(0, bytes, spans[0]!, spans[1]!) & 1;
          const key = JSON.stringify([a, b]);
          expect(interner.find(hash, bytes, spans)).toBe(model.get(key));
          if (!model.has(key)) {
            model.set(key, key);
            interner.add(hash, bytes, spans, key);
          }
        }
      }),
    );
  });

  it('starts anew when it is full, and stays right', () => {
    const interner = new Interner<number>(1, { entries: 10, bytes: 1 << 20 });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 50; i++) {
        const bytes = Buffer.from(`name-${i}`);
        const spans = Int32Array.of(0, bytes.length);
        const hash = hashSpan(1, bytes, 0, bytes.length);
        const found = interner.find(hash, bytes, spans);
        if (found === undefined) interner.add(hash, bytes, spans, i);
        else expect(found).toBe(i);
        expect(interner.find(hash, bytes, spans)).toBe(i);
      }
    }
  });
});

describe('reading times', () => {
  const reader = new TimeReader();
  const read = (text: string): number => {
    const bytes = Buffer.from(`"${text}"`);
    return reader.read(bytes, 1, bytes.length - 1);
  };

  it('agrees with Date on every time that Date can write', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2199-12-31'), noInvalidDate: true }), (date) => {
        expect(read(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  it.each([
    ['2026-03-01T12:00:00Z', Date.UTC(2026, 2, 1, 12)],
    ['2026-03-01T12:00:00.1Z', Date.UTC(2026, 2, 1, 12, 0, 0, 100)],
    ['2026-03-01T12:00:00.123456789Z', Date.UTC(2026, 2, 1, 12, 0, 0, 123)],
    ['2026-03-01T12:00:00.5+02:00', Date.UTC(2026, 2, 1, 10, 0, 0, 500)],
    ['2026-03-01T12:00:00-00:30', Date.UTC(2026, 2, 1, 12, 30)],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each(['', '2026-03-01', '2026-02-30T12:00:00Z', '2026-13-01T12:00:00Z', '2026-03-01T24:00:00Z', '2026-03-01T12:00:00', '2026-03-01T12:00:00.Z', '2026-03-01T12:00:00ZZ', '2026-03-01 12-00-00Z', '1600-03-01T12:00:00Z', 'not a time at all!!!'])(
    'refuses %j',
    (text) => {
      expect(read(text)).toBeNaN();
    },
  );
});

describe('path templates', () => {
  it.each([
    ['/reviews/0', '/reviews/{id}'],
    ['/productpage?u=alice&password=hunter2', '/productpage'],
    ['http://user:pw@reviews:9080/reviews/0#top', '/reviews/{id}'],
    ['http://reviews:9080', '/'],
    ['/orders/7f3a9c2e-1b2c-4d5e-8f90-123456789abc/items', '/orders/{id}/items'],
    ['/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123', '/t/{id}'],
    ['/blob/3f2a9c2e1b2c4d5e8f90', '/blob/{id}'],
    ['/mail/alice@example.com', '/mail/{id}'],
    ['/mail/alice%40example.com', '/mail/{id}'],
    ['/card/4111-1111-1111-1111', '/card/{id}'],
    ['/api/v1/internationalization-settings', '/api/v1/internationalization-settings'],
    ['/cart;jsessionid=8A7D9F0011AABBCC', '/cart'],
    ['/grpc.health.v1.Health/Check', '/grpc.health.v1.Health/Check'],
    ['/hipstershop.ProductCatalogService/GetProduct', '/hipstershop.ProductCatalogService/GetProduct'],
    ['/a\u001b[31mred', '/{id}'],
    ['*', '*'],
    ['/', '/'],
  ])('%s becomes %s', (path, template) => {
    expect(pathTemplate(path)).toBe(template);
  });

  it('keeps nothing of what is no path', () => {
    expect(pathTemplate('host:443')).toBeNull();
    expect(pathTemplate('-')).toBeNull();
  });

  it('is bounded and never holds a query, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5000 }), (text) => {
        const template = pathTemplate(`/${text}`) ?? '';
        expect(template.length).toBeLessThanOrEqual(210);
        expect(template).not.toMatch(/[?#\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
