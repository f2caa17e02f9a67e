import type { Records } from '../../src/collector.ts';
import { Kernel } from '../../src/kernel/kernel.ts';
import { compileKernel } from '../../src/kernel/module.ts';
import type { Group, Plan, Wanted } from '../../src/scan/plan.ts';
import { ABSENT, Slots } from '../../src/scan/slots.ts';
import { laidOut } from './fuzz/two-ways.ts';

/** What the kernel found in a record of which it is sure. */
export interface Read {
  /** Kind and bytes, as Latin-1, of each slot that is there. */
  readonly values: Readonly<Record<number, readonly [kind: number, bytes: string]>>;
  /** The entries of its groups, 0 for one that holds nothing. */
  readonly entries: readonly number[];
  readonly form: number;
  readonly time: number;
  readonly ports: readonly [number, number];
  readonly sums: readonly [number, number];
}

const module = compileKernel();
if (module === null) throw new Error('the kernel does not run here');

export function plan(wanted: readonly Wanted[]): Plan {
  return { wanted, text: null, leavesEmpty: false, slots: Math.max(...wanted.map(({ slot }) => slot)) + 1 };
}

const GROUPS: readonly Group[] = [0, 1, 2, 3, 4];
const BOTH_PORTS = 3;

/** Asks a kernel what it reads: each entry is a part of its own, and every record a row. */
export class KernelReader {
  readonly kernel: Kernel;
  readonly #slots: Slots;
  /** By the number of their part: the entry and its values. */
  #parts: { readonly entry: number; readonly values: Read['values'] }[] = [{ entry: 0, values: {} }];
  /** How often everything had to be forgotten. */
  forgotten = 0;

  constructor(wanted: Plan, from: WebAssembly.Module = module!) {
    this.kernel = new Kernel(from);
    if (!this.kernel.begin(wanted)) throw new Error('the plan does not fit');
    this.#slots = new Slots(wanted.slots);
  }

  /** Null for what is left to the reference. */
  read(records: readonly (Buffer | string)[], between = '\n'): (Read | null)[] {
    return this.readLaidOut(laidOut(records.map((record) => Buffer.from(record)), between));
  }

  readLaidOut(records: Records): (Read | null)[] {
    const { kernel } = this;
    const read: (Read | null)[] = Array.from({ length: records.count }, () => null);
    const row = { form: 0, node: 0, time: 0, firstSum: 0, secondSum: 0 };
    for (let from = 0; from < records.count; ) {
      const to = kernel.load(records, from);
      for (let i = 0; ; ) {
        const last = kernel.decode(i, to - from, 0, false);
        const unsure = new Set(kernel.unsure(from));
        let rows = 0;
        for (; i < last; i++) {
          if (unsure.has(from + i)) continue;
          const { form, time, firstSum, secondSum } = kernel.row(rows++, row);
          const parts = GROUPS.map((group) => this.#parts[group === 4 ? row.node : kernel.part(form, group)]!);
          const ports = kernel.ports(form);
          read[from + i] = { form, time, sums: [firstSum, secondSum], ports: [ports & 0xffff, ports >>> 16], entries: parts.map(({ entry }) => entry), values: Object.assign({}, ...parts.map(({ values }) => values)) as Read['values'] };
        }
        if (kernel.stop === 'ask') this.#answer();
        else if (kernel.stop === 'no-room') {
          kernel.forget();
          this.#parts = this.#parts.slice(0, 1);
          this.forgotten++;
        } else break;
      }
      from = Math.max(to, from + 1);
    }
    return read;
  }

  one(record: Buffer | string, between?: string): Read | null {
    return this.read([record], between)[0]!;
  }

  #answer(): void {
    const { kernel } = this;
    for (let i = 0; i < kernel.askedCount; i++) {
      const entry = kernel.asked(i);
      kernel.values(entry, this.#slots);
      const { kinds, starts, ends } = this.#slots;
      const values: Record<number, readonly [number, string]> = {};
      for (const [slot, kind] of kinds.entries()) if (kind !== ABSENT) values[slot] = [kind, kernel.bytes.toString('latin1', starts[slot], ends[slot])];
      kernel.answer(entry, this.#parts.push({ entry, values }) - 1, BOTH_PORTS, -1);
      kernel.seat(entry, { seat: 0, role: -1, workload: -1, from: -Infinity, until: Infinity });
    }
  }
}
