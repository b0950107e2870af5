import type { Subscription } from '@medplum/fhirtypes';
import { canonicalJson } from '../../fhir/canonical.ts';
import type { Definitions } from '../../fhir/definitions.ts';
import type { WriteRule } from '../../model/write-rule.ts';
import { Scopes } from '../scopes.ts';
import type { EndpointPolicy } from './subscription-endpoint.ts';
import { specOf } from './subscription-spec.ts';

/**
 * A Subscription is refused when the hub could not serve it as written, when its endpoint is not on the internet, or when the
 * client may not read what it asks to be told of. Only the hub makes one active or puts it in error; a client asks (`requested`)
 * or ends it (`off`), and a changed criteria or channel must be asked for anew. Rule: DOMAIN B10.
 */
export function subscriptionRule(definitions: Definitions, policy: EndpointPolicy): WriteRule {
  return {
    resourceType: 'Subscription',
    check({ actor, before, after }) {
      if (!after || actor.kind === 'hub') return undefined;
      if (actor.app !== undefined)
        return {
          severity: 'error',
          code: 'forbidden.app',
          location: 'Subscription',
          text: 'a subscription outlives the session of an app: ask for it with a client or a personal token',
        };
      const subscription = after as unknown as Subscription;
      const previous = before as unknown as Subscription | undefined;
      const spec = specOf(definitions, subscription, policy);
      if ('location' in spec) return { severity: 'error', code: 'subscription.unsupported', ...spec };
      const scopes = new Scopes(definitions, actor);
      if (spec.triggers.every(({ resourceType }) => scopes.permission(resourceType, 'r') === 'none'))
        return {
          severity: 'error',
          code: 'forbidden.scope',
          location: 'Subscription.criteria',
          text: 'the token has no scope to read what the subscription tells of',
        };
      if (subscription.status === 'requested' || subscription.status === 'off') return undefined;
      const same = previous && previous.status === subscription.status && asked(previous) === asked(subscription);
      if (same) return undefined;
      return {
        severity: 'error',
        code: 'subscription.status',
        location: 'Subscription.status',
        text: 'a client asks for a subscription by the status requested, or ends it by off',
      };
    },
  };
}

const asked = (subscription: Subscription): string => {
  const { criteria, channel, _criteria } = subscription as Subscription & { _criteria?: unknown };
  return canonicalJson({ criteria, channel, filters: _criteria ?? null });
};
