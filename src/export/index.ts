import type { Exporter } from '../exporter.ts';
import { calico } from './calico.ts';
import { cilium } from './cilium.ts';
import { istio } from './istio.ts';
import { kubernetes } from './kubernetes.ts';

/** Every form that proposals can take. One line each. */
export const exporters: readonly Exporter[] = [kubernetes, cilium, calico, istio];
