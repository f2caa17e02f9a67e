import { describe, expect, it } from 'vitest';
import { wrongIn } from '../support/log-model.ts';

describe('whatever happens to logs and their reader', () => {
  it('no line is read twice, and none is lost but with the file that it was in: 5,000 lives', async () => {
    expect(await wrongIn(5_000)).toBeNull();
  });
});
