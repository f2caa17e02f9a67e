import { cidrSize, type Address, type Cidr } from '../../model/address.ts';

/** `1,024`. */
export function figure(n: bigint | number): string {
  return n.toLocaleString('en-US');
}

/** `1 range holds`, `3 ranges hold`. */
export function counted(n: number, one: string, many: string): string {
  return `${figure(n)} ${n === 1 ? one : many}`;
}

/** What ranges hold beside some of their addresses, by family: in figures of IPv6 those of IPv4 would be lost. `254`, `254 IPv4 and 65,535 IPv6`. */
export function heldBeside(ranges: readonly Cidr[], without: readonly Address[] = []): string {
  const held = ([4, 6] as const).map((family) => {
    const size = ranges.filter((range) => range.family === family).reduce((sum, range) => sum + cidrSize(range), 0n);
    return { family, count: size - BigInt(without.filter((address) => address.family === family).length) };
  });
  const [four, six] = held.map(({ count }) => count);
  if (six === 0n) return figure(four ?? 0n);
  return held.filter(({ count }) => count > 0n).map(({ family, count }) => `${figure(count)} IPv${family}`).join(' and ');
}
