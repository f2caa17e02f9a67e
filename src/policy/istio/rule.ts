import type { AuthorizationAction, AuthorizationOperation, AuthorizationRule, AuthorizationSource, NotField } from '../../model/authorization.ts';
import type { DataPlane } from '../../model/mesh.ts';
import { attributeOf, OPERATION, SOURCE } from './attributes.ts';
import { compileCondition, type Condition, type Reading, type ValueLists } from './condition.ts';
import type { MeshRequest } from './request.ts';

/** One rule of a policy, as one kind of proxy enforces it for one protocol. */
export interface CompiledRule {
  /** Each must have an alternative all of whose conditions hold: sources, operations, and every condition of `when`. Null: nothing matches. */
  readonly clauses: readonly Clause[] | null;
  /** Attributes that the proxy cannot see here, so that the rule means something else than it says. */
  readonly unseen: readonly string[];
}

type Clause = readonly (readonly Condition[])[];

interface Part {
  readonly attribute: string;
  readonly lists: ValueLists;
  readonly isField: boolean;
}

export interface Enforcement extends Omit<Reading, 'isZtunnel'> {
  readonly action: AuthorizationAction;
  readonly plane: DataPlane;
  readonly protocol: MeshRequest['protocol'];
}

/**
 * What a proxy cannot see makes an ALLOW rule match nothing. Any other rule loses it, and so matches more; but at ztunnel what has lost all of its
 * conditions matches nothing.
 */
export function compileRule(rule: AuthorizationRule, { action, plane, protocol, ...reading }: Enforcement): CompiledRule {
  const isZtunnel = plane === 'ztunnel';
  const written: readonly (readonly (readonly Part[])[])[] = [
    (rule.from ?? []).map(({ source }) => partsOf(source, SOURCE)),
    (rule.to ?? []).map(({ operation }) => partsOf(operation, OPERATION)),
    ...(rule.when ?? []).map(({ key, values = [], notValues = [] }) => [[{ attribute: key, lists: { values, notValues }, isField: false }]]),
  ].filter((alternatives) => alternatives.length > 0);
  const isSeen = ({ attribute, isField }: Part): boolean => {
    const known = attributeOf(attribute);
    if (isZtunnel) return known?.ztunnel === true || (isField && known?.ztunnel === 'field');
    return protocol === 'HTTP' || known?.layer === 4;
  };
  const unseen = [...new Set(written.flat(2).filter((part) => !isSeen(part)).map(({ attribute }) => attribute))];
  if (unseen.length > 0 && action === 'ALLOW') return { clauses: null, unseen };
  const clauses = written.map((alternatives) =>
    alternatives
      .map((parts) => parts.filter(isSeen).map(({ attribute, lists }) => compileCondition(attribute, lists, { ...reading, isZtunnel })))
      .filter((conditions) => !isZtunnel || conditions.length > 0),
  );
  return { clauses, unseen };
}

export function ruleMatches({ clauses }: CompiledRule, request: MeshRequest): boolean {
  return clauses !== null && clauses.every((alternatives) => alternatives.some((conditions) => conditions.every((condition) => condition.matches(request))));
}

/** The conditions that the fields of a source or of an operation stand for; a field without values is none. */
function partsOf<Field extends string>(fields: AuthorizationSource | AuthorizationOperation, attributes: Readonly<Record<Field, string>>): readonly Part[] {
  const listOf = (field: string): readonly string[] => (fields as Readonly<Record<string, readonly string[] | undefined>>)[field] ?? [];
  return (Object.entries(attributes) as [Field, string][]).flatMap(([field, attribute]) => {
    const lists = { values: listOf(field), notValues: listOf(notField(field)) };
    return lists.values.length + lists.notValues.length === 0 ? [] : [{ attribute, lists, isField: true }];
  });
}

/** `notPrincipals` of `principals`. */
export function notField<Field extends string>(field: Field): NotField<Field> {
  return `not${field.charAt(0).toUpperCase()}${field.slice(1)}` as NotField<Field>;
}
