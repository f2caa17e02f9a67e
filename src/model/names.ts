/** The Kubernetes grammar of names and labels. Whatever breaks it cannot be an object's, so it is bad input. */

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const KIND = /^[A-Za-z][A-Za-z0-9]*$/;

/** RFC 1123 label: namespaces, Services, ports' hosts. */
export function isLabelName(text: string): boolean {
  return text.length > 0 && text.length <= 63 && LABEL.test(text);
}

/** RFC 1123 subdomain: pods, workloads, nodes, service accounts. */
export function isSubdomain(text: string): boolean {
  return text.length > 0 && text.length <= 253 && text.split('.').every((part) => part.length > 0 && LABEL.test(part));
}

export function isKind(text: string): boolean {
  return text.length <= 63 && KIND.test(text);
}

/** Cluster names have no grammar of the API's own; Cilium's is the widest in use. */
export function isClusterName(text: string): boolean {
  return text.length > 0 && text.length <= 253 && QUALIFIED.test(text);
}

export function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  if (name.length === 0 || name.length > 63 || !QUALIFIED.test(name)) return false;
  return slash < 0 || isSubdomain(text.slice(0, slash));
}

export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && QUALIFIED.test(text));
}

/** IANA service name, the grammar of a container port's name. */
export function isPortName(text: string): boolean {
  return text.length > 0 && text.length <= 15 && LABEL.test(text) && /[a-z]/.test(text) && !text.includes('--');
}
