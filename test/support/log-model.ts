import { closeSync, copyFileSync, fstatSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FilePosition } from '../../src/source.ts';
import { gzip } from './compressed.ts';
import { ALL_LOOKS, Following } from './following.ts';

/** What befalls logs, and whoever reads them. `log` and `of` choose among those that there are. */
type Action =
  | { readonly kind: 'write'; readonly log: number; readonly lines: number; readonly length: number }
  | { readonly kind: 'write a part'; readonly log: number; readonly share: number }
  | { readonly kind: 'rename' | 'truncate'; readonly log: number }
  | { readonly kind: 'copy and truncate'; readonly log: number; readonly first: number; readonly between: number; readonly looks: number }
  | { readonly kind: 'compress'; readonly of: number; readonly looks: number }
  | { readonly kind: 'delete'; readonly of: number; readonly last: number }
  | { readonly kind: 'look'; readonly times: number }
  | { readonly kind: 'commit' | 'kill' }
  | { readonly kind: 'meanwhile'; readonly action: Action };

const index = fc.nat({ max: 50 });
const few = fc.constantFrom(0, 0, 1, 2, 9);

const simple: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('write' as const), log: index, lines: fc.integer({ min: 1, max: 120 }), length: fc.constantFrom(60, 90, 1_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write a part' as const), log: index, share: fc.constantFrom(0, 0.01, 0.5, 0.99, 1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('rename' as const), log: index }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('copy and truncate' as const), log: index, first: fc.constantFrom(0.03, 0.5, 1), between: fc.nat({ max: 3 }), looks: few }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compress' as const), of: index, looks: few }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), log: index }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), of: index, last: fc.constantFrom(0, 1, 3) }) },
);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: simple },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('meanwhile' as const), action: fc.oneof(simple, fc.constant<Action>({ kind: 'commit' })) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('look' as const), times: fc.constantFrom(1, 1, 2, 9, 9, 45) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
);

/** A life of one or two logs, and how many files their reader may have open. */
const life = fc.record({ logs: fc.integer({ min: 1, max: 2 }), mayOpen: fc.constantFrom(1_000, 1_000, 1), actions: fc.array(action, { minLength: 4, maxLength: 24 }) });

/** What went wrong with one of so many lives, the shortest that does; null if nothing did. */
export async function wrongIn(numRuns: number): Promise<string | null> {
  const lives = await fc.check(
    fc.asyncProperty(life, async ({ logs, mayOpen, actions }) => {
      const folder = mkdtempSync(join(tmpdir(), 'footpath-life-'));
      try {
        const model = new LogModel(folder, logs, mayOpen);
        await model.run(actions);
        await model.check();
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns },
  );
  return lives.failed ? fc.defaultReportMessage(lives) ?? 'failed' : null;
}

/** What a file holds, whatever its name is. */
interface Content {
  readonly lines: string[];
  /** Its writer's; null once nobody writes to it any more. */
  file: number | null;
  /** A line whose end has not been written yet. */
  part: { readonly line: string; readonly written: number } | null;
  /** The reader has it open for sure. */
  isHeld: boolean;
  isCompressed: boolean;
}

/** A copy that ends before this is too short to be told from another file that begins alike. */
const TELLING = 5_120;

let count = 0;

/** Real logs with a real reader, and a model in memory of what may and what must be read of them. */
class LogModel {
  readonly #folder: string;
  readonly #mayOpen: number;
  readonly #logs: readonly string[];
  /** By name, as they are in the folder. */
  readonly #contents = new Map<string, Content>();
  /** Deleted while the reader had them open. */
  readonly #deleted = new Set<Content>();
  readonly #written = new Set<string>();
  /** Gone before they had to be read. */
  readonly #mayBeLost = new Set<string>();
  #following: Following;
  #committed: readonly FilePosition[] = [];
  /** What was read up to the last commit, by the readers that were killed. */
  readonly #read: string[] = [];
  #readNow = 0;
  #rotations = 0;

  constructor(folder: string, logs: number, mayOpen: number) {
    this.#folder = folder;
    this.#mayOpen = mayOpen;
    this.#logs = Array.from({ length: logs }, (_, i) => `${i}.log`);
    this.#following = this.#begin();
    for (const log of this.#logs) this.#write(log, 60, 90);
  }

  async run(actions: readonly Action[]): Promise<void> {
    for (const one of actions) await this.#do(one);
  }

  /** Lets the reader come to its end; what was read must be what the model says. */
  async check(): Promise<void> {
    // A whole line may wait for its end.
    for (const content of this.#contents.values()) this.#finish(content);
    await this.#look(ALL_LOOKS);
    await this.#following.end();
    for (const { file } of [...this.#contents.values(), ...this.#deleted]) if (file !== null) closeSync(file);
    const read = [...this.#read, ...this.#following.records];
    const unique = new Set(read);
    const told = (name: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [`${lines.length} lines ${name}: ${lines.slice(0, 3).join(' ').slice(0, 300)}`]);
    const wrong = [
      ...told('were read twice', read.filter((line, i) => read.indexOf(line) !== i)),
      ...told('were read and never written', [...unique].filter((line) => !this.#written.has(line))),
      ...told('were lost', [...this.#written].filter((line) => !unique.has(line) && !this.#mayBeLost.has(line))),
      ...told('of damage', this.#following.damage),
      ...told('of unreadable files', this.#following.unreadable.map(String)),
    ];
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  }

  async #do(one: Action): Promise<void> {
    switch (one.kind) {
      case 'look':
        return this.#look(one.times);
      case 'kill':
        return this.#kill();
      case 'meanwhile': {
        let isDone = false;
        const work = (): void => {
          isDone = true;
          this.#befall(one.action);
        };
        this.#following.onNextBatch(work);
        await this.#look(1);
        if (!isDone) this.#following.onNextBatch(() => undefined);
        if (!isDone) work();
        return;
      }
      case 'copy and truncate': {
        const log = this.#log(one.log);
        const copied = await this.#copySlowly(log, one.first, one.looks);
        if (copied === null) return;
        // What is written between the two is in no copy.
        if (fstatSync(copied.file ?? 0).size >= TELLING) this.#write(log, one.between, 90);
        await this.#look(one.looks);
        this.#truncate(log);
        return;
      }
      case 'compress':
        return this.#compress(one.of, one.looks);
      default:
        this.#befall(one);
    }
  }

  /** What takes no time. */
  #befall(one: Action): void {
    switch (one.kind) {
      case 'write':
        this.#write(this.#log(one.log), one.lines, one.length);
        break;
      case 'write a part':
        this.#writePart(this.#log(one.log), one.share);
        break;
      case 'rename':
        this.#rename(this.#log(one.log));
        break;
      case 'truncate':
        this.#truncate(this.#log(one.log));
        break;
      case 'copy and truncate':
        if (this.#copy(this.#log(one.log)) !== null) this.#truncate(this.#log(one.log));
        break;
      case 'delete':
        this.#delete(one.of, one.last);
        break;
      case 'commit':
        this.#commit();
        break;
      default:
        break;
    }
  }

  #log(n: number): string {
    return this.#logs[n % this.#logs.length] ?? '';
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** The log's present file, made if there is none. */
  #present(log: string): Content & { readonly file: number } {
    const present = this.#contents.get(log);
    if (present !== undefined && present.file !== null) return present as Content & { readonly file: number };
    const made = { lines: [], file: openSync(this.#path(log), 'a'), part: null, isHeld: false, isCompressed: false };
    this.#contents.set(log, made);
    return made;
  }

  #line(length: number): string {
    return `{"line":${++count},"filler":"${'x'.repeat(length - 30)}"}`;
  }

  #write(log: string, lines: number, length: number): void {
    if (lines === 0) return;
    const present = this.#present(log);
    this.#finish(present);
    const all = Array.from({ length: lines }, () => this.#line(length));
    writeSync(present.file, all.map((line) => `${line}\n`).join(''));
    for (const line of all) this.#add(present, line);
  }

  #add(content: Content, line: string): void {
    content.lines.push(line);
    this.#written.add(line);
  }

  #writePart(log: string, share: number): void {
    const present = this.#present(log);
    this.#finish(present);
    const line = this.#line(90);
    const written = Math.max(1, Math.round(share * line.length));
    writeSync(present.file, line.slice(0, written));
    present.part = { line, written };
  }

  #finish(content: Content): void {
    if (content.part === null || content.file === null) return;
    writeSync(content.file, `${content.part.line.slice(content.part.written)}\n`);
    this.#add(content, content.part.line);
    content.part = null;
  }

  #rename(log: string): void {
    const content = this.#contents.get(log);
    if (content === undefined) return;
    const name = `${log}.${++this.#rotations}`;
    renameSync(this.#path(log), this.#path(name));
    this.#contents.delete(log);
    this.#contents.set(name, content);
  }

  /** A part of it is there before the whole is. */
  async #copySlowly(log: string, first: number, looks: number): Promise<Content | null> {
    const content = this.#contents.get(log);
    if (content === undefined) return null;
    this.#finish(content);
    const bytes = readFileSync(this.#path(log));
    if (first < 1) writeFileSync(this.#path(`${log}.${this.#rotations + 1}`), bytes.subarray(0, Math.ceil(first * bytes.length)));
    if (first < 1) await this.#look(looks);
    return this.#copy(log);
  }

  #copy(log: string): Content | null {
    const content = this.#contents.get(log);
    if (content === undefined) return null;
    this.#finish(content);
    const name = `${log}.${++this.#rotations}`;
    copyFileSync(this.#path(log), this.#path(name));
    this.#contents.set(name, { lines: [...content.lines], file: null, part: null, isHeld: false, isCompressed: false });
    return content;
  }

  #truncate(log: string): void {
    const content = this.#contents.get(log);
    if (content === undefined) return;
    this.#finish(content);
    truncateSync(this.#path(log));
    const lines = content.lines.splice(0);
    this.#lose(lines);
  }

  /** Lines that are in no file any more. */
  #lose(lines: readonly string[]): void {
    const left = new Set([...this.#contents.values()].flatMap((content) => content.lines));
    for (const line of lines) if (!left.has(line)) this.#mayBeLost.add(line);
  }

  #nth(of: number, wanted: (name: string, content: Content) => boolean): readonly [string, Content] | null {
    const some = [...this.#contents].filter(([name, content]) => wanted(name, content));
    return some[of % Math.max(1, some.length)] ?? null;
  }

  #delete(of: number, last: number): void {
    const chosen = this.#nth(of, () => true);
    if (chosen === null) return;
    const [name, content] = chosen;
    rmSync(this.#path(name));
    this.#contents.delete(name);
    // Its writer holds it a little longer.
    this.#finish(content);
    for (let i = 0; i < last && content.file !== null; i++) {
      content.part = { line: this.#line(90), written: 0 };
      this.#finish(content);
    }
    this.#letGo(content);
  }

  #letGo(content: Content): void {
    if (content.isHeld && !content.isCompressed && this.#mayOpen > 1) this.#deleted.add(content);
    else this.#lose(content.lines);
  }

  /** As kubelet does it: a rotated log is written into a `.tmp`, that becomes the `.gz`, and the log is deleted. */
  async #compress(of: number, looks: number): Promise<void> {
    const chosen = this.#nth(of, (name, { isCompressed }) => !this.#logs.includes(name) && !isCompressed);
    if (chosen === null) return;
    const [name, content] = chosen;
    this.#finish(content);
    const compressed = gzip(readFileSync(this.#path(name)));
    writeFileSync(this.#path(`${name}.tmp`), compressed.subarray(0, compressed.length / 2));
    await this.#look(looks);
    writeFileSync(this.#path(`${name}.tmp`), compressed);
    renameSync(this.#path(`${name}.tmp`), this.#path(`${name}.gz`));
    await this.#look(looks);
    rmSync(this.#path(name));
    this.#contents.delete(name);
    this.#contents.set(`${name}.gz`, { lines: [...content.lines], file: null, part: null, isHeld: false, isCompressed: true });
    if (content.file !== null) closeSync(content.file);
    content.file = null;
  }

  async #look(times: number): Promise<void> {
    if (times === 0) return;
    await this.#following.look(times);
    // One of nine looks searches.
    if (times >= 9) for (const content of this.#contents.values()) content.isHeld = true;
  }

  #commit(): void {
    this.#readNow = this.#following.records.length;
    this.#committed = [...this.#following.positions.values()];
  }

  /** What was read after the last commit counts for nothing; what is not in a file any more is lost with it. */
  async #kill(): Promise<void> {
    await this.#following.end();
    const wrong = [...this.#following.damage, ...this.#following.unreadable];
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    this.#read.push(...this.#following.records.slice(0, this.#readNow));
    for (const content of this.#contents.values()) content.isHeld = false;
    for (const content of this.#deleted) {
      this.#lose(content.lines);
      if (content.file !== null) closeSync(content.file);
    }
    this.#deleted.clear();
    this.#following = this.#begin();
  }

  #begin(): Following {
    this.#readNow = 0;
    // As they are read from the database: by other hands.
    this.#committed = this.#committed.map((position) => ({ ...position, file: { id: position.file.id } }));
    return new Following([join(this.#folder, '*.log*')], this.#committed, { mayOpen: this.#mayOpen });
  }
}
