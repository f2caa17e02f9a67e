/** security.istio.io AuthorizationPolicy, as the API defines it: v1 and v1beta1 say the same. */
export interface AuthorizationPolicy {
  readonly apiVersion: 'security.istio.io/v1' | 'security.istio.io/v1beta1';
  readonly kind: 'AuthorizationPolicy';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: AuthorizationSpec;
}

export interface AuthorizationSpec {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  /** Gateways, Services and ServiceEntries of the policy's namespace; `targetRef` is the older form, of one alone. */
  readonly targetRefs?: readonly TargetRef[];
  readonly targetRef?: TargetRef;
  /** ALLOW if it is missing. */
  readonly action?: AuthorizationAction;
  readonly provider?: { readonly name?: string };
  readonly rules?: readonly AuthorizationRule[];
}

export type AuthorizationAction = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';

export interface TargetRef {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
}

export interface AuthorizationRule {
  readonly from?: readonly { readonly source: AuthorizationSource }[];
  readonly to?: readonly { readonly operation: AuthorizationOperation }[];
  readonly when?: readonly AuthorizationCondition[];
}

export type SourceField = 'principals' | 'requestPrincipals' | 'namespaces' | 'serviceAccounts' | 'trustDomains' | 'ipBlocks' | 'remoteIpBlocks';
export type OperationField = 'hosts' | 'ports' | 'methods' | 'paths';

/** The same field with `not` before it: `notPrincipals`. */
export type NotField<Field extends string> = `not${Capitalize<Field>}`;

type Lists<Field extends string> = Readonly<Partial<Record<Field | NotField<Field>, readonly string[]>>>;
export type AuthorizationSource = Lists<SourceField>;
export type AuthorizationOperation = Lists<OperationField>;

export interface AuthorizationCondition {
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}
