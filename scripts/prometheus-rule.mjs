// Writes the Prometheus operator's PrometheusRule from deploy/prometheus/footpath.rules.yaml.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const deploy = fileURLToPath(new URL('../deploy/', import.meta.url));
const head = `# Made from deploy/prometheus/footpath.rules.yaml by scripts/prometheus-rule.mjs.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: footpath
  namespace: footpath
  labels:
    app.kubernetes.io/name: footpath
spec:
`;
const rules = readFileSync(`${deploy}prometheus/footpath.rules.yaml`, 'utf8');
writeFileSync(`${deploy}kubernetes/components/prometheus-operator/prometheusrule.yaml`, head + rules.replaceAll(/^(?=.)/gm, '  '));
