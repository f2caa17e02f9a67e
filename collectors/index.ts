import type { Collector } from '../src/collector.ts';
import { envoyAccessLog } from './envoy-access-log/index.ts';
import { hubble } from './hubble/index.ts';

/** Every format that is known, in the order in which they are asked whether they know a record. One line each. */
export const collectors: readonly Collector[] = [hubble, envoyAccessLog];
