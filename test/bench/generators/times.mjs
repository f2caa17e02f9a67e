/** Times of records, in RFC 3339, about a millisecond apart. */
const START = Date.UTC(2026, 2, 26, 2) / 1_000;
const THREE = Array.from({ length: 1_000 }, (_, i) => String(i).padStart(3, '0'));

/** The fraction of a second, in nanoseconds, as Envoy writes it. */
export const milliseconds = (n) => THREE[Math.floor(n / 1e6)];

/** As protojson does: in groups of three, as few as are needed. */
export function nanoseconds(n) {
  const [micro, nano] = [THREE[Math.floor(n / 1e3) % 1_000], THREE[n % 1_000]];
  if (nano !== '000') return `${milliseconds(n)}${micro}${nano}`;
  return micro === '000' ? milliseconds(n) : `${milliseconds(n)}${micro}`;
}

/** Gives one time after the other, their seconds' fractions written by `fraction`. */
export function times(below, fraction) {
  let second = START - 1;
  let rest = 1e9;
  let text = '';
  return () => {
    for (rest += below(1_800_000); rest >= 1e9; rest -= 1e9) text = new Date(++second * 1_000).toISOString().slice(0, 20);
    return `${text}${fraction(rest)}Z`;
  };
}
