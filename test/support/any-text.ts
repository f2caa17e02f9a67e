import fc from 'fast-check';

/** Letters that act somewhere: control, quotes, ends of lines, other planes, other directions, combining ones. */
const ACTIVE = [...'\u0000\t\n\r\u001b\u007f\u0085\u00a0\u00e9\u0301\u2028\u2029\u202e\u4e2d\u{1f600}\ufeff\ufffd\u{10ffff}"\'`\\/?#%&{}[]<>|:;,*!@=+-. '];

const letter = fc.oneof(fc.constantFrom(...ACTIVE), fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)), fc.integer({ min: 0xa1, max: 0xd7ff }).map((code) => String.fromCodePoint(code)));

/** Text of anything that UTF-8 can hold. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: letter, maxLength });
}
