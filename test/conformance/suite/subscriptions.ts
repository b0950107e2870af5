import assert from 'node:assert/strict';
import { type Check, isOutcome } from './api.ts';

const subscription = (criteria: string, channel: object = {}) => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'conformance',
  criteria,
  end: new Date(Date.now() + 3_600_000).toISOString(),
  channel: { type: 'rest-hook', endpoint: 'https://hook.conformance.example/x', ...channel },
});

/**
 * Subscriptions as far as they can be seen without a listener that the server can reach. Source: FHIR R4 subscription.html,
 * Subscriptions R5 Backport `$status`.
 */
export const SUBSCRIPTIONS: readonly Check[] = [
  {
    name: 'Subscription: taken as requested, with a state and event numbers by $status; what cannot be served is refused',
    open: '$status is of the R5 Backport, not of R4',
    run: async (api) => {
      const made = await api.ask('POST Subscription', subscription('Appointment?status=booked'));
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const status = await api.ask(`GET Subscription/${made.body.id}/$status`);
      assert.deepEqual([status.status, status.body.resourceType], [200, 'Bundle']);
      const text = JSON.stringify(status.body);
      assert.ok(text.includes(`Subscription/${made.body.id}`) && /requested|active|error/.test(text));
      for (const wrong of [
        subscription('Nonsense?status=booked'),
        subscription('Appointment?nonsense=1'),
        subscription('Appointment?status=booked', { endpoint: 'no address' }),
      ]) {
        const reply = await api.ask('POST Subscription', wrong);
        assert.ok([400, 422].includes(reply.status), JSON.stringify(wrong));
        isOutcome(reply);
      }
    },
  },
];
