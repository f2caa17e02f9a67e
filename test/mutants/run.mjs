/**
 * npm run mutants
 * Runs the evaluators' own tests once for each mistake in the files beside this one, which is put into the source while it is loaded: no file is changed. A mistake that no test notices, or whose
 * text is no longer there, makes it end with 1. One process pool for all.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createVitest } from 'vitest/node';
import * as authorizationPolicy from './authorization-policy.mjs';
import * as networkPolicy from './network-policy.mjs';

const root = resolve(import.meta.dirname, '../..');
const SUITES = [networkPolicy, authorizationPolicy].map(({ MUTANTS: mutants, TESTS: tests }) => ({ mutants, tests: tests.map((name) => join(root, name)) }));
const MUTANTS = SUITES.flatMap(({ mutants }) => mutants);

const countIn = (text, part) => text.split(part).length - 1;
const lost = MUTANTS.filter(({ file, find }) => countIn(readFileSync(join(root, file), 'utf8'), find) !== 1);
for (const { what, file, find } of lost) console.log(`LOST      ${what}: ${file} does not hold once: ${JSON.stringify(find)}`);

/** The mistake that is being made, if any. */
let current = null;
const plugin = {
  name: 'mutant',
  enforce: 'pre',
  transform(code, id) {
    return current !== null && id.split('?')[0] === join(root, current.file) ? code.replace(current.find, () => current.replace) : undefined;
  },
};

const silent = { onInit() {} };
const vitest = await createVitest(
  'test',
  { root, config: false, watch: true, include: SUITES.flatMap(({ tests }) => tests), reporters: [silent], pool: 'threads', isolate: false, fileParallelism: false, maxWorkers: 1, bail: 1, testTimeout: 30_000, passWithNoTests: false },
  { plugins: [plugin], server: { watch: null } },
);

/** Names of the tests that failed; throws where something else did. */
async function failures(tests, files) {
  for (const file of files) vitest.invalidateFile(join(root, file));
  const specifications = await vitest.globTestSpecifications(tests);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications, true);
  const broken = [...unhandledErrors, ...testModules.flatMap((module) => module.errors())];
  if (broken.length > 0) throw new Error(`does not load: ${String(broken[0].message).split('\n', 1)[0]}`);
  const own = testModules.filter(({ moduleId }) => tests.includes(moduleId));
  return own.flatMap((module) => [...module.children.allTests('failed')]).map((test) => test.fullName);
}

const survivors = [];
try {
  for (const { mutants, tests } of SUITES) {
    const [failed] = await failures(tests, []);
    if (failed !== undefined) throw new Error(`a test fails without any mistake: ${failed}`);
    for (const mutant of mutants.filter((one) => !lost.includes(one))) {
      current = mutant;
      const [first] = await failures(tests, [mutant.file]).catch((error) => {
        throw new Error(`${mutant.what} (${mutant.file}) ${error.message}`);
      });
      current = null;
      vitest.invalidateFile(join(root, mutant.file));
      if (first === undefined) survivors.push(mutant);
      console.log(`${first === undefined ? 'SURVIVED' : 'caught  '}  ${mutant.what}${first === undefined ? ` (${mutant.file})` : `: ${first}`}`);
    }
  }
} finally {
  await vitest.close();
}
console.log(`${MUTANTS.length} mistakes: ${MUTANTS.length - survivors.length - lost.length} caught, ${survivors.length} survived, ${lost.length} lost`);
process.exitCode = survivors.length + lost.length > 0 ? 1 : 0;
