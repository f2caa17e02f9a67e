import { describe, expect, it } from 'vitest';
import { linted, policyText, serverCases } from '../../support/lint.ts';

const cases = serverCases();
const said = (text: string): string => linted([text]).map(({ rule, severity, field, message }) => `${severity} ${rule} ${field ?? ''}: ${message}`).join('\n');

describe('lint', () => {
  it.each(cases.filter(({ server }) => server === 'taken').map((one) => [one.name, policyText(one)] as const))('takes %s, as an API server does', (_, text) => {
    expect(said(text)).not.toMatch(/^error /m);
    expect(said(text)).not.toMatch(/^warning version-dependent /m);
  });

  it.each(cases.filter(({ server }) => server === 'refused').map((one) => [one.name, policyText(one)] as const))('refuses %s, as an API server does', (_, text) => {
    expect(said(text)).toMatch(/^error /m);
  });

  it.each(cases.filter(({ server }) => server === 'newer refuse').map((one) => [one.name, policyText(one)] as const))('warns of %s, which newer servers refuse and older ones take', (_, text) => {
    expect(said(text)).not.toMatch(/^error /m);
    expect(said(text)).toMatch(/^warning version-dependent /m);
  });
});
