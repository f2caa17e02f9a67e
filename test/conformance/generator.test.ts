import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { Application, APPLICATIONS, LIVES, ofApplication, type Life } from '../support/applications.ts';
import { Session, type Summary } from '../support/cli.ts';
import { describeShared, shared } from '../support/shared.ts';

const SOURCES = ['flows', 'access logs'] as const;
type Source = (typeof SOURCES)[number];

/** The folder of what is proposed from what this source logged of the application. */
async function proposed(name: string, source: Source, life: Life): Promise<string> {
  const session = new Session();
  const application = new Application(name, life);
  const logs = join(session.folder, 'pods');
  const flows = join(session.folder, 'flows.jsonl');
  if (source === 'flows') session.write('flows.jsonl', application.flows());
  else application.writeAccessLogs(logs);
  const summary = await session.json<Summary>('observe', source === 'flows' ? flows : logs, '--inventory', session.write('cluster.json', application.inventory()));
  expect({ source, life, ...summary }).toMatchObject({ unresolved: 0, skipped: { malformed: 0 } });
  // The guestbook's frontend reaches its database in another namespace and nothing else there: a person says that it is right.
  const flagged = (await session.edges('--flagged')).map(({ flags }) => flags.join());
  expect(new Set(flagged)).toEqual(new Set(name === 'k8s_guestbook' ? ['foreign-data-store'] : []));
  await session.run('accept', '--all', '--flagged');
  const folder = join(session.folder, 'policies');
  mkdirSync(folder);
  expect(await session.run('propose', '--default-deny', '--out', folder)).toMatchObject({ status: 0 });
  return folder;
}

/** What someone says of the policies who shares no code with this project. */
function judged(name: string, policies: string): Record<string, unknown> {
  const asked = ['--workloads', ofApplication(name, 'workloads.yaml'), '--policies', policies, '--flows', ofApplication(name, 'flows.jsonl')];
  const judge = spawnSync('python3', [shared('oracle/judge_policies.py'), ...asked], { encoding: 'utf8' });
  expect(judge).toMatchObject({ stderr: '', status: 0 });
  return JSON.parse(judge.stdout) as Record<string, unknown>;
}

/** Policies by file, without comments: those tell what the evidence is like. */
function policiesIn(folder: string): ReadonlyMap<string, unknown> {
  return new Map(readdirSync(folder).toSorted().map((file) => [file, parse(readFileSync(join(folder, file), 'utf8'))]));
}

describeShared('applications with known traffic', 'oracle/generator', () => {
  const ways = SOURCES.flatMap((source) => LIVES.map((life) => [source, life] as const));

  it.each(APPLICATIONS)('%s: every flow is kept, nothing else let through, everybody closed both ways, whoever logged it and whatever became of the pods', async (name) => {
    const answers: ReadonlyMap<string, unknown>[] = [];
    for (const [source, life] of ways) {
      const folder = await proposed(name, source, life);
      const { observed, workloads, ...rest } = judged(name, folder);
      expect({ source, life, ...rest }).toMatchObject({
        kept: observed,
        lost: [],
        unknown_endpoints: 0,
        excess: 0,
        pairs_open: 0,
        tightness: 1,
        isolated_ingress: workloads,
        isolated_egress: workloads,
        invalid: [],
      });
      answers.push(policiesIn(folder));
    }
    for (const [i, [source, life]] of ways.entries()) expect({ source, life, policies: answers[i] }).toEqual({ source, life, policies: answers[0] });
  }, 60_000);
});
