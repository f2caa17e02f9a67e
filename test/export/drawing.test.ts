import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawings } from '../../src/export/drawing.ts';
import { MANY_PORTS } from '../../src/model/edge.ts';
import { anyEdge, drawn } from '../support/drawn.ts';

const edges = fc.array(anyEdge, { maxLength: 6 });

describe('pictures for Graphviz', () => {
  it('draws a box a namespace, and an arrow an edge', () => {
    const told = drawings.dot([drawn('public', 'shop/web', 443), drawn('shop/web', 'bank/pay', 8080, { state: 'observed' }), drawn('bank/pay', 'apiserver', 6443, { state: 'rejected' })]);
    expect(told).toBe(`digraph footpath {
  rankdir=LR;
  node [shape=box, style=rounded, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  subgraph cluster_0 {
    label="bank";
    "workload||bank|Deployment|pay" [label="pay"];
  }
  subgraph cluster_1 {
    label="shop";
    "workload||shop|Deployment|web" [label="web"];
  }
  "apiserver|" [label="apiserver", shape=ellipse];
  "public" [label="public", shape=ellipse];
  "public" -> "workload||shop|Deployment|web" [label="443/TCP", style=solid];
  "workload||shop|Deployment|web" -> "workload||bank|Deployment|pay" [label="8080/TCP", style=dashed];
  "workload||bank|Deployment|pay" -> "apiserver|" [label="6443/TCP", style=dotted];
}
`);
  });

  it('draws nothing of nothing', () => {
    expect(drawings.dot([])).toMatch(/^digraph footpath \{\n[^>]*\n\}\n$/);
  });

  it('no name gets out of its quotes', () => {
    fc.assert(
      fc.property(edges, (some) => {
        // Graphviz ends a string at the first quote without a backslash before it.
        const bare = drawings.dot(some).replaceAll(/"(?:[^"\\\n]|\\[^\n])*"/g, '@');
        expect(bare.split('\n').slice(4, -2).every((line) => DOT_LINES.some((shape) => shape.test(line)))).toBe(true);
        expect(bare.match(/->/g)?.length ?? 0).toBe(some.length);
      }),
      { numRuns: 500 },
    );
  });

  const DOT_LINES = [/^ {2}subgraph cluster_\d+ \{$/, /^ {4}label=@;$/, /^ {4}@ \[label=@\];$/, /^ {2}\}$/, /^ {2}@ \[label=@, shape=ellipse\];$/, /^ {2}@ -> @ \[label=@, style=(solid|dashed|dotted)\];$/];
});

describe('pictures for Mermaid', () => {
  it('draws a box a namespace, and an arrow an edge', () => {
    const told = drawings.mermaid([drawn('public', 'shop/web', 443), drawn('shop/web', 'bank/pay', 8080, { state: 'observed' }), drawn('bank/pay', '198.51.100.7', 443, { state: 'rejected' })]);
    expect(told).toBe(`flowchart LR
  subgraph s0["bank"]
    n2["pay"]
  end
  subgraph s1["shop"]
    n3["web"]
  end
  n0(["external 198.51.100.7"])
  n1(["public"])
  n1 -->|"443/TCP"| n3
  n3 -.->|"8080/TCP"| n2
  n2 -.->|"443/TCP"| n0
`);
  });

  it('no name gets out of its quotes, and none is HTML', () => {
    fc.assert(
      fc.property(edges, (some) => {
        const told = drawings.mermaid(some);
        expect(told).not.toMatch(/[<&\r]/);
        const bare = told.replaceAll(/"[^"\n]*"/g, '@');
        expect(bare.split('\n').slice(1, -1).every((line) => MERMAID_LINES.some((shape) => shape.test(line)))).toBe(true);
        expect(bare.match(/>\|@\|/g)?.length ?? 0).toBe(some.length);
      }),
      { numRuns: 500 },
    );
  });

  const MERMAID_LINES = [/^ {2}subgraph s\d+\[@\]$/, /^ {4}n\d+\[@\]$/, /^ {2}end$/, /^ {2}n\d+\(\[@\]\)$/, /^ {2}n\d+ (-->|-\.->)\|@\| n\d+$/];
});

describe('pictures: what stands at an arrow', () => {
  it.each([
    ['a port', drawn('shop/a', 'shop/b', 53, { protocol: 'UDP' }), '"53/UDP"'],
    ['no port', drawn('shop/a', 'shop/b', 0, { protocol: 'ICMP' }), '"ICMP"'],
    ['more ports than are kept', drawn('shop/a', 'shop/b', MANY_PORTS), '"many/TCP"'],
  ])('%s', (_, edge, label) => {
    expect(drawings.dot([edge])).toContain(`label=${label}, style=solid`);
    expect(drawings.mermaid([edge])).toContain(`-->|${label}|`);
  });

  it('one peer is one node, however many edges it has; two of a name in two namespaces are two', () => {
    const some = [drawn('shop/a', 'shop/b'), drawn('shop/a', 'shop/b', 81), drawn('bank/a', 'shop/b'), drawn('shop/b', 'shop/b', 82)];
    expect(drawings.dot(some).match(/\[label="a"\]/g)).toHaveLength(2);
    expect(drawings.dot(some).match(/\[label="b"\]/g)).toHaveLength(1);
    expect(drawings.mermaid(some).match(/\["a"\]/g)).toHaveLength(2);
    expect(drawings.mermaid(some).match(/\["b"\]/g)).toHaveLength(1);
  });
});

/** RFC 4180. */
function cells(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (let i = 0; i < csv.length; ) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(csv.slice(i));
    const plain = /^[^",\r\n]*/.exec(csv.slice(i));
    rows.at(-1)?.push(quoted === null ? (plain?.[0] ?? '') : (quoted[1] ?? '').replaceAll('""', '"'));
    i += (quoted ?? plain)?.[0].length ?? 0;
    if (csv[i] === '\n') rows.push([]);
    else if (csv[i] !== ',') throw new Error(`not CSV at ${i}: ${csv.slice(i, i + 20)}`);
    i++;
  }
  return rows.slice(0, -1);
}

describe('edges as CSV', () => {
  it('has a row an edge below its heading', () => {
    expect(drawings.csv([drawn('shop/web', '198.51.100.7', 443, { state: 'observed', flags: ['much-out', 'one-pod'] }), drawn('shop/a', 'shop/b', 0, { protocol: 'ICMP' }), drawn('shop/a', 'shop/b', MANY_PORTS)])).toBe(
      `id,source,destination,port,protocol,state,flags,connections,firstSeen,lastSeen
e1,shop/web,external 198.51.100.7,443,TCP,observed,much-out one-pod,2,2026-03-02T12:00:00.000Z,2026-03-03T12:30:00.000Z
e1,shop/a,shop/b,,ICMP,accepted,,2,2026-03-02T12:00:00.000Z,2026-03-03T12:30:00.000Z
e1,shop/a,shop/b,many,TCP,accepted,,2,2026-03-02T12:00:00.000Z,2026-03-03T12:30:00.000Z
`,
    );
    expect(cells(drawings.csv([]))).toHaveLength(1);
  });

  it.each([
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', `"'\r=1"`],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
    ['a=b', 'a=b'],
    ['', ''],
  ])('the cell %j is written %j', (id, written) => {
    expect(drawings.csv([drawn('shop/a', 'shop/b', 80, { id })]).split('\n').slice(1).join('\n')).toBe(
      `${written},shop/a,shop/b,80,TCP,accepted,,2,2026-03-02T12:00:00.000Z,2026-03-03T12:30:00.000Z\n`,
    );
  });

  it('every cell reads back as it was, and none is a formula', () => {
    fc.assert(
      fc.property(edges, (some) => {
        const rows = cells(drawings.csv(some));
        expect(rows).toHaveLength(some.length + 1);
        for (const [i, row] of rows.slice(1).entries()) {
          expect(row).toHaveLength(10);
          for (const cell of row) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
          const { id = '', flags = [] } = some[i] ?? {};
          expect([id, `'${id}`]).toContain(row[0]);
          expect([flags.join(' '), `'${flags.join(' ')}`]).toContain(row[6]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
